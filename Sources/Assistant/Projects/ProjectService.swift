import Foundation
import GRDB
import Ledger

/// Begins, finds, lists, completes and reopens projects.
package struct ProjectService {
  let tx: LedgerTransaction

  /// Begins a project and makes it the user's active one.
  package func create(
    title: String, userID: Int64
  ) throws -> Project {
    let project = Project(
      id: UUID().uuidString.lowercased(), userID: userID, title: title, status: .active,
      createdAt: tx.now)
    try tx.db.execute(
      sql: """
        INSERT INTO projects (id, user_id, title, status, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        project.id, userID, title, project.status, tx.now.databaseText, tx.now.databaseText,
      ])
    try tx.users.setActiveProject(project.id, ofUser: userID)
    return project
  }

  package func find(_ id: String) throws -> Project? {
    try Project.fetchOne(cached: "SELECT * FROM projects WHERE id = ?", [id], in: tx.db)
  }

  package func count(ofUser userID: Int64) throws -> Int {
    try Int.fetchOne(
      tx.db, sql: "SELECT count(*) FROM projects WHERE user_id = ?", arguments: [userID]) ?? 0
  }

  /// Newest first.
  package func list(ofUser userID: Int64, limit: Int) throws -> [Project] {
    try Project.fetchAll(
      cached: """
        SELECT * FROM projects WHERE user_id = ? ORDER BY created_at DESC, id LIMIT ?
        """,
      [userID, limit], in: tx.db)
  }

  /// Makes the task list in the answer to an update the project's own.
  package func keepTasks(
    _ tasks: TaskList, ofProject id: String, updateID: Int64
  ) throws {
    try tx.db.run(
      """
      UPDATE projects SET replaced_todo_markdown = current_todo_markdown,
        current_todo_markdown = ?, todo_update_id = ?, updated_at = ?
      WHERE id = ?
      """,
      [tasks.markdown, updateID, tx.now.databaseText, id])
  }

  /// Brings back the task list that the answer to an update has replaced, unless another has
  /// replaced it since.
  func restoreTasks(replacedBy updateID: Int64, ofUser userID: Int64) throws {
    try tx.db.run(
      """
      UPDATE projects SET current_todo_markdown = replaced_todo_markdown,
        replaced_todo_markdown = NULL, todo_update_id = NULL, updated_at = ?
      WHERE user_id = ? AND todo_update_id = ?
      """,
      [tx.now.databaseText, userID, updateID])
  }

  /// Completes the project; none is active after that.
  package func complete(_ project: Project) throws {
    try tx.db.execute(
      sql: "UPDATE projects SET status = ?, completed_at = ?, updated_at = ? WHERE id = ?",
      arguments: [Project.Status.done, tx.now.databaseText, tx.now.databaseText, project.id])
    try tx.users.setActiveProject(nil, ofUser: project.userID)
  }

  /// What was completed is worked on again.
  package func reopen(_ project: Project, as status: Project.Status) throws {
    try tx.db.run(
      "UPDATE projects SET status = ?, completed_at = NULL, updated_at = ? WHERE id = ?",
      [status, tx.now.databaseText, project.id])
  }
}

extension LedgerTransaction {
  package var projects: ProjectService { ProjectService(tx: self) }
}
