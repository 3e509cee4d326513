-- Every table as it stands once all migrations have run, for people to read. The migrations in
-- LedgerSchema.swift and its neighbours, and in BotSchema.swift, make them; a test compares this
-- file with what they make. GRDB keeps which migrations have run in a table of its own.
--
-- Times are UTC text with milliseconds: 2026-11-22 18:32:01.123. Amounts say their unit in the
-- column's name: micro-credits are 10^-6 credit, nano-dollars 10^-9 USD. Prices and exact costs are
-- decimal text. Ids on Telegram are called so; other ids are those of rows.

-- An account.
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  -- The row's id, negative, once the account is erased.
  telegram_user_id INTEGER NOT NULL UNIQUE,
  username TEXT,
  first_name TEXT,
  language_code TEXT,
  -- What is held is a part of the balance.
  credit_balance_micro INTEGER NOT NULL DEFAULT 0,
  credit_held_micro INTEGER NOT NULL DEFAULT 0,
  active_project_id TEXT REFERENCES projects (id),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  -- By an administrator.
  blocked_at TEXT,
  -- The person has blocked the bot.
  unreachable_since TEXT,
  erased_at TEXT,
  -- Had an account before and erased it; what is given once is not given again.
  is_returning INTEGER NOT NULL DEFAULT 0 CHECK (is_returning IN (0, 1)),
  referral_code TEXT,
  -- The account of whoever invited the person.
  referred_by INTEGER REFERENCES users (id),
  -- Came on a day that had no welcome credits left, and gets them later.
  is_owed_welcome INTEGER NOT NULL DEFAULT 0 CHECK (is_owed_welcome IN (0, 1)),
  CHECK (credit_held_micro >= 0 AND credit_held_micro <= credit_balance_micro)
) STRICT;
CREATE UNIQUE INDEX referral_codes ON users (referral_code) WHERE referral_code IS NOT NULL;
CREATE INDEX referred_users ON users (referred_by) WHERE referred_by IS NOT NULL;
CREATE INDEX users_by_time ON users (created_at);

-- One version of a model's price; never edited, only closed. A price is in USD for a million
-- tokens, or for an image.
CREATE TABLE model_pricing (
  id INTEGER PRIMARY KEY,
  model_provider TEXT NOT NULL,
  model_name TEXT NOT NULL,
  input_cost_per_million_tokens TEXT NOT NULL,
  output_cost_per_million_tokens TEXT NOT NULL,
  cached_input_cost_per_million_tokens TEXT,
  reasoning_cost_per_million_tokens TEXT,
  image_input_cost_per_image TEXT,
  image_output_cost_per_image TEXT,
  -- Above so many tokens of the prompt, the call is at these prices.
  long_prompt_threshold_tokens INTEGER,
  long_prompt_input_cost_per_million_tokens TEXT,
  long_prompt_output_cost_per_million_tokens TEXT,
  long_prompt_cached_input_cost_per_million_tokens TEXT,
  currency TEXT NOT NULL DEFAULT 'USD' CHECK (currency = 'USD'),
  notes TEXT,
  is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  cache_write_cost_per_million_tokens TEXT,
  long_prompt_cache_write_cost_per_million_tokens TEXT,
  -- A JSON list of Tariff.Condition.
  conditional_prices TEXT
) STRICT;
CREATE UNIQUE INDEX one_active_price ON model_pricing (model_provider, model_name)
  WHERE is_active = 1;
CREATE TRIGGER a_price_is_never_deleted BEFORE DELETE ON model_pricing
BEGIN SELECT RAISE(ABORT, 'a price is never deleted: deactivate it'); END;
CREATE TRIGGER a_price_is_never_edited BEFORE UPDATE OF model_provider, model_name,
  input_cost_per_million_tokens, output_cost_per_million_tokens,
  cached_input_cost_per_million_tokens, reasoning_cost_per_million_tokens,
  image_input_cost_per_image, image_output_cost_per_image, long_prompt_threshold_tokens,
  long_prompt_input_cost_per_million_tokens, long_prompt_output_cost_per_million_tokens,
  long_prompt_cached_input_cost_per_million_tokens, currency ON model_pricing
