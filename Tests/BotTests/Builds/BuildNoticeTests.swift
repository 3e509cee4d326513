import Assistant
@testable import Bot
@testable import Builds
import Foundation
import GRDB
import LanguageModels
import Ledger
import Metering
import TestSupport
import Testing

/// What people are told of their balance, or asked, before a build surprises them.
@Suite("A balance and builds") struct BuildNoticeTests {
  /// Each call is 0.2175 credits; the first is made to plan, the third to write.
  @Test(arguments: ["99.90", "99.50"])
  func crossingTheLineIsToldOnce(line: String) async throws {
    let rig = try BuildRig(
      notices: BalanceNotices(lowBalance: try Credits(parsing: line)))
    try await rig.plan()
    try await rig.press("Build it")
    #expect(try rig.build().state == .delivered)
    let warnings = try rig.bot.replies().filter { $0.text.contains("You have less than") }
    let left = line == "99.90" ? "99.7825" : "99.3475"
    #expect(
      warnings.map(\.text) == [
        "You have less than \(line) credits left; get more below. Your balance is \(left) credits."
      ])
    #expect(warnings.allSatisfy { $0.chatID == 42 })
    #expect(try #require(warnings.first).buttons.map(\.data).contains("buy:Starter"))
  }
}
