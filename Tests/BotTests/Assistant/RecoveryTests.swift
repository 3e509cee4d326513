@testable import Assistant
@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
import Messaging
import Testing
import TestSupport

@Suite("After a crash")
struct RecoveryTests {
  static let apology = """
    I was interrupted while I worked on your request, and the answer was lost. It cost you \
    nothing. Please send it again.
    """

  private func rig(_ model: String = BotRig.flash) throws -> BotRig {
    let rig = try BotRig(model: model)
    try rig.open()
    return rig
  }

  private func expectApologyWithoutCharge(_ rig: BotRig, _ work: Work) throws {
    #expect(try rig.texts(of: work.updateID) == [Self.apology])
    #expect(try rig.inboxState(work.updateID) == "done")
    #expect(rig.gemini.paidCalls.isEmpty && rig.openRouter.paidCalls.isEmpty)
    #expect(try rig.account().balance.micro == 100_000_000)
    #expect(try rig.account().held == .zero)
  }

  @Test(arguments: [0, 3_600.0])
  func aCallThatWasNotSentIsMadeAgainHoweverOldItIs(age: TimeInterval) async throws {
    let rig = try rig()
    let work = try rig.work(receivedAt: Date().addingTimeInterval(-age))
    try rig.leaveHold(for: work, isSent: false)
    try await rig.orchestrator().perform(work)
    #expect(try rig.texts(of: work.updateID).first?.contains("Cost: 0.2325") == true)
    #expect(try rig.holds().map(\.state) == [.voided, .settled])
    #expect(try rig.usage().map { $0["charged_to"] as String } == ["user"])
  }

  @Test func aCallThatWasSentIsTheHousesLossAndIsMadeAgainWhileItIsYoung() async throws {
    let rig = try rig()
    let now = Date()
    let work = try rig.work(receivedAt: now.addingTimeInterval(-290))
    try rig.leaveHold(for: work, isSent: true)
    try await rig.orchestrator(at: { now }).perform(work)
    #expect(try rig.texts(of: work.updateID).first?.contains("Cost: 0.2325") == true)
    #expect(try rig.usage().map { $0["charged_to"] as String } == ["house", "user"])
    #expect(try rig.usage().first?["is_estimate"] == true)
    #expect(try rig.account().balance.micro == 99_767_500)
  }

  @Test func aCallThatWasSentLongAgoIsApologisedFor() async throws {
    let rig = try rig()
    let received = Date().addingTimeInterval(-301)
    let work = try rig.work(receivedAt: received)
    try rig.leaveHold(for: work, at: received, isSent: true)
    try await rig.orchestrator().perform(work)
    try expectApologyWithoutCharge(rig, work)
    #expect(try rig.usage().map { $0["charged_to"] as String } == ["house"])
  }

  @Test func aCallThatWasSentTwiceIsApologisedFor() async throws {
    let rig = try rig()
    let work = try rig.work()
    try rig.leaveHold(for: work, isSent: true, isVoided: true)
    try rig.leaveHold(for: work, isSent: true)
    try await rig.orchestrator().perform(work)
    try expectApologyWithoutCharge(rig, work)
  }

  @Test func whatOpenRouterChargedForTheLostCallIsLookedUp() async throws {
    let rig = try rig(BotRig.sonnet)
    rig.openRouter.answer.change { $0.cost = "0.0123" }
    let work = try rig.work(receivedAt: Date().addingTimeInterval(-400))
    try rig.leaveHold(for: work, isSent: true, requestID: "gen-7")
    try await rig.orchestrator().perform(work)
    try expectApologyWithoutCharge(rig, work)
    let row = try #require(try rig.usage().first)
    #expect(row["charged_to"] == "house")
    #expect(row["actual_cost_nanousd"] == 12_300_000)
    #expect(row["provider_request_id"] == "gen-7")
    #expect(row["is_estimate"] == false)
    #expect(rig.openRouter.requests.value.map(\.target) == ["/generation?id=gen-7"])
  }

  /// Housekeeping may void a hold while its cost is being looked up.
  @Test func aHoldThatEndedMeanwhileIsNoMistake() async throws {
    let rig = try rig(BotRig.sonnet)
    let work = try rig.work(receivedAt: Date().addingTimeInterval(-3_600))
    let hold = try rig.leaveHold(
      for: work, at: Date().addingTimeInterval(-3_600), isSent: true, requestID: "gen-7")
    let (database, terms) = (rig.database, rig.settings.terms)
    rig.openRouter.onCall { _ in
      try? database.write { tx in
        try tx.holds(terms).void(hold.id, loss: nil)
      }
      return nil
    }
    try await rig.orchestrator().perform(work)
    try expectApologyWithoutCharge(rig, work)
    #expect(try rig.count("api_key_usage") == 0)
  }

  @Test func holdsOfAnotherUpdateThatHadTheSameIDDoNotMatter() async throws {
    let rig = try rig()
    let work = try rig.work()
    let longAgo = Date().addingTimeInterval(-1_000_000)
    try rig.leaveHold(for: work, at: longAgo, isSent: true, isVoided: true)
    try rig.leaveHold(for: work, at: longAgo, isSent: true, isVoided: true)
    try await rig.orchestrator().perform(work)
    #expect(try rig.texts(of: work.updateID).first?.contains("Cost: 0.2325") == true)
    #expect(try rig.holds().map(\.id).last == "\(work.ledgerName):3")
  }

  @Test func aHoldIsFoundAlsoWhereTheClockWasSetBackBeforeIt() async throws {
    let rig = try rig()
    let now = Date()
    let work = try rig.work(receivedAt: now)
    try rig.leaveHold(for: work, at: now.addingTimeInterval(-60), isSent: true)
    try await rig.orchestrator(at: { now }).perform(work)
    #expect(try rig.holds().map(\.state) == [.voided, .settled])
    #expect(try rig.account().held == .zero)
  }

  @Test func holdsPastTheirDeadlineAreVoidedAtTheirRealCost() async throws {
    let rig = try rig(BotRig.sonnet)
    rig.openRouter.answer.change { $0.cost = "0.0123" }
    let past = Date().addingTimeInterval(-ModelOrchestrator.holdLifetime - 1)
    try rig.leaveHold(for: try rig.work(), at: past, isSent: true, requestID: "gen-7")
    try rig.leaveHold(for: try rig.work(), at: past, isSent: true)
    try rig.leaveHold(for: try rig.work(), at: past, isSent: false)
    try rig.leaveHold(for: try rig.work(), isSent: true)
    try await rig.orchestrator().voidOverdueHolds()
    #expect(try rig.holds().map(\.state) == [.voided, .voided, .voided, .pending])
    let costs = try rig.usage().map { $0["actual_cost_nanousd"] as Int64 }
    // 250 and 400 tokens at 2 and 10, by estimate.
    #expect(costs == [12_300_000, 4_500_000])
  }

  @Test func housekeepingGoesOnUntilItIsCancelled() async throws {
    let rig = try rig()
    let past = Date().addingTimeInterval(-ModelOrchestrator.holdLifetime - 1)
    try rig.leaveHold(for: try rig.work(), at: past, isSent: true)
    let task = Task { await rig.engine.housekeeping.run(sleep: rig.writer.sleep) }
    try await rig.waits.wait(for: "the end of a round") { $0.contains(.seconds(60)) }
    #expect(try rig.account().held == .zero)
    task.cancel()
    await task.value
  }
}