BEGIN SELECT RAISE(ABORT, 'a price is never edited: open a new version'); END;
CREATE TRIGGER a_price_on_conditions_is_never_edited BEFORE UPDATE OF
  cache_write_cost_per_million_tokens, long_prompt_cache_write_cost_per_million_tokens,
  conditional_prices ON model_pricing
BEGIN SELECT RAISE(ABORT, 'a price is never edited: open a new version'); END;

-- One call to a provider. With the terms beside its cost, each charge can be proven from its row.
CREATE TABLE api_key_usage (
  id INTEGER PRIMARY KEY,
  project_id TEXT REFERENCES projects (id),
  user_id INTEGER NOT NULL REFERENCES users (id),
  hold_id TEXT UNIQUE REFERENCES credit_holds (id),
  -- At most the last four characters of the key.
  api_key_identifier TEXT NOT NULL CHECK (length(api_key_identifier) <= 8),
  model_provider TEXT NOT NULL,
  model_name TEXT NOT NULL,
  task_type TEXT NOT NULL,
  input_tokens_used INTEGER NOT NULL CHECK (input_tokens_used >= 0),
  output_tokens_used INTEGER NOT NULL CHECK (output_tokens_used >= 0),
  cached_input_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cached_input_tokens >= 0),
  reasoning_tokens INTEGER NOT NULL DEFAULT 0 CHECK (reasoning_tokens >= 0),
  images_processed INTEGER NOT NULL DEFAULT 0 CHECK (images_processed >= 0),
  -- Rounded from the exact cost, which is next.
  actual_cost_nanousd INTEGER NOT NULL CHECK (actual_cost_nanousd >= 0),
  actual_cost_usd TEXT NOT NULL,
  table_cost_usd TEXT NOT NULL,
  -- The provider's own figure, if it gave one: then it is the actual cost.
  reported_cost_usd TEXT,
  credit_value_usd TEXT NOT NULL,
  markup TEXT NOT NULL,
  -- What the charge would have been above the hold; the house bears it.
  forgiven_micro INTEGER NOT NULL DEFAULT 0 CHECK (forgiven_micro >= 0),
  -- The answer that would have told the usage was lost.
  is_estimate INTEGER NOT NULL DEFAULT 0 CHECK (is_estimate IN (0, 1)),
  response_time_ms INTEGER NOT NULL CHECK (response_time_ms >= 0),
  model_pricing_id INTEGER NOT NULL REFERENCES model_pricing (id),
  provider_request_id TEXT,
  charged_to TEXT NOT NULL CHECK (charged_to IN ('user', 'house')),
  created_at TEXT NOT NULL,
  -- What the house bears: the actual cost less what was charged for it, at the credit's value.
  loss_nanousd INTEGER NOT NULL DEFAULT 0 CHECK (loss_nanousd >= 0),
  loss_cause TEXT CHECK (loss_cause IN (
    'failed_call', 'overrun', 'undelivered', 'interrupted', 'outage')),
  lost_at TEXT CHECK (
    (lost_at IS NULL) = (loss_cause IS NULL) AND (loss_nanousd = 0 OR lost_at IS NOT NULL)),
  -- The most that the person pays for a call whose usage is not known to its end.
  charge_limit_micro INTEGER CHECK (charge_limit_micro >= 0),
  -- The cost that the charge was booked with, where the provider told another later.
  booked_cost_nanousd INTEGER CHECK (booked_cost_nanousd >= 0),
  -- When its provider is asked next what it used; NULL if it is not to be asked.
  look_up_after TEXT
    CHECK (look_up_after IS NULL OR (provider_request_id IS NOT NULL AND is_estimate = 1)),
  look_ups INTEGER NOT NULL DEFAULT 0 CHECK (look_ups >= 0),
  -- The part of the prompt that its provider put into its cache.
  cache_write_tokens INTEGER NOT NULL DEFAULT 0 CHECK (cache_write_tokens >= 0)
) STRICT;
CREATE INDEX calls_to_look_up ON api_key_usage (look_up_after) WHERE look_up_after IS NOT NULL;
CREATE INDEX losses_by_time ON api_key_usage (lost_at) WHERE loss_cause IS NOT NULL;
CREATE INDEX losses_of_user ON api_key_usage (user_id, lost_at) WHERE loss_cause IS NOT NULL;
CREATE INDEX untold_calls ON api_key_usage (user_id, created_at) WHERE is_estimate = 1;
CREATE INDEX usage_at_price ON api_key_usage (model_pricing_id, id);
CREATE INDEX usage_by_time ON api_key_usage (created_at);
CREATE INDEX usage_of_project ON api_key_usage (project_id);

