package import Assistant
import Foundation
import GRDB
package import Ledger
import Messaging
package import Software

/// Begins, finds and keeps builds, their steps and the files of projects.
package struct BuildService {
  let tx: LedgerTransaction

  static let idLength = 8

  func begin(
    _ kind: Build.Kind, idea: String, ofUser userID: Int64, project: String, at place: Build.Place
  ) throws -> Build {
    let id = RandomCode.make(characters: Self.idLength)
    let now = tx.now.databaseText
    try tx.db.run(
      """
      INSERT INTO builds (id, user_id, project_id, kind, state, idea, channel, chat_id, thread_id,
        created_at, updated_at)
      VALUES (?, ?, ?, ?, 'asking', ?, ?, ?, ?, ?, ?)
      """,
      [id, userID, project, kind, idea, place.channel, place.chatID, place.threadID, now, now])
    guard let build = try find(id) else { throw LedgerError.unknownBuild(id: id) }
    return build
  }

  package func find(_ id: String) throws -> Build? {
    try Build.fetchOne(cached: "SELECT * FROM builds WHERE id = ?", [id], in: tx.db)
  }

  /// The one that is neither delivered nor stopped.
  package func open(ofUser userID: Int64) throws -> Build? {
    try Build.fetchOne(
      cached: """
        SELECT * FROM builds
        WHERE user_id = ? AND state NOT IN ('delivered', 'stopped')
        """, [userID], in: tx.db)
  }

  /// The newest of a project.
  package func newest(ofProject id: String) throws -> Build? {
    try Build.fetchOne(
      cached:
        "SELECT * FROM builds WHERE project_id = ? ORDER BY created_at DESC, rowid DESC LIMIT 1",
      [id], in: tx.db)
  }

  /// What the project was last built by, and delivered.
  func newestPlan(ofProject id: String) throws -> BuildPlan? {
    try Build.fetchOne(
      cached: """
        SELECT * FROM builds WHERE project_id = ? AND state = 'delivered'
        ORDER BY finished_at DESC, rowid DESC LIMIT 1
        """, [id], in: tx.db)?.plan
  }

  func save(_ build: Build) throws {
    let ended = build.state.isOpen ? nil : tx.now.databaseText
    try tx.db.run(
      """
      UPDATE builds SET state = ?, pause_reason = ?, questions = ?, answers = ?, plan = ?,
        version = ?, awaits_words = ?, cap_micro = ?, expected_low_micro = ?,
        expected_high_micro = ?, quoted_cap_micro = ?, quote_factor = ?, planner_provider = ?,
        planner_model = ?, coder_provider = ?, coder_model = ?, task_index = ?, round = ?,
        progress_message_id = ?,
        updated_at = ?, finished_at = ?
      WHERE id = ?
      """, try build.columns() + [tx.now.databaseText, ended, build.id])
    try tx.db.run(
      "UPDATE projects SET status = ?, updated_at = ? WHERE id = ? AND status <> 'done'",
      [build.projectStatus, tx.now.databaseText, build.projectID])
  }

  /// What the engine goes on with, the longest untouched first.
  func runnable(on channel: Channel, limit: Int) throws -> [String] {
    try String.fetchAll(
      tx.db.cachedStatement(
        sql: """
          SELECT id FROM builds
          WHERE state NOT IN ('delivered', 'stopped') AND channel = ? AND (
            (state = 'asking' AND awaits_words = 0)
            OR state IN ('running', 'pausing', 'delivering'))
          ORDER BY updated_at, id LIMIT ?
          """), arguments: [channel.rawValue, limit])
  }

  /// Those with a call that is under way, or was when the process ended: whatever became of them.
  func holding(on channel: Channel) throws -> [String] {
    try String.fetchAll(
      tx.db,
      sql: """
        SELECT DISTINCT b.id FROM credit_holds h JOIN builds b ON b.id = h.build_id
        WHERE h.state = 'pending' AND b.channel = ?
        """, arguments: [channel.rawValue])
  }

  func setProgressMessage(_ messageID: Int64, of id: String) throws {
    try tx.db.run("UPDATE builds SET progress_message_id = ? WHERE id = ?", [messageID, id])
  }

  /// What the project is, as its plan says, and which of its tasks are done. A project that was
  /// delivered reads as it was until its change is delivered, too.
  func describe(_ build: Build) throws {
    guard let plan = build.plan, build.kind == .new || build.state == .delivered else { return }
    let ends = BuildStep.ends(in: try steps(of: build.id))
    let tasks = plan.taskList(
      done: Set(ends.filter { $0.value != .leftOpen }.keys),
      open: Set(ends.filter { $0.value == .leftOpen }.keys), checks: false)
    try tx.db.run(
      """
      UPDATE projects SET title = ?, description = ?, tech_stack = ?, current_todo_markdown = ?,
        todo_update_id = NULL, replaced_todo_markdown = NULL, updated_at = ?
      WHERE id = ?
      """,
      [
        plan.title, plan.purpose, plan.stack.joined(separator: ", "), tasks, tx.now.databaseText,
        build.projectID,
      ])
  }

  // MARK: - Steps

  func steps(of id: String) throws -> [BuildStep] {
    try BuildStep.fetchAll(
      cached: "SELECT * FROM build_steps WHERE build_id = ? ORDER BY number", [id], in: tx.db)
  }

  func nextNumber(of id: String) throws -> Int {
    let last = try Int.fetchOne(
      tx.db.cachedStatement(sql: "SELECT max(number) FROM build_steps WHERE build_id = ?"),
      arguments: [id])
    return (last ?? 0) + 1
  }

  /// Keeps that the person has said that it goes on: each step has all of its tries again.
  func noteGoingOn(_ build: Build) throws {
    try insert(
      BuildStep(
        buildID: build.id, number: try nextNumber(of: build.id), kind: .goOn,
        task: build.taskIndex, round: build.round, state: .done, holdID: nil, outcome: "",
        passed: true, createdAt: tx.now))
  }

  func insert(_ step: BuildStep) throws {
    try tx.db.run(
      """
      INSERT INTO build_steps (build_id, number, kind, task, round, state, hold_id, outcome, passed,
        created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        step.buildID, step.number, step.kind, step.task, step.round, step.state, step.holdID,
        step.outcome, step.passed, tx.now.databaseText,
      ])
  }

  func end(
    _ step: BuildStep, as state: BuildStep.State, outcome: String = "", passed: Bool = false
  ) throws {
    try tx.db.run(
      """
      UPDATE build_steps SET state = ?, outcome = ?, passed = ?, finished_at = ?
      WHERE build_id = ? AND number = ?
      """,
      [
        state, outcome.beginning(bytes: BuildStep.longestOutcome), passed, tx.now.databaseText,
        step.buildID, step.number,
      ])
  }

  /// What was charged for it so far, net of what was given back.
  package func spent(on id: String) throws -> Credits {
    try tx.spending(ofBuild: id).charged
  }

  func isReviewed(_ id: String) throws -> Bool {
    try steps(of: id).contains { $0.kind == .review && $0.state == .done }
  }

  /// What the steps of each kind were charged, net of what was given back.
  func charges(of id: String) throws -> [BuildStep.Kind: Credits] {
    let rows = try Row.fetchAll(
      tx.db,
      sql: """
        SELECT s.kind AS kind, -sum(t.credits_amount_micro) AS charge FROM build_steps s
        JOIN credit_transactions t ON t.hold_id = s.hold_id
        WHERE s.build_id = ? GROUP BY s.kind
        """, arguments: [id])
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["kind"], $0["charge"]) })
  }

  /// Takes away all that was said and written for the builds of an account.
  package func erase(ofUser id: Int64) throws {
    try tx.db.run(
      "DELETE FROM project_files WHERE project_id IN (SELECT id FROM projects WHERE user_id = ?)",
      [id])
    try tx.db.run(
      """
      UPDATE build_steps SET outcome = ''
      WHERE build_id IN (SELECT id FROM builds WHERE user_id = ?)
      """, [id])
  }

  // MARK: - Files

  package func files(ofProject id: String) throws -> ProjectFiles {
    let rows = try Row.fetchAll(
      tx.db.cachedStatement(sql: "SELECT path, content FROM project_files WHERE project_id = ?"),
      arguments: [id])
    var files = ProjectFiles()
    try files.apply(
      try rows.map { .write(try ProjectPath($0["path"] as String), $0["content"] as String) })
    return files
  }

  func keep(_ files: ProjectFiles, ofProject id: String) throws {
    try tx.db.run("DELETE FROM project_files WHERE project_id = ?", [id])
    for (path, content) in files.contents {
      try tx.db.run(
        "INSERT INTO project_files (project_id, path, content, updated_at) VALUES (?, ?, ?, ?)",
        [id, path.text, content, tx.now.databaseText])
    }
  }
}

extension LedgerTransaction {
  package var builds: BuildService { BuildService(tx: self) }
}

extension Build {
  /// As `projects.status` has it.
  package var projectStatus: Project.Status {
    switch state {
    case .asking: .asking
    case .planned, .quoted: .planned
    case .running, .pausing, .delivering: .building
    case .paused: .paused
    case .delivered: .delivered
    // What was delivered before is as it was, if only a change was planned.
    case .stopped: kind == .refinement && cap == nil ? .delivered : .stopped
    }
  }
}

extension String {
  /// As many whole characters of its beginning as fit.
  func beginning(bytes: Int) -> String {
    guard utf8.count > bytes else { return self }
    var end = utf8.index(startIndex, offsetBy: bytes)
    while end > startIndex, end.samePosition(in: self) == nil { end = utf8.index(before: end) }
    return String(self[..<end])
  }
}
