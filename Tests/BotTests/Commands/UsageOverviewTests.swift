@testable import Assistant
import Bot
@testable import Commands
import Foundation
import GRDB
import Ledger
import Messaging
import Metering
import Testing
import TestSupport

@Suite("/usage")
struct UsageOverviewTests {
  private func shown(_ rig: BotRig, _ text: String = "/usage") async throws -> String {
    try await rig.say(text).first ?? ""
  }

  @Test func saysWhereNothingWasSpent() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    #expect(try await shown(rig).hasPrefix("You have spent nothing in "))
    // Before the account there was nothing either.
    #expect(try rig.replies().last?.buttons.isEmpty == true)
  }

  @Test func addsUpByDayAndByModelLessWhatWasGivenBack() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let id = try await rig.deliver("message", .message("Hello"))
    await rig.engine.dispatcher.becomeIdle()
    for _ in 1...2 { try await rig.say("Hello") }
    _ = try rig.database.write { tx in
      try Work.takeBack(updateID: id, terms: rig.settings.terms, in: tx)
    }
    let text = try await shown(rig)
    #expect(text.contains("in UTC: 0.465 credits for 2 requests, less"))
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count { $0.hasSuffix(" 0.465") && $0.contains("██████████████") } == 2)
    #expect(lines.count { $0.hasPrefix("Total") && $0.hasSuffix(" 0.465") } == 2)
    #expect(lines.contains("gemini-2.5-flash"))
    #expect(lines.dropFirst().allSatisfy { $0.count <= 40 })
  }

  /// Of a month before, whose days lie apart; another person's do not count.
  @Test func showsAnotherMonthByAPress() async throws {
    let rig = try BotRig()
    try rig.open()
    let month = try #require(UTCMonth("2025-02"))
    for day in [0, 27] {
      let time = month.start.addingTimeInterval(.day * Double(day) + 3_600)
      try await rig.orchestrator { time }.perform(try rig.work(receivedAt: time))
    }
    for time in [month.start - 1, month.next.start] {
      try await rig.orchestrator { time }.perform(try rig.work(receivedAt: time))
    }
    let pressed = try await rig.press("usage:2025-02")
    let text = try #require(pressed.last?.text)
    #expect(text.contains("Feb 2025, in UTC: 0.465 credits for 2 requests, less"))
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.contains("01 ██████████████ 0.2325"))
    #expect(lines.contains("28 ██████████████ 0.2325"))
    #expect(pressed.last?.buttons.map(\.data).last == "usage:2025-03")
    for forged in ["usage:2999-01", "usage:x", "usage:2025-13"] {
      #expect(try await rig.press(forged).first?.text.hasPrefix("This button has expired") == true)
    }
  }

  @Test func barsAreEighthsOfBlocksAndPointsStandBelowEachOther() {
    let amounts = [1_600_000, 100_000, 12_345_678, 1].map { Credits(micro: $0) }
    let bars = BarTable(aligning: amounts)
    let lines = amounts.map {
      bars.line(.init(label: "01", amount: $0), labelWidth: 2, largest: amounts[2])
    }
    #expect(
      lines == [
        "01 █▉              1.60", "01 ▏               0.10", "01 ██████████████ 12.345678",
        "01 ▏               0.000001",
      ])
  }
}
