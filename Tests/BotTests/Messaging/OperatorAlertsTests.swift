import Foundation
import GRDB
import Ledger
@testable import Messaging
import Testing
import TestSupport

@Suite("OperatorAlerts")
struct OperatorAlertsTests {
  private func alerts(
    _ rig: BotRig, for administrators: [Int64], at now: @escaping @Sendable () -> Date,
    wakes: Watched<Int> = Watched(0)
  ) -> OperatorAlerts {
    OperatorAlerts(
      administrators: administrators,
      outbox: Outbox(channel: .telegram, arrived: { wakes.change { $0 += 1 } }),
      writer: rig.writer(at: now))
  }

  @Test func areToldOncePerKindAndHour() async throws {
    let rig = try BotRig()
    let now = Watched(Date())
    let wakes = Watched(0)
    let alerts = alerts(rig, for: [1, 2], at: { now.value }, wakes: wakes)
    await alerts.raise(.quarantine, "First.")
    await alerts.raise(.quarantine, "Second.")
    await alerts.raise(.houseLoss, "Third.")
    now.change { $0 += 3_599 }
    await alerts.raise(.quarantine, "Fourth.")
    now.change { $0 += 1 }
    await alerts.raise(.quarantine, "Fifth.")
    let told = ["First.", "Third.", "Fifth."].map { "⚠️ \($0) The log has more." }
    for id: Int64 in [1, 2] {
      #expect(try rig.replies().filter { $0.chatID == id }.map(\.text) == told)
    }
    #expect(wakes.value == 3)
  }

  @Test func areToldOnceAnHourForEachMatterOfAKind() async throws {
    let rig = try BotRig()
    let now = Watched(Date())
    let alerts = alerts(rig, for: [1], at: { now.value })
    await alerts.raise(.failingProvider, of: "a keyRejected", "First.")
    await alerts.raise(.failingProvider, of: "a keyRejected", "Again.")
    await alerts.raise(.failingProvider, of: "b keyRejected", "Second.")
    await alerts.raise(.unsellableModel, of: "a keyRejected", "Third.")
    now.change { $0 += 3_600 }
    await alerts.raise(.failingProvider, of: "a keyRejected", "Fourth.")
    #expect(
      try rig.texts()
        == ["First.", "Second.", "Third.", "Fourth."].map { "⚠️ \($0) The log has more." })
  }

  @Test func areToldOnceHoweverManyAreRaisedAtOnce() async throws {
    let rig = try BotRig()
    let alerts = alerts(rig, for: [1], at: { Date() })
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 { await alerts.raise(.failingProvider, "It fails.") }
        }
      }
    }
    #expect(try rig.replies().count == 1)
  }

  @Test func areToldToNobodyWhereNobodyIsNamed() async throws {
    let rig = try BotRig()
    await alerts(rig, for: [], at: { Date() }).raise(.brokenLedger, "Broken.")
    #expect(try rig.replies().isEmpty)
  }

  @Test func fitAMessageHoweverLongTheirSentence() async throws {
    let rig = try BotRig()
    await alerts(rig, for: [1], at: { Date() }).raise(
      .brokenLedger, String(repeating: "🏪", count: 10_000))
    #expect(try rig.texts().map(\.utf16.count).allSatisfy { $0 < 4_096 })
    #expect(try rig.replies().count == 1)
  }
}
