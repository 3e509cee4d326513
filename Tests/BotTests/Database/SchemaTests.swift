@testable import Bot
import Foundation
import GRDB
import Ledger
import Testing

/// `schema.sql` is read by people alone, so this test sees to it that it says what is so.
@Suite("Schema")
struct SchemaTests {
  private static let document = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/Bot/Database/schema.sql")

  @Test func theDocumentShowsTheTablesOfANewFile() throws {
    let shown = Self.statements(in: try String(contentsOf: Self.document, encoding: .utf8))
    let real = try Self.schemaOfANewFile()
    let missing = real.filter { !shown.contains(Self.normalized($0)) }
    #expect(missing.isEmpty, "schema.sql lacks:\n\(missing.map(Self.laidOut).joined())")
    let normalized = real.map(Self.normalized)
    let surplus = shown.filter { !normalized.contains($0) }
    #expect(surplus.isEmpty, "schema.sql should not have:\n\(surplus.map(Self.laidOut).joined())")
    #expect(
      !missing.isEmpty || !surplus.isEmpty || shown == normalized,
      "schema.sql has another order:\n\(real.map(Self.laidOut).joined())")
  }

  /// Tables in the order in which they were made, each with its indexes and triggers.
  private static func schemaOfANewFile() throws -> [String] {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-schema-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let database = try LedgerDatabase.openForBot(
      path: folder.appendingPathComponent("test.sqlite").path)
    defer { try? database.close() }
    return try database.read { tx in
      try String.fetchAll(
        tx.db,
        sql: """
          SELECT s.sql FROM sqlite_schema s
          JOIN sqlite_schema t ON t.type = 'table' AND t.name = s.tbl_name
          WHERE s.sql IS NOT NULL AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'grdb_migrations'
          ORDER BY t.rowid, s.type <> 'table', s.type <> 'index', s.name
          """)
    }
  }

  private static func statements(in document: String) -> [String] {
    let text = document.replacing(/--.*/, with: "")
    // A statement inside a trigger is followed by END.
    return text.split(separator: /;\s*(?=CREATE\b|$)/).map { normalized(String($0)) }
      .filter { !$0.isEmpty }
  }

  /// Without regard to how it is laid out.
  private static func normalized(_ sql: String) -> String {
    sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      .replacing("( ", with: "(").replacing(" )", with: ")").replacing(" ,", with: ",")
  }

  /// With one column a line.
  private static func laidOut(_ sql: String) -> String {
    let sql = normalized(sql)
    guard sql.hasPrefix("CREATE TABLE") else { return sql + ";\n" }
    var (text, depth) = ("", 0)
    for character in sql {
      if character == ")" { depth -= 1 }
      if character == ")", depth == 0 { text += "\n" }
      text.append(character)
      if character == "(" { depth += 1 }
      guard depth == 1 else { continue }
      // A space follows a comma already.
      if character == "(" { text += "\n  " } else if character == "," { text += "\n " }
    }
    return text + ";\n"
  }
}