-- Credits set aside for one call.
CREATE TABLE credit_holds (
  -- upd<update_id>:<task>:<attempt>.
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  project_id TEXT REFERENCES projects (id),
  amount_micro INTEGER NOT NULL CHECK (amount_micro >= 0),
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'settled', 'voided')),
  task_type TEXT NOT NULL,
  model_provider TEXT NOT NULL,
  model_name TEXT NOT NULL,
  model_pricing_id INTEGER NOT NULL REFERENCES model_pricing (id),
  input_tokens_estimate INTEGER NOT NULL,
  output_tokens_cap INTEGER NOT NULL,
  -- NULL while the provider can know nothing.
  sent_at TEXT,
  provider_request_id TEXT,
  created_at TEXT NOT NULL,
  deadline_at TEXT NOT NULL,
  finished_at TEXT,
  -- The build that the call is for.
  build_id TEXT REFERENCES builds (id),
  -- Its own, with which a repair is charged instead of that of the settings.
  markup TEXT
) STRICT;
CREATE INDEX holds_of_build ON credit_holds (build_id) WHERE build_id IS NOT NULL;
CREATE INDEX pending_holds ON credit_holds (user_id) WHERE state = 'pending';
CREATE TRIGGER a_finished_hold_stays_finished BEFORE UPDATE OF state ON credit_holds
WHEN OLD.state <> 'pending'
BEGIN SELECT RAISE(ABORT, 'a settled or voided hold is finished for good'); END;

-- Who had an account and erased it; linked to nothing, so that nobody knows which one it was.
CREATE TABLE erased_people (
  telegram_user_id INTEGER PRIMARY KEY,
  was_blocked INTEGER NOT NULL CHECK (was_blocked IN (0, 1)),
  -- For how many newcomers they were thanked, in all accounts that they erased.
  thanked_friends INTEGER NOT NULL DEFAULT 0 CHECK (thanked_friends >= 0)
) STRICT;

-- What one person was offered, whatever the configuration says later. The id is the payload of the
-- invoice.
CREATE TABLE orders (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  package_name TEXT NOT NULL,
  credits_micro INTEGER NOT NULL CHECK (credits_micro > 0),
  bonus_micro INTEGER NOT NULL CHECK (bonus_micro >= 0),
  currency TEXT NOT NULL CHECK (currency = 'XTR'),
  price_stars INTEGER NOT NULL CHECK (price_stars > 0),
  is_monthly INTEGER NOT NULL CHECK (is_monthly IN (0, 1)),
  -- A paid one can be paid again; a closed one cannot be paid.
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'closed')),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX orders_of_user ON orders (user_id, created_at);

-- Money that came in, once for each charge id. A payment that fits no order credits nothing: it
-- has a flaw in place of a transaction.
CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  charge_id TEXT NOT NULL UNIQUE,
  -- NULL once the payer's data are erased.
  payer_telegram_user_id INTEGER,
  order_id TEXT REFERENCES orders (id),
  currency TEXT NOT NULL,
  -- Whole Stars, or the smallest unit of the currency.
  amount INTEGER NOT NULL,
  transaction_id INTEGER UNIQUE REFERENCES credit_transactions (id),
  flaw TEXT,
  learned_from TEXT NOT NULL CHECK (learned_from IN ('update', 'statement')),
  paid_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  CHECK ((transaction_id IS NULL) = (flaw IS NOT NULL))
) STRICT;
CREATE INDEX payments_by_time ON payments (paid_at);
CREATE INDEX payments_of_order ON payments (order_id);
CREATE INDEX payments_of_payer ON payments (payer_telegram_user_id);

