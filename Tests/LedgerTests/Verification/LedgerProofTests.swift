import Foundation
import GRDB
@testable import Ledger
import Testing

/// Two people with five rows each, and slices of three.
@Suite("LedgerProof")
struct LedgerProofTests {
  private static let slices = LedgerProof.Slices(journal: 3, people: 1)
  private static let noEdits = "TRIGGER the_journal_is_never_edited"
  let file: LedgerFile

  init() throws {
    file = try LedgerFile()
    for person in 1...2 as ClosedRange<Int64> { _ = try file.user(person) }
    try addRows(4)
  }

  private func addRows(_ count: Int) throws {
    try file.write { tx in
      let rows = try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM credit_transactions") ?? 0
      for row in rows..<(rows + count * 2) {
        try tx.transactions.record(
          NewTransaction(
            userID: Int64(row % 2 + 1), type: .manualAdjustment, amount: Credits(micro: 1),
            idempotencyKey: "row \(row)", description: "row"))
      }
    }
  }

  private func proof(at date: Date = now) throws -> LedgerProof {
    try file.read(at: date) { try LedgerProof(Self.slices, in: $0) }
  }

  /// Goes on for so many slices, and returns how many there were.
  @discardableResult
  private func goOn(_ proof: inout LedgerProof, slices: Int = .max) throws -> Int {
    var count = 0
    while !proof.isAtEnd, count < slices {
      try file.read { try proof.proveSlice(in: $0) }
      count += 1
    }
    return count
  }

  private func keep(_ proof: inout LedgerProof) throws {
    try file.write { try proof.keep(in: $0) }
  }

  /// Proves all, and writes down that it did.
  private func prove(at date: Date = now) throws -> [String] {
    var proof = try proof(at: date)
    try goOn(&proof)
    try keep(&proof)
    return proof.breaks
  }

  /// Four of the journal, two of people, and a look at the end of each.
  private static let allSlices = 4 + 1 + 2 + 1

  @Test func goesOnWhereTheLastOneEnded() throws {
    var first = try proof()
    #expect(try goOn(&first) == Self.allSlices)
    #expect(first.breaks.isEmpty && first.isWorthKeeping)
    try keep(&first)
    #expect(!first.isWorthKeeping)
    try addRows(1)
    var next = try proof()
    #expect(try goOn(&next) == Self.allSlices - 3)
    #expect(next.isWorthKeeping)
  }

  @Test(arguments: 1...4)
  func provesAgainWhatAKillKeptItFromWritingDown(slices: Int) throws {
    var killed = try proof()
    try goOn(&killed, slices: slices - 1)
    try keep(&killed)
    // Proven, and not written down.
    try goOn(&killed, slices: 1)
    try file.write { try $0.db.execute(sql: "DROP \(Self.noEdits)") }
    let version = try schemaVersion()
    let row = min(slices * 3, 10)
    try file.write { tx in
      try tx.db.execute(
        sql: "UPDATE credit_transactions SET credits_amount_micro = 7 WHERE id = ?",
        arguments: [row])
      // As if the schema had not told.
      try tx.db.execute(sql: "UPDATE ledger_proof SET schema_version = ?", arguments: [version])
    }
    var next = try proof()
    try goOn(&next)
    #expect(next.breaks.first?.hasPrefix("transaction \(row): ") == true, "\(next.breaks)")
  }

  private func schemaVersion() throws -> Int64? {
    try file.read { try Int64.fetchOne($0.db, sql: "PRAGMA schema_version") }
  }

  @Test(arguments: ["credits_amount_micro", "balance_after_micro"])
  func findsARowThatWasChangedBelowItsMark(column: String) throws {
    #expect(try prove() == [])
    try file.write { tx in
      let trigger = try String.fetchOne(
        tx.db, sql: "SELECT sql FROM sqlite_schema WHERE name = 'the_journal_is_never_edited'")
      try tx.db.execute(
        sql: """
          DROP \(Self.noEdits); UPDATE credit_transactions SET \(column) = 1 WHERE id = 1;
          \(trigger ?? "")
          """)
    }
    #expect(try prove().first?.hasPrefix("transaction 1: the balance after it is given") == true)
  }

  @Test func trustsNoMarkBeyondTheJournal() throws {
    #expect(try prove() == [])
    try file.write { try $0.db.execute(sql: "UPDATE ledger_proof SET proven_to = 11") }
    var next = try proof()
    #expect(try goOn(&next) == Self.allSlices)
  }

  @Test func beginsWithTheFirstRowOnceADay() throws {
    #expect(try prove() == [])
    for (age, slices) in [
      (0, Self.allSlices - 4), (LedgerProof.wholeAfter - 1, Self.allSlices - 4),
      (LedgerProof.wholeAfter, Self.allSlices), (-1, Self.allSlices),
    ] {
      var next = try proof(at: now + age)
      #expect(try goOn(&next) == slices, "\(age)")
    }
  }

  @Test func provesACopyThatIsOlderByItself() throws {
    #expect(try prove() == [])
    let path = file.folder.appendingPathComponent("copy.sqlite").path
    _ = try DatabaseBackup(of: file.database, at: file.path).write(
      to: path, replacing: false, progress: { _, _ in })
    try addRows(3)
    #expect(try prove() == [])
    let copy = try LedgerDatabase(path: path, clock: { now })
    try copy.write { try $0.db.execute(sql: "UPDATE users SET credit_balance_micro = 5") }
    var proof = try copy.read { try LedgerProof(Self.slices, in: $0) }
    while !proof.isAtEnd { try copy.read { try proof.proveSlice(in: $0) } }
    #expect(
      proof.breaks == ["user 1: the balance is 5 micro-credits, but the journal sums to 100000004"])
    try copy.close()
  }

  @Test func goesOnAfterAnErasure() throws {
    #expect(try prove() == [])
    try file.write { tx in
      try tx.erasure.erase(try tx.users.account(telegramUserID: 1))
    }
    #expect(try prove() == [])
    #expect(try file.verify().isSound)
  }

  @Test func remembersABreakUntilAllIsProvenAgain() throws {
    #expect(try prove() == [])
    try file.write { try $0.db.execute(sql: "UPDATE users SET credit_held_micro = 3 WHERE id = 2") }
    let sentence = "user 2: 3 micro-credits are held, but the pending holds sum to 0"
    #expect(try prove() == [sentence])
    #expect(try proof().hasFoundBreak)
    try file.write { try $0.db.execute(sql: "UPDATE users SET credit_held_micro = 0") }
    var next = try proof()
    #expect(next.hasFoundBreak)
    #expect(try goOn(&next) == Self.allSlices)
    try keep(&next)
    #expect(try !proof().hasFoundBreak)
  }

  @Test func marksNoRowAtOrAfterABreak() throws {
    try file.damage(
      "UPDATE credit_transactions SET balance_after_micro = balance_after_micro + 1 WHERE id = 8")
    #expect(try prove().map { $0.prefix(14) } == ["transaction 8:"])
    #expect(
      try file.read { try Int.fetchOne($0.db, sql: "SELECT proven_to FROM ledger_proof") } == 6)
  }

  @Test func isNotMisledByWhatIsBookedBetweenItsSlices() throws {
    var proof = try proof()
    while !proof.isAtEnd {
      try goOn(&proof, slices: 1)
      if !proof.isAtEnd { try addRows(1) }
      guard try file.account(1).balance.micro < 100_000_100 else { break }
    }
    #expect(proof.breaks.isEmpty)
  }
}
