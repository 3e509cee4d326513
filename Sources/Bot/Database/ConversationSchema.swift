import GRDB

/// What is known of an answer beside its words: where it was given, what it follows, and which
/// messages it became.
enum ConversationSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("bot 11: what answers follow, and their messages") { db in
      for sql in [exchanges, answerMessages, cutConversations] { try db.execute(sql: sql) }
    }
  }

  /// A question and its answer have the same `update_id`. `chat_id` is the group that they were
  /// said in; NULL for what was said in private. The other columns are those of an answer alone.
  private static let exchanges = """
    ALTER TABLE conversation_messages ADD COLUMN chat_id INTEGER;
    ALTER TABLE conversation_messages ADD COLUMN replaced_by INTEGER;
    ALTER TABLE conversation_messages ADD COLUMN task_type TEXT;
    ALTER TABLE conversation_messages ADD COLUMN asked_after INTEGER;
    ALTER TABLE conversation_messages ADD COLUMN goes_on INTEGER NOT NULL DEFAULT 0
      CHECK (goes_on = 0 OR goes_on = 1);
    ALTER TABLE conversation_messages ADD COLUMN question_message_id INTEGER;
    ALTER TABLE conversation_messages ADD COLUMN followed_by INTEGER;
    ALTER TABLE conversation_messages ADD COLUMN has_buttons INTEGER NOT NULL DEFAULT 0
      CHECK (has_buttons = 0 OR has_buttons = 1);
    CREATE INDEX messages_of_update ON conversation_messages (update_id)
      WHERE update_id IS NOT NULL;
    CREATE INDEX answers_with_buttons ON conversation_messages (user_id) WHERE has_buttons = 1;
    """

  private static let answerMessages = """
    CREATE TABLE answer_messages (
      chat_id INTEGER NOT NULL,
      message_id INTEGER NOT NULL,
      update_id INTEGER NOT NULL,
      has_buttons INTEGER NOT NULL CHECK (has_buttons = 0 OR has_buttons = 1),
      PRIMARY KEY (chat_id, message_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX messages_of_answer ON answer_messages (update_id);
    """

  /// `project_id` is '' outside of any project.
  private static let cutConversations = """
    CREATE TABLE cut_conversations (
      user_id INTEGER NOT NULL REFERENCES users (id),
      project_id TEXT NOT NULL,
      update_id INTEGER NOT NULL,
      PRIMARY KEY (user_id, project_id)
    ) STRICT, WITHOUT ROWID;
    """
}