-- Stars that go back to whoever paid them.
CREATE TABLE refunds (
  id INTEGER PRIMARY KEY,
  payment_id INTEGER NOT NULL REFERENCES payments (id),
  -- Pending until Telegram says yes or no; a failed one gave its clawback back.
  state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
  -- Taken from the balance.
  clawback_micro INTEGER NOT NULL CHECK (clawback_micro >= 0),
  -- Had been spent; the house bears it.
  loss_micro INTEGER NOT NULL CHECK (loss_micro >= 0),
  transaction_id INTEGER UNIQUE REFERENCES credit_transactions (id),
  reversal_transaction_id INTEGER UNIQUE REFERENCES credit_transactions (id),
  -- administrator, shell, or telegram if it was made elsewhere.
  requested_by TEXT NOT NULL,
  failure TEXT,
  created_at TEXT NOT NULL,
  finished_at TEXT,
  administrator_telegram_user_id INTEGER CHECK (
    (administrator_telegram_user_id IS NOT NULL) = (requested_by = 'administrator'))
) STRICT;
CREATE UNIQUE INDEX one_refund_of_a_payment ON refunds (payment_id) WHERE state <> 'failed';
CREATE INDEX refunds_by_time ON refunds (finished_at);

-- What Telegram says of a monthly package.
CREATE TABLE subscriptions (
  order_id TEXT PRIMARY KEY REFERENCES orders (id),
  user_id INTEGER NOT NULL REFERENCES users (id),
  -- That of the first payment, which names the subscription to Telegram.
  charge_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'canceled', 'failed')),
  paid_until TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX subscriptions_of_user ON subscriptions (user_id);

-- Telegram's own list of the bot's Stars, each entry once.
CREATE TABLE star_statement (
  -- The charge id, for a payment and for its refund.
  id TEXT NOT NULL,
  is_incoming INTEGER NOT NULL CHECK (is_incoming IN (0, 1)),
  stars INTEGER NOT NULL,
  nanostars INTEGER NOT NULL,
  -- agrees, credited, refunded, operator, or unexplained for a reason.
  finding TEXT NOT NULL,
  happened_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  reason TEXT CHECK ((reason IS NOT NULL) = (finding = 'unexplained')),
  -- 0 until administrators are told of what is unexplained.
  is_told INTEGER NOT NULL DEFAULT 1 CHECK (
    is_told = 1 OR (is_told = 0 AND finding = 'unexplained')),
  PRIMARY KEY (id, is_incoming)
) STRICT;

-- How far that list was read. Its last entry is named, so that a list that is another one shows.
CREATE TABLE star_statement_cursor (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  next_offset INTEGER NOT NULL CHECK (next_offset > 0),
  last_id TEXT NOT NULL,
  last_is_incoming INTEGER NOT NULL CHECK (last_is_incoming IN (0, 1))
) STRICT;

-- A code that gives credits to whoever enters it, so many times.
CREATE TABLE promotion_codes (
  code TEXT PRIMARY KEY,
  credits_micro INTEGER NOT NULL CHECK (credits_micro > 0),
  most_uses INTEGER NOT NULL CHECK (most_uses > 0),
  uses INTEGER NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND most_uses),
  expires_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  revoked_at TEXT
) STRICT;

-- Who used which code.
CREATE TABLE code_redemptions (
  code TEXT NOT NULL REFERENCES promotion_codes (code),
  user_id INTEGER NOT NULL REFERENCES users (id),
  transaction_id INTEGER NOT NULL UNIQUE REFERENCES credit_transactions (id),
  created_at TEXT NOT NULL,
  PRIMARY KEY (code, user_id)
) STRICT;

-- Who guesses codes; those of the last hour alone.
CREATE TABLE failed_redemptions (
  telegram_user_id INTEGER NOT NULL,
  failed_at TEXT NOT NULL
) STRICT;
CREATE INDEX failed_redemptions_of_person ON failed_redemptions (telegram_user_id, failed_at);

-- Odd prices of a list that administrators were told of, so that they are told once.
CREATE TABLE told_prices (
  model_provider TEXT NOT NULL,
  model_name TEXT NOT NULL,
  -- JSON, as Tariff encodes it.
  tariff TEXT NOT NULL,
  told_at TEXT NOT NULL,
  PRIMARY KEY (model_provider, model_name, tariff)
) STRICT, WITHOUT ROWID;

