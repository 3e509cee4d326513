@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
import Testing
import TestSupport

/// Welcome credits have a daily number: what strangers can take from the house is bounded.
@Suite("Welcome credits")
struct WelcomeTests {
  private static let administrator: Int64 = 1
  private let rig: BotRig

  init() throws {
    rig = try BotRig(administrators: [Self.administrator])
    limit(to: 2)
  }

  private func limit(to people: Int?) {
    var settings = rig.settings
    settings.initialGrantsPerDay = people
    rig.engine.apply(settings, rig.llm)
  }

  /// A day later.
  private func forgetToday() throws {
    try rig.database.write { tx in
      try tx.db.execute(
        sql: """
          DROP TRIGGER the_journal_is_never_edited;
          UPDATE credit_transactions SET created_at = '2020-01-01 00:00:00.000'
          """)
    }
  }

  @Test func areGivenToSoManyADayAndLaterToTheOthers() async throws {
    for person in 101...104 as ClosedRange<Int64> { try await rig.say("/start", from: person) }
    let balances = try (101...104).map { try rig.account($0).balance.micro }
    #expect(balances == [100_000_000, 100_000_000, 0, 0])
    let first = try await rig.say("/start", from: 105).first ?? ""
    #expect(first.contains("the welcome credits have run out; send /start again tomorrow"))
    #expect(try await rig.say("/start", from: 104).first?.contains("0.00 credits.") == true)

    try forgetToday()
    let later = try await rig.say("/start", from: 104).first ?? ""
    #expect(later.contains("is 100.00 credits.\n\nYour welcome credits have arrived."))
    try await rig.say("/start", from: 104)
    try await rig.say("/start", from: 101)
    #expect(try rig.account(104).balance.micro == 100_000_000)
    #expect(try rig.account(101).balance.micro == 100_000_000)
    #expect(try !rig.account(104).isOwedWelcome)
  }

  @Test func areOwedToNobodyWhoHadAnAccountBefore() async throws {
    try await rig.say("/start", from: 101)
    _ = try await rig.press("deletemydata:yes", from: 101)
    try await rig.say("/start", from: 102)
    try await rig.say("/start", from: 101)
    try forgetToday()
    try await rig.say("/start", from: 101)
    #expect(try rig.account(101).balance == .zero)
  }

  @Test func haveNoLimitWhereTheOperatorSetsNone() async throws {
    limit(to: nil)
    for person in 101...103 as ClosedRange<Int64> { try await rig.say("/start", from: person) }
    #expect(try rig.account(103).balance.micro == 100_000_000)
  }

  @Test(arguments: [(1, 0), (2, 1)]) func areAnAlertOnceTheyAreUsedUp(people: Int, count: Int)
    async throws
  {
    for person in 1...people { try await rig.say("/start", from: 100 + Int64(person)) }
    try await rig.engine.housekeeping.round(1)
    let alerts = try rig.replies().filter { $0.chatID == Self.administrator }.map(\.text)
    #expect(alerts.count { $0.contains("2 people have got welcome credits within 24 h") } == count)
  }
}
