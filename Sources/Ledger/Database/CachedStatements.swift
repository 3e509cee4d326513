package import GRDB

// Statements that run for every update are compiled once a connection.

extension Database {
  /// Runs one statement that returns no row, compiled once. `changesCount` tells what it changed.
  package func run(_ sql: String, _ arguments: StatementArguments = []) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}

extension FetchableRecord {
  package static func fetchOne(
    cached sql: String, _ arguments: StatementArguments, in db: Database
  ) throws -> Self? {
    try fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
  }

  package static func fetchAll(
    cached sql: String, _ arguments: StatementArguments, in db: Database
  ) throws -> [Self] {
    try fetchAll(db.cachedStatement(sql: sql), arguments: arguments)
  }
}