-- One change of one balance. Append-only, by triggers.
CREATE TABLE "credit_transactions" (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  project_id TEXT REFERENCES projects (id),
  api_key_usage_id INTEGER UNIQUE REFERENCES api_key_usage (id),
  transaction_type TEXT NOT NULL CHECK (transaction_type IN (
    'initial_grant', 'purchase', 'usage_deduction', 'usage_correction', 'refund',
    'manual_adjustment', 'referral_bonus', 'expiry')),
  credits_amount_micro INTEGER NOT NULL,
  balance_after_micro INTEGER NOT NULL CHECK (balance_after_micro >= 0),
  real_cost_associated_nanousd INTEGER,
  -- The charge id.
  external_transaction_id TEXT,
  -- Names the event behind the row, so that it is booked once.
  idempotency_key TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- The call that is charged, or whose charge is corrected or given back.
  hold_id TEXT REFERENCES credit_holds (id),
  -- The newcomer whom a referral bonus is for: theirs, and that of whoever invited them.
  referred_user_id INTEGER REFERENCES users (id)
) STRICT;
CREATE INDEX charges_of_user ON credit_transactions (user_id, created_at)
  WHERE transaction_type = 'usage_deduction';
CREATE INDEX transactions_by_time ON credit_transactions (created_at);
CREATE UNIQUE INDEX transactions_of_hold ON credit_transactions (hold_id, transaction_type)
  WHERE hold_id IS NOT NULL;
CREATE INDEX transactions_of_project ON credit_transactions (project_id);
CREATE INDEX transactions_of_user ON credit_transactions (user_id, id);
CREATE INDEX welcome_grants ON credit_transactions (created_at)
  WHERE transaction_type = 'initial_grant';
CREATE TRIGGER the_journal_is_never_cut BEFORE DELETE ON credit_transactions
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;
CREATE TRIGGER the_journal_is_never_edited BEFORE UPDATE ON credit_transactions
BEGIN SELECT RAISE(ABORT, 'the journal is append-only: add a correcting row'); END;

-- What people work on.
CREATE TABLE "projects" (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  title TEXT NOT NULL,
  description TEXT,
  status TEXT NOT NULL CHECK (status IN (
    'active', 'done', 'asking', 'planned', 'building', 'paused', 'delivered', 'stopped')),
  tech_stack TEXT,
  current_todo_markdown TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  completed_at TEXT,
  -- The update whose answer brought the task list, and the list that it replaced.
  todo_update_id INTEGER,
  replaced_todo_markdown TEXT
) STRICT;
CREATE INDEX projects_of_user ON projects (user_id, created_at);

-- Software that is built for somebody, task by task. The calls for it share a cap.
CREATE TABLE builds (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  project_id TEXT NOT NULL REFERENCES projects (id),
  kind TEXT NOT NULL CHECK (kind IN ('new', 'refinement')),
  state TEXT NOT NULL CHECK (state IN (
    'asking', 'planned', 'quoted', 'running', 'pausing', 'paused', 'delivering', 'delivered',
    'stopped')),
  pause_reason TEXT,
  idea TEXT NOT NULL,
  -- JSON, as are the next two.
  questions TEXT,
  answers TEXT,
  plan TEXT,
  -- Of the plan and of the quote: each change raises it, and buttons name it.
  version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
  -- What its owner writes next is about it.
  awaits_words INTEGER NOT NULL DEFAULT 0 CHECK (awaits_words IN (0, 1)),
  -- What its owner has agreed to; NULL before.
  cap_micro INTEGER CHECK (cap_micro >= 0),
  quoted_cap_micro INTEGER CHECK (quoted_cap_micro >= 0),
  expected_low_micro INTEGER CHECK (expected_low_micro >= 0),
  expected_high_micro INTEGER CHECK (expected_high_micro >= 0),
  planner_provider TEXT,
  planner_model TEXT,
  coder_provider TEXT,
  coder_model TEXT,
  task_index INTEGER NOT NULL DEFAULT 0 CHECK (task_index >= 0),
  round INTEGER NOT NULL DEFAULT 0 CHECK (round >= 0),
  channel TEXT NOT NULL,
  chat_id INTEGER NOT NULL,
  thread_id INTEGER,
  progress_message_id INTEGER,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  finished_at TEXT,
  -- By what the expectation was multiplied, as earlier builds took more or less than their sizes say.
  quote_factor REAL
) STRICT;
CREATE INDEX builds_of_project ON builds (project_id);
CREATE INDEX builds_of_user ON builds (user_id, created_at);
CREATE UNIQUE INDEX one_open_build ON builds (user_id)
  WHERE state NOT IN ('delivered', 'stopped');
