package import Foundation
package import GRDB
import Ledger

/// Begins, finds, lists and completes projects.
package struct ProjectService: Sendable {
  package init() {}

  /// Begins a project and makes it the user's active one.
  package func create(
    title: String, userID: Int64, at now: Date, in db: Database
  ) throws -> Project {
    let project = Project(
      id: UUID().uuidString.lowercased(), userID: userID, title: title, status: .active,
      createdAt: now)
    try db.execute(
      sql: """
        INSERT INTO projects (id, user_id, title, status, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [project.id, userID, title, project.status, now.databaseText, now.databaseText])
    try UserService().setActiveProject(project.id, ofUser: userID, at: now, in: db)
    return project
  }

  package func find(_ id: String, in db: Database) throws -> Project? {
    try Project.fetchOne(cached: "SELECT * FROM projects WHERE id = ?", [id], in: db)
  }

  package func count(ofUser userID: Int64, in db: Database) throws -> Int {
    try Int.fetchOne(
      db, sql: "SELECT count(*) FROM projects WHERE user_id = ?", arguments: [userID]) ?? 0
  }

  /// Newest first.
  package func list(ofUser userID: Int64, limit: Int, in db: Database) throws -> [Project] {
    try Project.fetchAll(
      cached: """
        SELECT * FROM projects WHERE user_id = ? ORDER BY created_at DESC, id LIMIT ?
        """,
      [userID, limit], in: db)
  }

  package func keepTasks(
    _ tasks: TaskList, ofProject id: String, at now: Date, in db: Database
  ) throws {
    try db.run(
      "UPDATE projects SET current_todo_markdown = ?, updated_at = ? WHERE id = ?",
      [tasks.markdown, now.databaseText, id])
  }

  /// Completes the project; none is active after that.
  package func complete(_ project: Project, at now: Date, in db: Database) throws {
    try db.execute(
      sql: "UPDATE projects SET status = ?, completed_at = ?, updated_at = ? WHERE id = ?",
      arguments: [Project.Status.done, now.databaseText, now.databaseText, project.id])
    try UserService().setActiveProject(nil, ofUser: project.userID, at: now, in: db)
  }
}
