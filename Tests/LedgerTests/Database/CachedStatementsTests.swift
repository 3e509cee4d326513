import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("Statements and their rows")
struct CachedStatementsTests {
  private let file: LedgerFile

  init() throws {
    file = try LedgerFile()
    try file.write { tx in
      try tx.db.execute(sql: "CREATE TABLE things (number INTEGER, word TEXT, bytes BLOB) STRICT")
    }
  }

  private struct Thing: StoredRow, Equatable {
    var number: Int?
    var word: String?
    var bytes: Data?

    static let columns = "number, word, bytes"

    init(number: Int?, word: String?, bytes: Data?) {
      (self.number, self.word, self.bytes) = (number, word, bytes)
    }

    init(_ row: inout Columns) {
      number = row.next()
      word = row.next()
      bytes = row.next()
    }

    func insert(in db: Database) throws {
      try db.run("INSERT INTO things VALUES (?, ?, ?)", [number, word, bytes])
    }
  }

  @Test func keepWhatTheyAreGiven() throws {
    let things = [
      Thing(number: .min, word: "四 🚀", bytes: Data([0, 255])),
      Thing(number: nil, word: nil, bytes: nil), Thing(number: 0, word: "", bytes: Data()),
    ]
    let kept = try file.write { tx in
      for thing in things { try thing.insert(in: tx.db) }
      return try Thing.all("SELECT \(Thing.columns) FROM things ORDER BY rowid", [], in: tx.db)
    }
    #expect(kept == things)
  }

  @Test func leaveNothingOfTheirArgumentsToTheNextRun() throws {
    let words = try file.write { tx in
      for word in ["a", nil, "b"] {
        try tx.db.run("INSERT INTO things (word) VALUES (?)", [word])
      }
      return try tx.db.all("SELECT word FROM things ORDER BY rowid") { $0.next(String?.self) }
    }
    #expect(words == ["a", nil, "b"])
  }

  @Test(arguments: [[], [1, 2]])
  func refuseTooFewArgumentsAndTooMany(arguments: [Int]) throws {
    #expect(throws: DatabaseError.self) {
      try file.write { try $0.db.run("UPDATE things SET number = ?", arguments) }
    }
    #expect(throws: DatabaseError.self) {
      try file.read { try $0.db.hasRow("SELECT 1 FROM things WHERE number = ?", arguments) }
    }
  }

  /// What SQLite cannot reckon is no end of the rows.
  @Test func sayWhatGoesWrongAtARow() throws {
    let sums = "SELECT sum(number) FROM things"
    try file.write { tx in
      for _ in 0..<2 { try Thing(number: .max, word: nil, bytes: nil).insert(in: tx.db) }
    }
    #expect(throws: DatabaseError.self) {
      try file.read { try $0.db.first(sums) { $0.next(Int?.self) } }
    }
    // And the same statement works once it can be reckoned.
    try file.write { try $0.db.run("DELETE FROM things") }
    #expect(try file.read { try $0.db.first(sums) { $0.next(Int?.self) } } == .some(nil))
  }

  @Test func areUsableAgainAfterARowThatWasNotTheLast() throws {
    try file.write { tx in
      for number in 1...3 { try Thing(number: number, word: nil, bytes: nil).insert(in: tx.db) }
      for _ in 1...2 {
        let first = try tx.db.first("SELECT number FROM things ORDER BY number") {
          $0.next(Int.self)
        }
        #expect(first == 1)
      }
    }
  }
}

@Suite("What follows a commit")
struct CommitActionsTests {
  private struct Refusal: Error {}

  @Test func happensOnceItIsThere() throws {
    let file = try LedgerFile()
    var seen: [String] = []
    try file.write { tx in
      tx.afterCommit { seen.append("first") }
      tx.at(.distantPast).afterCommit(once: 7) { seen.append("once") }
      tx.afterCommit(once: 7) { seen.append("not again") }
      seen.append("before")
    }
    #expect(seen == ["before", "first", "once"])
  }

  @Test func doesNotHappenWhereItIsRolledBack() throws {
    let file = try LedgerFile()
    var hasHappened = false
    #expect(throws: Refusal.self) {
      try file.write { tx in
        tx.afterCommit { hasHappened = true }
        throw Refusal()
      }
    }
    #expect(!hasHappened)
  }
}
