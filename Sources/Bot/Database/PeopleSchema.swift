import GRDB

/// What an erasure has to find, and what outlives one: whose updates and replies are whose, and a
/// conversation with the operator, whose ids never come again.
enum PeopleSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("bot 5: whose updates are whose, support, questions") { db in
      for sql in [queues, support, grantQuestions] { try db.execute(sql: sql) }
    }
  }

  /// `telegram_user_id` is whom the update concerns; NULL for nobody, or once it is emptied.
  private static let queues = """
    ALTER TABLE inbox ADD COLUMN telegram_user_id INTEGER;
    UPDATE inbox SET telegram_user_id = nullif(CAST(coalesce(
        iif(json_extract(payload, '$.message.from.is_bot'), NULL,
          json_extract(payload, '$.message.from.id')),
        json_extract(payload, '$.message.chat.id'),
        json_extract(payload, '$.edited_message.from.id'),
        json_extract(payload, '$.callback_query.from.id'),
        json_extract(payload, '$.pre_checkout_query.from.id'),
        json_extract(payload, '$.subscription.user.id'),
        json_extract(payload, '$.my_chat_member.from.id')) AS INTEGER), 0)
      WHERE json_valid(payload);
    CREATE INDEX updates_of_person ON inbox (telegram_user_id)
      WHERE telegram_user_id IS NOT NULL;
    CREATE INDEX replies_to_chat ON outbox (chat_id) WHERE chat_id IS NOT NULL;
    CREATE INDEX replies_to_update ON outbox (update_id) WHERE update_id <> 0;
    """

  /// A request stays when its person goes, so that an answer to it is known for one. Until now an
  /// id could come again; the highest that anything still names is the last one given.
  /// `is_of_person`: the message is in the chat of whoever asked, so that a reply to it goes to the
  /// administrators; otherwise it is in an administrator's, and a reply goes to the person.
  /// `recent_support_messages` counts a person's day by the bare id, linked to nothing.
  private static let support = """
    ALTER TABLE support_requests RENAME TO old_support_requests;
    ALTER TABLE support_messages RENAME TO old_support_messages;
    DROP INDEX support_requests_of_person;
    CREATE TABLE support_requests (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      telegram_user_id INTEGER,
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX support_requests_of_person ON support_requests (telegram_user_id)
      WHERE telegram_user_id IS NOT NULL;
    CREATE TABLE support_messages (
      chat_id INTEGER NOT NULL,
      message_id INTEGER NOT NULL,
      request_id INTEGER NOT NULL REFERENCES support_requests (id),
      is_of_person INTEGER NOT NULL DEFAULT 0 CHECK (is_of_person IN (0, 1)),
      PRIMARY KEY (chat_id, message_id)
    ) STRICT;
    CREATE TABLE recent_support_messages (
      telegram_user_id INTEGER NOT NULL,
      sent_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX recent_support_messages_of_person
      ON recent_support_messages (telegram_user_id, sent_at);
    INSERT INTO support_requests (id, telegram_user_id, created_at)
      SELECT id, telegram_user_id, created_at FROM old_support_requests;
    INSERT INTO support_messages (chat_id, message_id, request_id)
      SELECT chat_id, message_id, request_id FROM old_support_messages;
    INSERT INTO recent_support_messages (telegram_user_id, sent_at)
      SELECT telegram_user_id, created_at FROM old_support_requests;
    DELETE FROM sqlite_sequence WHERE name = 'support_requests';
    INSERT INTO sqlite_sequence (name, seq) SELECT 'support_requests', max(
      coalesce((SELECT max(id) FROM old_support_requests), 0),
      coalesce((SELECT max(CAST(substr(purpose, length('support:') + 1) AS INTEGER)) FROM outbox
        WHERE purpose GLOB 'support:*'), 0),
      coalesce((SELECT max(CAST(substr(purpose, length('answer:') + 1) AS INTEGER)) FROM outbox
        WHERE purpose GLOB 'answer:*'), 0));
    DROP TABLE old_support_messages;
    DROP TABLE old_support_requests;
    """

  /// A large grant that an administrator is asked about before it is booked.
  private static let grantQuestions = """
    CREATE TABLE grant_questions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      user_id INTEGER NOT NULL REFERENCES users (id),
      amount_micro INTEGER NOT NULL,
      reason TEXT NOT NULL,
      asked_at TEXT NOT NULL
    ) STRICT;
    """
}
