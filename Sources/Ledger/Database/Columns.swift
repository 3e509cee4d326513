package import Foundation
import GRDB
import GRDBSQLite

/// The columns of one row, read from left to right, in the order in which the statement names them.
///
/// What runs for every update reads its rows in this way: a row of GRDB's is read by the names of
/// its columns, which takes longer than the statement itself.
package struct Columns {
  private let statement: SQLiteStatement
  private var position: CInt = 0

  init(of statement: SQLiteStatement) {
    self.statement = statement
  }

  /// What the next one holds. Ends the process where that is something else: NULL, which only an
  /// optional takes, or a name that is not known.
  package mutating func next<Value: ColumnValue>(_ type: Value.Type = Value.self) -> Value {
    guard let value = Value(Column(statement: statement, position: position)) else {
      preconditionFailure("column \(position) of a row holds no \(Value.self)")
    }
    position += 1
    return value
  }
}

/// A column of the row that a statement stands at; its values are `nil` for NULL.
package struct Column {
  fileprivate let statement: SQLiteStatement
  fileprivate let position: CInt

  fileprivate var isNull: Bool { sqlite3_column_type(statement, position) == SQLITE_NULL }

  fileprivate var integer: Int64? {
    isNull ? nil : sqlite3_column_int64(statement, position)
  }

  /// Valid until the statement moves on.
  fileprivate var text: UnsafeBufferPointer<UInt8>? {
    guard let start = sqlite3_column_text(statement, position) else { return nil }
    return UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, position)))
  }

  fileprivate var data: Data? {
    guard !isNull else { return nil }
    guard let start = sqlite3_column_blob(statement, position) else { return Data() }
    return Data(bytes: start, count: Int(sqlite3_column_bytes(statement, position)))
  }
}

/// What can be read from a column.
package protocol ColumnValue {
  /// `nil` if the column holds something else.
  init?(_ column: Column)
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
  package init?(_ column: Column) {
    guard !column.isNull else {
      self = .none
      return
    }
    guard let value = Wrapped(column) else { return nil }
    self = .some(value)
  }
}

extension Int64: ColumnValue {
  package init?(_ column: Column) {
    guard let value = column.integer else { return nil }
    self = value
  }
}

extension Int: ColumnValue {
  package init?(_ column: Column) {
    guard let value = column.integer else { return nil }
    self.init(value)
  }
}

extension Bool: ColumnValue {
  package init?(_ column: Column) {
    guard let value = column.integer else { return nil }
    self = value != 0
  }
}

extension String: ColumnValue {
  package init?(_ column: Column) {
    guard let text = column.text else { return nil }
    self.init(decoding: text, as: UTF8.self)
  }
}

extension Data: ColumnValue {
  package init?(_ column: Column) {
    guard let data = column.data else { return nil }
    self = data
  }
}

extension Date: ColumnValue {
  package init?(_ column: Column) {
    guard let text = column.text else { return nil }
    self.init(databaseText: text)
  }
}

extension Credits: ColumnValue {
  package init?(_ column: Column) {
    guard let micro = column.integer else { return nil }
    self.init(micro: micro)
  }
}

extension NanoDollars: ColumnValue {
  package init?(_ column: Column) {
    guard let count = column.integer else { return nil }
    self.init(count)
  }
}

/// By its name in the database.
extension ColumnValue where Self: RawRepresentable, RawValue == String {
  package init?(_ column: Column) {
    guard let name = String(column) else { return nil }
    self.init(rawValue: name)
  }
}
