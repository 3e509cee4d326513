import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

/// A file of the version before "ledger 11", opened by this one, and what erasures and restores do
/// to builds.
@Suite("Builds in the file")
struct BuildMigrationTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("aidevbot-builds-\(UUID().uuidString)")
  private var path: String { folder.appendingPathComponent("test.sqlite").path }

  private func fileOfTheVersionBefore() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let queue = try DatabaseQueue(path: path)
    var migrator = DatabaseMigrator()
    LedgerSchema.register(in: &migrator)
    try migrator.migrate(queue, upTo: "ledger 10: charges of people by time")
    try queue.write { db in
      try db.execute(
        sql: """
          INSERT INTO users (telegram_user_id, credit_balance_micro, credit_held_micro, created_at,
            updated_at)
          VALUES (7, 1000000, 232500, '2026-01-01', '2026-01-01');
          INSERT INTO credit_transactions (user_id, transaction_type, credits_amount_micro,
            balance_after_micro, idempotency_key, description, created_at)
          VALUES (1, 'initial_grant', 1000000, 1000000, 'initial_grant:1', '', '2026-01-01');
          INSERT INTO projects (id, user_id, title, status, created_at, updated_at, todo_update_id)
          VALUES ('p2', 1, 'Two', 'done', '2026-01-02', '', 5),
            ('p1', 1, 'One', 'active', '2026-01-01', '', NULL);
          UPDATE users SET active_project_id = 'p1';
          INSERT INTO model_pricing (model_provider, model_name, input_cost_per_million_tokens,
            output_cost_per_million_tokens, is_active, created_at, updated_at)
          VALUES ('google', 'm', '0.30', '2.50', 1, '2026-01-01', '2026-01-01');
          INSERT INTO credit_holds (id, user_id, project_id, amount_micro, task_type,
            model_provider, model_name, model_pricing_id, input_tokens_estimate, output_tokens_cap,
            sent_at, created_at, deadline_at)
          VALUES ('upd1:chat:1', 1, 'p1', 232500, 'chat', 'google', 'm', 1, 250, 500, '2026-01-01',
            '2026-01-01', '2099-01-01');
          """)
    }
    try queue.close()
  }

  @Test func aHoldOfBeforeIsSettledAtTheTermsOfTheSettings() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try fileOfTheVersionBefore()
    let database = try LedgerDatabase(path: path, clock: { now })
    defer { try? database.close() }
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
    let call = MeteredCall(
      usage: TokenUsage(inputTokens: 1_000, outputTokens: 500), model: "m", keyIdentifier: "k",
      requestID: nil, responseMilliseconds: 1)
    let settlement = try database.write { try $0.holds(terms).settle("upd1:chat:1", with: call) }
    #expect(settlement.charge.micro == 232_500)
    #expect(try database.read { try $0.verification.verify().breaks } == [])
  }

  @Test func projectsStayAsTheyWereAndTakeTheStatesOfABuild() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try fileOfTheVersionBefore()
    let database = try LedgerDatabase(path: path)
    defer { try? database.close() }
    let rows = try database.read { tx in
      try String.fetchAll(
        tx.db,
        sql: """
          SELECT format('%s %s %s %d', id, title, status, coalesce(todo_update_id, 0))
          FROM projects ORDER BY rowid
          """)
    }
    #expect(rows == ["p2 Two done 5", "p1 One active 0"])
    try database.write { tx in
      try tx.db.execute(sql: "UPDATE projects SET status = 'building' WHERE id = 'p1'")
    }
    for wrong in [
      "UPDATE projects SET status = 'odd'", "DELETE FROM projects",
      "UPDATE users SET active_project_id = 'p3'",
    ] {
      _ = #expect(throws: DatabaseError.self) {
        try database.write { try $0.db.execute(sql: wrong) }
      }
    }
  }

  @Test(arguments: [("running", "stopped"), ("asking", "stopped"), ("delivered", "delivered")])
  func anErasureLeavesNoWordOfABuildAndStopsIt(state: String, then: String) throws {
    let file = try LedgerFile()
    let user = try file.user(7_319_264_508)
    try file.build(of: user, cap: "1", state: state)
    try file.write { tx in
      try tx.db.execute(
        sql: """
          UPDATE builds SET questions = 'private', answers = 'private', plan = 'private',
            pause_reason = 'private', progress_message_id = 5, thread_id = 6
          """)
      try tx.erasure.erase(try tx.users.account(id: user.id))
    }
    let rows = try file.texts(
      """
      SELECT format('%s|%s|%s|%s|%s|%s|%d|%s|%s|%s|%d', state, idea, coalesce(questions, ''),
        coalesce(answers, ''), coalesce(plan, ''), coalesce(pause_reason, ''), chat_id,
        coalesce(thread_id, ''), coalesce(progress_message_id, ''), finished_at IS NOT NULL,
        cap_micro) FROM builds
      """)
    #expect(rows == ["\(then)||||||0|||1|1000000"])
    #expect(try file.verify().breaks == [])
  }

  @Test(arguments: [
    ("running", "paused restored"), ("pausing", "paused restored"),
    ("delivering", "paused restored"), ("quoted", "quoted -"), ("delivered", "delivered -"),
  ])
  func aRestoreLetsNoBuildGoOnByItself(state: String, then: String) throws {
    let file = try LedgerFile()
    try file.build(of: try file.user(), cap: "1", state: state)
    let backup = file.folder.appendingPathComponent("backup.sqlite").path
    let target = file.folder.appendingPathComponent("restored.sqlite").path
    _ = try DatabaseBackup(of: file.database, at: file.path).write(
      to: backup, replacing: true, progress: { _, _ in })
    _ = try DatabaseRestore(
      to: target, knownBy: ["users"], open: { try LedgerDatabase(path: $0) },
      eraseAgain: { _, _ in }
    ).restore(from: backup, at: now, progress: { _, _ in })
    let rows = try LedgerDatabase.look(at: target) { tx in
      try String.fetchAll(
        tx.db, sql: "SELECT format('%s %s', state, coalesce(pause_reason, '-')) FROM builds")
    }
    #expect(rows == [then])
  }
}
