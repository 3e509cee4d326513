import Foundation
package import GRDB
package import Ledger
import Messaging

/// The tables of the bot beside the ledger's: the durable inbox and outbox, and the conversation.
/// Migrations that have shipped are never edited.
///
/// The states are checked with `OR`: SQLite makes a table of an `IN` list each time a row is
/// written.
enum BotSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("bot 1: inbox, outbox, conversation") { db in
      for sql in [inbox, outbox, conversation, pollOffset] { try db.execute(sql: sql) }
    }
    migrator.registerMigration("bot 2: what follows a reply, support, broadcasts") { db in
      for sql in [outboxFollowUps, support, broadcasts] { try db.execute(sql: sql) }
    }
    migrator.registerMigration("bot 3: messages as columns") { db in
      try db.execute(sql: messagesAsColumns)
    }
    migrator.registerMigration("bot 4: answers that are kept, groups that refuse") { db in
      try db.execute(sql: keptAnswers)
    }
    PeopleSchema.register(in: &migrator)
    migrator.registerMigration("bot 6: projects of questions") { db in
      try db.execute(sql: projectsOfQuestions)
    }
    migrator.registerMigration("bot 7: updates that belong together, or are asked again") { db in
      try db.execute(sql: partsAndRepeats)
    }
    PreviewSchema.register(in: &migrator)
    migrator.registerMigration("bot 9: texts with entities") { db in
      try db.execute(sql: entities)
    }
    PreferencesSchema.register(in: &migrator)
    ConversationSchema.register(in: &migrator)
    migrator.registerMigration("bot 12: answers as messages of blocks") { db in
      // What stands above the text where the message is one of blocks.
      try db.execute(sql: "ALTER TABLE outbox ADD COLUMN markdown TEXT")
    }
    migrator.registerMigration("bot 13: steps of builds, files of projects") { db in
      try db.execute(sql: builds)
    }
  }

  /// The table of builds is the ledger's, as it proves their caps.
  private static let builds = """
    CREATE TABLE build_steps (
      build_id TEXT NOT NULL REFERENCES builds (id),
      number INTEGER NOT NULL,
      kind TEXT NOT NULL,
      task INTEGER NOT NULL,
      round INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('begun', 'done', 'failed', 'cut_off')),
      hold_id TEXT REFERENCES credit_holds (id),
      outcome TEXT NOT NULL,
      passed INTEGER NOT NULL CHECK (passed IN (0, 1)),
      created_at TEXT NOT NULL,
      finished_at TEXT,
      PRIMARY KEY (build_id, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE project_files (
      project_id TEXT NOT NULL REFERENCES projects (id),
      path TEXT NOT NULL,
      content TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      PRIMARY KEY (project_id, path)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE builds ADD COLUMN quote_factor REAL;
    """

  /// `seq` is the order of arrival: update ids may start anew at a lower number. `attempts` counts
  /// the starts of the process that found the update unfinished; `is_tried_alone` is set while an
  /// update that survived several of them is being handled.
  private static let inbox = """
    CREATE TABLE inbox (
      seq INTEGER PRIMARY KEY,
      update_id INTEGER NOT NULL UNIQUE,
      channel TEXT NOT NULL CHECK (channel IN ('telegram', 'console')),
      payload TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'pending' CHECK (
        state = 'pending' OR state = 'done' OR state = 'quarantined'),
      attempts INTEGER NOT NULL DEFAULT 1,
      is_tried_alone INTEGER NOT NULL DEFAULT 0 CHECK (is_tried_alone IN (0, 1)),
      failure TEXT,
      received_at TEXT NOT NULL,
      finished_at TEXT
    ) STRICT;
    CREATE INDEX unfinished_updates ON inbox (channel, seq) WHERE state = 'pending';
    """

  /// Ids are never used again, since the sender remembers the last one it has seen. `update_id` is
  /// 0 for what answers no update. `chat_id` is NULL for answers to queries, which belong to no
  /// chat.
  private static let outbox = """
    CREATE TABLE outbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      update_id INTEGER NOT NULL,
      channel TEXT NOT NULL CHECK (channel IN ('telegram', 'console')),
      chat_id INTEGER,
      method TEXT NOT NULL,
      payload TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'queued' CHECK (
        state = 'queued' OR state = 'sent' OR state = 'failed'),
      lost_answers INTEGER NOT NULL DEFAULT 0,
      message_id INTEGER,
      failure TEXT,
      created_at TEXT NOT NULL,
      finished_at TEXT
    ) STRICT;
    CREATE INDEX queued_replies ON outbox (channel, id) WHERE state = 'queued';
    """

  /// `purpose` says what follows once Telegram has said yes or no; see `Purpose`. The file columns
  /// are those of a document.
  private static let outboxFollowUps = """
    ALTER TABLE outbox ADD COLUMN purpose TEXT;
    ALTER TABLE outbox ADD COLUMN file_name TEXT;
    ALTER TABLE outbox ADD COLUMN file_type TEXT;
    ALTER TABLE outbox ADD COLUMN file BLOB;
    CREATE INDEX quarantined_updates ON inbox (received_at) WHERE state = 'quarantined';
    """

  /// A row is a message, whose parts are columns, or any other request, as its JSON. The table is
  /// made anew, since its old form demands a request; the sender remembers the last id it has seen,
  /// so the next one stays what it would have been. What is queued to be sent or edited becomes a
  /// message; what is done keeps its old form.
  private static let messagesAsColumns = """
    ALTER TABLE outbox RENAME TO old_outbox;
    CREATE TABLE outbox (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      update_id INTEGER NOT NULL,
      channel TEXT NOT NULL CHECK (channel IN ('telegram', 'console')),
      chat_id INTEGER,
      purpose TEXT,
      method TEXT,
      payload TEXT,
      file_name TEXT,
      file_type TEXT,
      file BLOB,
      text TEXT,
      preformatted_offset INTEGER,
      preformatted_length INTEGER,
      buttons TEXT,
      thread_id INTEGER,
      reply_to INTEGER,
      edited_message_id INTEGER,
      state TEXT NOT NULL DEFAULT 'queued' CHECK (
        state = 'queued' OR state = 'sent' OR state = 'failed'),
      lost_answers INTEGER NOT NULL DEFAULT 0,
      message_id INTEGER,
      failure TEXT,
      created_at TEXT NOT NULL,
      finished_at TEXT,
      CHECK ((method IS NULL) = (payload IS NULL)),
      CHECK ((method IS NULL) <> (text IS NULL))
    ) STRICT;
    INSERT INTO outbox (id, update_id, channel, chat_id, purpose, method, payload, file_name,
      file_type, file, state, lost_answers, message_id, failure, created_at, finished_at)
    SELECT id, update_id, channel, chat_id, purpose, method, payload, file_name, file_type, file,
      state, lost_answers, message_id, failure, created_at, finished_at FROM old_outbox;
    DELETE FROM sqlite_sequence WHERE name = 'outbox';
    INSERT INTO sqlite_sequence (name, seq)
      SELECT 'outbox', seq FROM sqlite_sequence WHERE name = 'old_outbox';
    DROP TABLE old_outbox;
    CREATE INDEX queued_replies ON outbox (channel, id) WHERE state = 'queued';
    UPDATE outbox SET
      text = json_extract(payload, '$.text'),
      preformatted_offset = json_extract(payload, '$.entities[0].offset'),
      preformatted_length = json_extract(payload, '$.entities[0].length'),
      thread_id = json_extract(payload, '$.message_thread_id'),
      reply_to = json_extract(payload, '$.reply_parameters.message_id'),
      edited_message_id = json_extract(payload, '$.message_id'),
      buttons = (
        SELECT json_group_array(
          json_object(
            'title', json_extract(button.value, '$.text'),
            'press', json_extract(button.value, '$.callback_data'),
            'open', json_extract(button.value, '$.url')))
        FROM json_each(payload, '$.reply_markup.inline_keyboard') row, json_each(row.value) button
        HAVING count(*) > 0),
      method = NULL, payload = NULL
    WHERE state = 'queued' AND method IN ('sendMessage', 'editMessageText');
    """

  /// An answer is kept for a person who has blocked the bot. A refusing chat is a group that took
  /// no message of the bot's, for want of rights. A message of the conversation names its update,
  /// with whose answer it goes if that is given back.
  private static let keptAnswers = """
    ALTER TABLE outbox ADD COLUMN is_kept INTEGER NOT NULL DEFAULT 0
      CHECK (is_kept = 0 OR (is_kept = 1 AND state = 'failed'));
    CREATE INDEX kept_answers ON outbox (chat_id) WHERE is_kept = 1;
    CREATE TABLE refusing_chats (
      chat_id INTEGER PRIMARY KEY,
      refused_at TEXT NOT NULL
    ) STRICT;
    ALTER TABLE conversation_messages ADD COLUMN update_id INTEGER;
    """

  /// The project that was active for whoever asked, when they did: '' for none, NULL where it is
  /// still to be decided, as it is for what an older version has left.
  private static let projectsOfQuestions = """
    ALTER TABLE inbox ADD COLUMN project_id TEXT;
    """

  /// `joined_to` is the first of the updates that are one to whoever sent them, and end together.
  /// `offered_again` is why a question was not answered that may be asked again.
  private static let partsAndRepeats = """
    ALTER TABLE inbox ADD COLUMN joined_to INTEGER;
    ALTER TABLE inbox ADD COLUMN offered_again TEXT
      CHECK (offered_again = 'unseen' OR offered_again = 'credits');
    ALTER TABLE inbox ADD COLUMN asked_again_at TEXT;
    CREATE INDEX parts_of_update ON inbox (joined_to) WHERE joined_to IS NOT NULL;
    """

  /// What of a message's text is shown how: JSON, as the Bot API has it.
  private static let entities = """
    ALTER TABLE outbox ADD COLUMN entities TEXT;
    UPDATE outbox SET entities = json_array(json_object('type', 'pre',
      'offset', preformatted_offset, 'length', preformatted_length))
      WHERE preformatted_offset IS NOT NULL;
    ALTER TABLE outbox DROP COLUMN preformatted_offset;
    ALTER TABLE outbox DROP COLUMN preformatted_length;
    """

  /// Who asked, and which messages told the administrators of it: an answer to one of those goes
  /// back to the person. What was asked stands in the chats alone.
  private static let support = """
    CREATE TABLE support_requests (
      id INTEGER PRIMARY KEY,
      telegram_user_id INTEGER NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX support_requests_of_person ON support_requests (telegram_user_id, created_at);
    CREATE TABLE support_messages (
      chat_id INTEGER NOT NULL,
      message_id INTEGER NOT NULL,
      request_id INTEGER NOT NULL REFERENCES support_requests (id) ON DELETE CASCADE,
      PRIMARY KEY (chat_id, message_id)
    ) STRICT;
    """

  /// `last_user_id` is how far it has come: rows of the outbox were made for everybody up to there.
  private static let broadcasts = """
    CREATE TABLE broadcasts (
      id INTEGER PRIMARY KEY,
      text TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('draft', 'running', 'done', 'stopped')),
      chat_id INTEGER NOT NULL,
      message_id INTEGER,
      last_user_id INTEGER NOT NULL DEFAULT 0,
      recipients INTEGER NOT NULL DEFAULT 0,
      queued INTEGER NOT NULL DEFAULT 0,
      sent INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      shown_at TEXT,
      created_at TEXT NOT NULL
    ) STRICT;
    """

  private static let conversation = """
    CREATE TABLE conversation_messages (
      id INTEGER PRIMARY KEY,
      user_id INTEGER NOT NULL REFERENCES users (id),
      project_id TEXT REFERENCES projects (id),
      role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
      text TEXT NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX messages_of_conversation ON conversation_messages (user_id, project_id, id);
    """

  /// One row: the offset that confirms everything stored so far.
  private static let pollOffset = """
    CREATE TABLE poll_offset (
      only INTEGER PRIMARY KEY CHECK (only = 1),
      next_offset INTEGER NOT NULL
    ) STRICT;
    """
}

extension LedgerDatabase {
  /// By these, a file of whatever version is known as a bot's.
  package static let tablesOfBot = ["users", "credit_transactions", "inbox"]

  /// Opens the bot's file: the ledger's tables and the bot's own.
  ///
  /// - Throws: As `init(path:clock:isReplicated:migrations:guardUpdate:)` does.
  package static func openForBot(
    path: String, isReplicated: Bool = false,
    guardUpdate: (_ update: () throws -> Void) throws -> Void = { try $0() }
  ) throws -> LedgerDatabase {
    let database = try LedgerDatabase(
      path: path, isReplicated: isReplicated, migrations: BotSchema.register,
      guardUpdate: guardUpdate)
    let prices = try StarterPrices.shipped()
    do {
      try database.write { try prices.load(in: $0) }
    } catch let error as DatabaseError {
      throw LedgerDatabase.OpeningFailed(path: path, cause: error)
    }
    return database
  }

  /// Whether a newer version of the bot has brought the tables up to date.
  package static func isFromNewerBot(_ db: Database) throws -> Bool {
    try isFromNewerVersion(db, migrations: BotSchema.register)
  }
}