CREATE INDEX open_builds ON builds (state) WHERE state NOT IN ('delivered', 'stopped');

-- How far the ledger was proven, so that a start goes on from there.
CREATE TABLE ledger_proof (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  -- A row of the journal: it and all before it are proven.
  proven_to INTEGER NOT NULL,
  -- SQLite's own, which changes with every table, index and trigger: then nothing counts as proven.
  schema_version INTEGER NOT NULL,
  -- When the journal was last begun to be proven from its first row.
  begun_at TEXT NOT NULL,
  -- What was found wrong; the next start proves all before it polls.
  first_break TEXT
) STRICT;

-- Of which term of the lease the file is, where two machines share one bot: one row, or none.
CREATE TABLE lease_term (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  term INTEGER NOT NULL CHECK (term > 0),
  -- The machine that began it.
  holder TEXT NOT NULL,
  begun_at TEXT NOT NULL
) STRICT;

-- An update, from the poll that fetched it to the commit that finishes it.
CREATE TABLE inbox (
  -- The order of arrival: update ids may start anew at a lower number.
  seq INTEGER PRIMARY KEY,
  update_id INTEGER NOT NULL UNIQUE,
  channel TEXT NOT NULL CHECK (channel IN ('telegram', 'console')),
  payload TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (
    state = 'pending' OR state = 'done' OR state = 'quarantined'),
  -- How many runs of the process it has been in, unfinished.
  attempts INTEGER NOT NULL DEFAULT 1,
  -- Set while one that survived several starts is being handled.
  is_tried_alone INTEGER NOT NULL DEFAULT 0 CHECK (is_tried_alone IN (0, 1)),
  failure TEXT,
  received_at TEXT NOT NULL,
  finished_at TEXT,
  -- Whom it concerns; NULL for nobody, or once an erasure has emptied it.
  telegram_user_id INTEGER,
  -- The one that was active for whoever asked, when they did: '' for none, NULL if what they had
  -- sent before decides it.
  project_id TEXT,
  -- The first of the updates that are one to whoever sent them: a long paste, or an album. They
  -- end with it.
  joined_to INTEGER,
  -- Why a question was not answered that may be asked again by one tap.
  offered_again TEXT CHECK (offered_again = 'unseen' OR offered_again = 'credits'),
  -- When that was done the last time.
  asked_again_at TEXT,
  -- Up to what it may cost, if its person was asked about that first.
  asked_micro INTEGER
) STRICT;
CREATE INDEX parts_of_update ON inbox (joined_to) WHERE joined_to IS NOT NULL;
CREATE INDEX quarantined_updates ON inbox (received_at) WHERE state = 'quarantined';
CREATE INDEX unfinished_updates ON inbox (channel, seq) WHERE state = 'pending';
CREATE INDEX updates_of_person ON inbox (telegram_user_id) WHERE telegram_user_id IS NOT NULL;

-- What was said in private, in each project and outside of one, and in groups.
CREATE TABLE conversation_messages (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id),
  project_id TEXT REFERENCES projects (id),
  role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  text TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- Whose answer brought it; it goes if that is given back.
  update_id INTEGER,
  -- The group that it was said in; NULL for what was said in private.
  chat_id INTEGER,
  -- The update whose question and answer have taken the place of these.
  replaced_by INTEGER,
  -- The rest is of answers alone. What kind of work it was.
  task_type TEXT,
  -- The update of the answer that the question was asked in reply to; NULL where it was the last.
  asked_after INTEGER,
  -- Whether it goes on where that one was cut off.
  goes_on INTEGER NOT NULL DEFAULT 0 CHECK (goes_on = 0 OR goes_on = 1),
  -- Telegram's id of the message that asked.
  question_message_id INTEGER,
  -- The last press of a button under it.
  followed_by INTEGER,
  -- Whether its last message has buttons, or will have.
  has_buttons INTEGER NOT NULL DEFAULT 0 CHECK (has_buttons = 0 OR has_buttons = 1)
) STRICT;
CREATE INDEX answers_with_buttons ON conversation_messages (user_id) WHERE has_buttons = 1;
CREATE INDEX messages_of_conversation ON conversation_messages (user_id, project_id, id);
CREATE INDEX messages_of_update ON conversation_messages (update_id)
  WHERE update_id IS NOT NULL;

