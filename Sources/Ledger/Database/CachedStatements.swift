package import GRDB
import GRDBSQLite

// Statements that run for every update are compiled once a connection.

/// The values of a statement's `?`, in their order.
package typealias Arguments = [(any DatabaseValueConvertible)?]

extension Database {
  /// Runs one statement that returns no row, compiled once. `changesCount` tells what it changed.
  package func run(_ sql: String, _ arguments: Arguments = []) throws {
    let statement = try cachedStatement(sql: sql)
    // What GRDB knows to be without arguments, it runs with those that are bound here.
    statement.setUncheckedArguments([])
    try statement.bind(arguments)
    defer { sqlite3_clear_bindings(statement.sqliteStatement) }
    try statement.execute()
  }

  /// The same for a statement whose arguments have names.
  package func run(_ sql: String, _ arguments: StatementArguments) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }

  /// What `read` makes of the first row of a query, which is compiled once; `nil` if there is none.
  package func first<Value>(
    _ sql: String, _ arguments: Arguments = [], _ read: (inout Columns) throws -> Value
  ) throws -> Value? {
    var value: Value?
    try step(sql, arguments) { columns in
      value = try read(&columns)
      return false
    }
    return value
  }

  /// What `read` makes of each row of a query, which is compiled once.
  package func all<Value>(
    _ sql: String, _ arguments: Arguments = [], _ read: (inout Columns) throws -> Value
  ) throws -> [Value] {
    var values: [Value] = []
    try step(sql, arguments) { columns in
      values.append(try read(&columns))
      return true
    }
    return values
  }

  /// Whether a query, which is compiled once, has a row.
  package func hasRow(_ sql: String, _ arguments: Arguments = []) throws -> Bool {
    try first(sql, arguments) { _ in } != nil
  }

  /// - Parameter row: Returns whether the next one is wanted.
  private func step(
    _ sql: String, _ arguments: Arguments, row: (inout Columns) throws -> Bool
  ) throws {
    let statement = try cachedStatement(sql: sql)
    let handle = statement.sqliteStatement
    sqlite3_reset(handle)
    try statement.bind(arguments)
    defer {
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
    }
    while true {
      switch sqlite3_step(handle) {
      case SQLITE_ROW:
        var columns = Columns(of: handle)
        guard try row(&columns) else { return }
      case SQLITE_DONE: return
      case let code:
        throw DatabaseError(
          resultCode: ResultCode(rawValue: code), message: lastErrorMessage, sql: sql)
      }
    }
  }
}

extension Statement {
  /// Binds them to the statement itself: as `StatementArguments`, they would be copied twice.
  fileprivate func bind(_ arguments: Arguments) throws {
    let count = Int(sqlite3_bind_parameter_count(sqliteStatement))
    guard arguments.count == count else {
      throw DatabaseError(
        resultCode: .SQLITE_MISUSE, message: "\(arguments.count) arguments for \(count)", sql: sql)
    }
    for (index, argument) in arguments.enumerated() {
      let value = argument?.databaseValue ?? .null
      let code = value.bind(to: sqliteStatement, at: CInt(index + 1))
      guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
    }
  }
}

/// What is read from the rows of a table, column by column.
package protocol StoredRow {
  /// Their names in SQL, in the order in which `init` reads them, all of them.
  static var columns: String { get }
  init(_ row: inout Columns) throws
}

extension StoredRow {
  /// - Parameter sql: A `SELECT` of `columns`.
  package static func first(
    _ sql: String, _ arguments: Arguments, in db: Database
  ) throws -> Self? {
    try db.first(sql, arguments) { try Self(&$0) }
  }

  /// - Parameter sql: A `SELECT` of `columns`.
  package static func all(
    _ sql: String, _ arguments: Arguments, in db: Database
  ) throws -> [Self] {
    try db.all(sql, arguments) { try Self(&$0) }
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
