import GRDB

/// What software is built: a row for each build, whose calls share a cap. And what those calls need
/// of the ledger: terms of a hold's own, and the tokens that a provider puts into its cache.
enum BuildSchema {
  static func register(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("ledger 11: builds, their cap, and cache writes") { db in
      for sql in [projects, builds, holds, usage] { try db.execute(sql: sql) }
    }
  }

  /// The same with the states of a build, which SQLite adds to no table that there is.
  private static let projects = """
    CREATE TABLE new_projects (
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
      todo_update_id INTEGER,
      replaced_todo_markdown TEXT
    ) STRICT;
    INSERT INTO new_projects SELECT id, user_id, title, description, status, tech_stack,
      current_todo_markdown, created_at, updated_at, completed_at, todo_update_id,
      replaced_todo_markdown FROM projects ORDER BY rowid;
    DROP TABLE projects;
    ALTER TABLE new_projects RENAME TO projects;
    CREATE INDEX projects_of_user ON projects (user_id, created_at);
    """

  /// `version` is that of the plan and of the quote, which each change raises: a button names it.
  /// `cap_micro` is the cap that was agreed to, `quoted_cap_micro` the one that is offered.
  private static let builds = """
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
      questions TEXT,
      answers TEXT,
      plan TEXT,
      version INTEGER NOT NULL DEFAULT 0 CHECK (version >= 0),
      awaits_words INTEGER NOT NULL DEFAULT 0 CHECK (awaits_words IN (0, 1)),
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
      finished_at TEXT
    ) STRICT;
    CREATE UNIQUE INDEX one_open_build ON builds (user_id)
      WHERE state NOT IN ('delivered', 'stopped');
    CREATE INDEX open_builds ON builds (state) WHERE state NOT IN ('delivered', 'stopped');
    CREATE INDEX builds_of_project ON builds (project_id);
    CREATE INDEX builds_of_user ON builds (user_id, created_at);
    """

  /// `markup` is the hold's own, if it has one: a repair is not charged as other calls are.
  private static let holds = """
    ALTER TABLE credit_holds ADD COLUMN build_id TEXT REFERENCES builds (id);
    ALTER TABLE credit_holds ADD COLUMN markup TEXT;
    CREATE INDEX holds_of_build ON credit_holds (build_id) WHERE build_id IS NOT NULL;
    """

  private static let usage = """
    ALTER TABLE api_key_usage ADD COLUMN cache_write_tokens INTEGER NOT NULL DEFAULT 0
      CHECK (cache_write_tokens >= 0);
    """
}