-- The offset that confirms to Telegram all that is stored.
CREATE TABLE poll_offset (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  next_offset INTEGER NOT NULL
) STRICT;

-- A message to everybody.
CREATE TABLE broadcasts (
  id INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('draft', 'running', 'done', 'stopped')),
  -- Of its author, and the message that shows how far it is.
  chat_id INTEGER NOT NULL,
  message_id INTEGER,
  -- Rows of the outbox were made for everybody up to there.
  last_user_id INTEGER NOT NULL DEFAULT 0,
  recipients INTEGER NOT NULL DEFAULT 0,
  queued INTEGER NOT NULL DEFAULT 0,
  sent INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  shown_at TEXT,
  created_at TEXT NOT NULL
) STRICT;

-- What Telegram is to be told, in the order in which it is sent.
CREATE TABLE outbox (
  -- Never used again, since the sender remembers the last one it has seen.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- 0 for what answers no update.
  update_id INTEGER NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('telegram', 'console')),
  -- NULL for answers to queries, which belong to no chat.
  chat_id INTEGER,
  -- What follows once Telegram has said yes or no; see Purpose.
  purpose TEXT,
  -- Of a request that is no message: its method, its JSON, and its document.
  method TEXT,
  payload TEXT,
  file_name TEXT,
  file_type TEXT,
  file BLOB,
  -- Of a message.
  text TEXT,
  -- JSON, as Button encodes it.
  buttons TEXT,
  thread_id INTEGER,
  reply_to INTEGER,
  -- The message whose place it takes.
  edited_message_id INTEGER,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (
    state = 'queued' OR state = 'sent' OR state = 'failed'),
  -- How often Telegram may have taken it without saying so.
  lost_answers INTEGER NOT NULL DEFAULT 0,
  -- Telegram's, once it was sent.
  message_id INTEGER,
  failure TEXT,
  created_at TEXT NOT NULL,
  finished_at TEXT,
  -- For a person who has blocked the bot, until they write again.
  is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept = 0 OR (is_kept = 1 AND state = 'failed')),
  -- The part of the update's preview whose place it takes.
  preview_part INTEGER,
  -- What of the text is shown how: JSON, as the Bot API has it.
  entities TEXT,
  -- What a model has written, above the text, where the message is one of blocks.
  markdown TEXT,
  CHECK ((method IS NULL) = (payload IS NULL)),
  CHECK ((method IS NULL) <> (text IS NULL))
) STRICT;
CREATE INDEX kept_answers ON outbox (chat_id) WHERE is_kept = 1;
CREATE INDEX queued_replies ON outbox (channel, id) WHERE state = 'queued';
CREATE INDEX replies_to_chat ON outbox (chat_id) WHERE chat_id IS NOT NULL;
CREATE INDEX replies_to_update ON outbox (update_id) WHERE update_id <> 0;

-- Groups that have lately taken no message of the bot's, for want of rights.
CREATE TABLE refusing_chats (
  chat_id INTEGER PRIMARY KEY,
  refused_at TEXT NOT NULL
) STRICT;

-- Who asked for help. What was asked stands in the chats alone.
CREATE TABLE support_requests (
  -- Never used again, as an answer may still come.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- NULL once the person has erased their account.
  telegram_user_id INTEGER,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX support_requests_of_person ON support_requests (telegram_user_id)
  WHERE telegram_user_id IS NOT NULL;

-- The messages that belong to a request: what is said in reply to one goes to the other side.
CREATE TABLE support_messages (
  chat_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  request_id INTEGER NOT NULL REFERENCES support_requests (id),
  -- In the chat of whoever asked; otherwise in an administrator's.
  is_of_person INTEGER NOT NULL DEFAULT 0 CHECK (is_of_person IN (0, 1)),
  PRIMARY KEY (chat_id, message_id)
) STRICT;

-- Who has written to the operator within a day, linked to nothing.
CREATE TABLE recent_support_messages (
  telegram_user_id INTEGER NOT NULL,
  sent_at TEXT NOT NULL
) STRICT;
CREATE INDEX recent_support_messages_of_person
  ON recent_support_messages (telegram_user_id, sent_at);

-- A large grant that an administrator is asked about before it is booked; for a day.
CREATE TABLE grant_questions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER NOT NULL REFERENCES users (id),
  amount_micro INTEGER NOT NULL,
  reason TEXT NOT NULL,
  asked_at TEXT NOT NULL
) STRICT;

