@testable import Assistant
import Bot
import Foundation
import Ledger
import Testing
import TestSupport

/// A provider counts prompts for free, but not without end.
@Suite("Counts of prompts")
struct PromptCountTests {
  private static let refusal = "Your credits do not cover this: at least "
  /// By its bytes, it is too dear for a tenth of a credit.
  private static let long = String(repeating: "word", count: 1_000)

  /// The shortest answer is 256 tokens, which cost 0.096 credits at most.
  @Test(arguments: ["0", "0.05", "0.095"])
  func nothingIsCountedForWhomNoAnswerToAnEmptyPromptFits(credits: String) async throws {
    let rig = try BotRig(credits: credits)
    try await rig.say("/start")
    for _ in 1...60 {
      #expect(try await rig.say(Self.long).first?.hasPrefix(Self.refusal) == true)
    }
    #expect(rig.gemini.requests.value.isEmpty)
  }

  @Test func twentyPromptsAMinuteAreCountedForEachPerson() async throws {
    let rig = try BotRig(credits: "0.1")
    for person in [42, 43] as [Int64] { try await rig.say("/start", from: person) }
    // 1,000 tokens of a prompt are too many.
    for _ in 1...25 {
      #expect(try await rig.say(Self.long).first?.hasPrefix(Self.refusal) == true)
    }
    #expect(rig.gemini.requests.value.count == 20)
    try await rig.say(Self.long, from: 43)
    #expect(rig.gemini.requests.value.count == 21)
    #expect(rig.gemini.paidCalls.isEmpty)
    #expect(try rig.holds().isEmpty)
  }

  @Test func whoeverHasCreditsIsServedByTheBoundOfBytesBeyondThat() async throws {
    let rig = try BotRig(credits: "0.1")
    try await rig.say("/start")
    for _ in 1...21 { try await rig.say(Self.long) }
    try rig.database.write { (tx: LedgerTransaction) throws in
      _ = try tx.transactions.record(
        NewTransaction(
          userID: 1, type: .manualAdjustment, amount: try Credits(parsing: "100"),
          idempotencyKey: "more", description: "more"))
    }
    #expect(try await rig.say(Self.long).first?.contains("Cost: ") == true)
    #expect(rig.gemini.requests.value.count == 21)
  }
}
