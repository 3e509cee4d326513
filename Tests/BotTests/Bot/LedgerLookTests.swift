@testable import Bot
import Foundation
import GRDB
import Ledger
import Messaging
import Testing
import TestSupport

@Suite("LedgerLook")
struct LedgerLookTests {
  private static let administrator: Int64 = 1
  private let rig: BotRig

  init() throws {
    rig = try BotRig(administrators: [Self.administrator])
  }

  private var alerts: [String] {
    get throws { try rig.replies().filter { $0.chatID == Self.administrator }.map(\.text) }
  }

  @Test func closesTheSaleOnceTheLedgerIsFoundBroken() async throws {
    try await rig.say("/start")
    var look = rig.engine.ledgerLook
    try rig.execute("UPDATE users SET credit_balance_micro = credit_balance_micro + 1")
    #expect(try alerts.isEmpty)
    while await look.round() != LedgerLook.pause {}
    #expect(try alerts.map { $0.contains("The ledger is broken, so nothing is sold") } == [true])
    #expect(
      try await rig.say("How do I sort?").first?.hasPrefix("I cannot take paid requests") == true)
    #expect(
      try await rig.press("buy:Starter").map(\.text) == [
        "I cannot sell anything right now. Please try again later."
      ])
    #expect(rig.gemini.requests.value.isEmpty)
  }

  private func look(_ selling: SellingStatus, goesOnBeside isBeside: Bool = true) throws
    -> LedgerLook
  {
    try LedgerLook(
      writer: rig.writer, selling: selling, alerts: rig.engine.alerts,
      slices: LedgerProof.Slices(journal: 1, people: 1), goesOnBeside: isBeside)
  }

  /// Of six people, the last of whom has too much.
  private func breakALargeLedger() async throws {
    for person in 1...6 as ClosedRange<Int64> { try await rig.say("/start", from: person) }
    try rig.execute(
      """
      UPDATE users SET credit_balance_micro = credit_balance_micro + 1
      WHERE id = (SELECT max(id) FROM users)
      """)
  }

  @Test func letsNobodyWaitForTheProofOfALargeLedger() async throws {
    try await breakALargeLedger()
    let selling = SellingStatus()
    var look = try look(selling)
    #expect(selling.isOpen)
    // Some six of the journal and six of people are left, less what was proven at the start.
    var rounds = 1
    while await look.round() == LedgerLook.pauseOfSlices {
      #expect(selling.isOpen)
      rounds += 1
    }
    #expect(rounds > 6)
    #expect(!selling.isOpen)
    #expect(try alerts.count { $0.contains("The ledger is broken, so nothing is sold") } == 1)
  }

  @Test func sellsNothingFromTheStartWhereTheLastProofFoundABreak() async throws {
    try await breakALargeLedger()
    var first = try look(SellingStatus())
    while await first.round() == LedgerLook.pauseOfSlices {}
    let selling = SellingStatus()
    _ = try look(selling)
    #expect(!selling.isOpen)
    // Once it is mended, a start sells again, and knows it from then on.
    try rig.execute("UPDATE users SET credit_balance_micro = credit_balance_micro - 1 WHERE id = 6")
    let mended = SellingStatus()
    _ = try look(mended)
    #expect(mended.isOpen)
  }

  @Test func provesAllBeforeTheConsoleSells() async throws {
    try await breakALargeLedger()
    let selling = SellingStatus()
    _ = try look(selling, goesOnBeside: false)
    #expect(!selling.isOpen)
  }

  @Test func beginsAnewEachHour() async throws {
    try await rig.say("/start")
    var look = try look(SellingStatus())
    while await look.round() == LedgerLook.pauseOfSlices {}
    for _ in 1...2 {
      var rounds = 0
      while await look.round() == LedgerLook.pauseOfSlices { rounds += 1 }
      // Of a journal that is proven, the end; then the one person.
      #expect(rounds == 2)
    }
  }
}