-- The messages that show an answer while it grows, part by part. What finishes the update takes their
-- places. What they show is not kept.
CREATE TABLE previews (
  update_id INTEGER NOT NULL,
  part INTEGER NOT NULL,
  channel TEXT NOT NULL CHECK (channel = 'telegram' OR channel = 'console'),
  chat_id INTEGER NOT NULL,
  -- NULL until Telegram has told it.
  message_id INTEGER,
  state TEXT NOT NULL CHECK (state = 'sending' OR state = 'shown' OR state = 'replaced'),
  -- Whether it was sent again after Telegram had not told the id of the first.
  may_be_doubled INTEGER NOT NULL DEFAULT 0 CHECK (may_be_doubled = 0 OR may_be_doubled = 1),
  created_at TEXT NOT NULL,
  PRIMARY KEY (update_id, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX previews_by_age ON previews (created_at);

-- How a person wants to be answered; nobody has a row before they say so.
CREATE TABLE preferences (
  user_id INTEGER PRIMARY KEY REFERENCES users (id),
  -- Whether answers end with what they cost.
  shows_cost INTEGER NOT NULL CHECK (shows_cost = 0 OR shows_cost = 1),
  -- short, normal or long.
  answer_length TEXT NOT NULL,
  -- How much a model thinks: low, normal or high.
  effort TEXT NOT NULL,
  -- Whether an answer is shown while it grows.
  streams INTEGER NOT NULL CHECK (streams = 0 OR streams = 1),
  -- What the person wants to spend in a day at most; NULL for no limit.
  daily_limit_micro INTEGER CHECK (daily_limit_micro > 0),
  -- What follows it from then on, if it was raised or removed.
  next_limit_micro INTEGER CHECK (next_limit_micro > 0),
  next_limit_from TEXT
) STRICT;

-- Which model a person has chosen for which kind of work.
CREATE TABLE chosen_models (
  user_id INTEGER NOT NULL REFERENCES users (id),
  task_type TEXT NOT NULL,
  model_provider TEXT NOT NULL,
  model_name TEXT NOT NULL,
  PRIMARY KEY (user_id, task_type)
) STRICT, WITHOUT ROWID;

-- Which messages of the bot are which answer.
CREATE TABLE answer_messages (
  chat_id INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  update_id INTEGER NOT NULL,
  has_buttons INTEGER NOT NULL CHECK (has_buttons = 0 OR has_buttons = 1),
  PRIMARY KEY (chat_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX messages_of_answer ON answer_messages (update_id);

-- Whose conversation has become longer than what goes along, so that they were told, and with which
-- answer. The project is '' outside of any.
CREATE TABLE cut_conversations (
  user_id INTEGER NOT NULL REFERENCES users (id),
  project_id TEXT NOT NULL,
  update_id INTEGER NOT NULL,
  PRIMARY KEY (user_id, project_id)
) STRICT, WITHOUT ROWID;

-- What was done for a build, step by step; what is next follows from these rows.
CREATE TABLE build_steps (
  build_id TEXT NOT NULL REFERENCES builds (id),
  number INTEGER NOT NULL,
  -- questions, plan, change, plan_repair, write, check, repair, decision, task_end, review or mend.
  kind TEXT NOT NULL,
  task INTEGER NOT NULL,
  round INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'failed', 'cut_off')),
  hold_id TEXT REFERENCES credit_holds (id),
  -- What the model said, how a command ended and what it printed, or an answer of no use.
  outcome TEXT NOT NULL,
  passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
  created_at TEXT NOT NULL,
  finished_at TEXT,
  PRIMARY KEY (build_id, number)
) STRICT, WITHOUT ROWID;

-- What was written for a project: text.
CREATE TABLE project_files (
  project_id TEXT NOT NULL REFERENCES projects (id),
  path TEXT NOT NULL,
  content TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (project_id, path)
) STRICT, WITHOUT ROWID;
