import Foundation
import Ledger
import Logging
import Testing
import TestSupport

/// What the operator learns of calls that only an operator can make work again.
@Suite("A failing provider")
struct FailingProviderTests {
  private static let administrator: Int64 = 1
  private let rig: BotRig

  init() throws {
    rig = try BotRig(administrators: [Self.administrator])
  }

  private static func refusal(
    _ status: Int, _ message: String, _ word: String = "RESOURCE_EXHAUSTED"
  ) -> LoopbackReply {
    let error: [String: Any] = ["code": status, "message": message, "status": word]
    return .json(jsonText(["error": error]), status: status)
  }

  private static let noFunds = refusal(
    429, "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio.")
  private static let location = refusal(
    400, "User location is not supported for the API use.", "FAILED_PRECONDITION")

  private var alerts: [String] {
    get throws { try rig.replies().filter { $0.chatID == Self.administrator }.map(\.text) }
  }

  @Test func isToldOnceForEachModelAndReason() async throws {
    rig.gemini.replyNext(Self.noFunds, Self.location, Self.noFunds, Self.location)
    try await rig.say("/start")
    for _ in 1...4 { try await rig.say("How do I sort?") }
    #expect(
      try alerts == [
        "⚠️ The account at Gemini has no money left for calls to google/gemini-2.5-flash (status "
          + "429, RESOURCE_EXHAUSTED: “Your prepayment credits are depleted”). Top up at "
          + "https://aistudio.google.com/apikey; then type: aidevbot doctor. The log has more.",
        "⚠️ Gemini refuses calls to google/gemini-2.5-flash from where this machine is (status 400, "
          + "FAILED_PRECONDITION: “User location is not supported for the API use”). Run the bot "
          + "elsewhere, or name a model of another provider in the settings MODELS_* and type: "
          + "sudo systemctl reload aidevbot. The log has more.",
      ])
  }

  /// Else nobody would know before the last key is refused.
  @Test func isToldOfAKeyThatIsRefusedThoughAnotherOneServes() async throws {
    let rig = try BotRig(
      administrators: [Self.administrator],
      keys: ["test-key-of-some-length-abcd", "test-key-of-some-length-efgh"])
    rig.gemini.replyNext(.json("{}", status: 401))
    try await rig.say("/start")
    #expect(try await rig.say("How do I sort?").first?.contains("Cost: ") == true)
    let alerts = try rig.replies().filter { $0.chatID == Self.administrator }.map(\.text)
    #expect(alerts.count == 1)
    #expect(
      alerts.first?.hasPrefix(
        "⚠️ Gemini rejects the key …abcd in calls to google/gemini-2.5-flash (status 401). ") == true
    )
    try await rig.say("How do I sort?")
    #expect(rig.gemini.paidCalls.count == 3)
  }

  @Test(arguments: [
    (noFunds, "The model isn't available at the moment"),
    (location, "The model isn't available at the moment"),
    (
      refusal(429, "Your project has exceeded its monthly spending cap."),
      "The model isn't available at the moment"
    ),
    (
      .html("<html><h1>403 Forbidden</h1></html>", status: 403),
      "The model isn't available at the moment"
    ),
    (
      .html("<html><h1>Checking your browser</h1></html>", status: 200),
      "The model isn't available at the moment"
    ),
    (
      .json(
        #"{"error": {"details": [{"violations": [{"quotaId": "RequestsPerDay-FreeTier"}]}]}}"#,
        status: 429), "This model has reached its limit for today; please come back tomorrow"
    ),
  ])
  func isNotBlamedOnThePersonAndIsFree(reply: LoopbackReply, words: String) async throws {
    rig.gemini.replyNext(reply)
    try await rig.say("/start")
    let answer = try await rig.say("How do I sort?")
    #expect(answer.first?.hasPrefix(words) == true, "\(answer)")
    #expect(try alerts.count == 1)
    #expect(try rig.account().balance.micro == 100_000_000)
    #expect(try rig.usage().isEmpty)
  }

  @Test func isLoggedByStatusWordsAndReasonAndNeverByWhatAPromptMayStandIn() async throws {
    let lines = Watched<[String]>([])
    let logger = Logger(label: "test") { _ in LinesOfALog(lines: lines) }
    rig.gemini.replyNext(
      Self.location, Self.refusal(400, "Bad words: How do I sort?", "INVALID_ARGUMENT"))
    try await rig.say("/start")
    try await withLogger(logger) { _ in
      for _ in 1...2 { try await rig.say("How do I sort?") }
    }
    let failures = lines.value.filter { $0.hasPrefix("warning A call failed. ") }
    #expect(failures.count == 2)
    for fact in [
      " status=400", " words=FAILED_PRECONDITION", " reason=locationRefused", " key=…abcd",
      " said=User location is not supported for the API use",
    ] { #expect(failures.first?.contains(fact) == true, "\(failures)") }
    for fact in [
      " status=400", " words=INVALID_ARGUMENT", " reason=refusedRequest(status: 400)",
    ] { #expect(failures.last?.contains(fact) == true, "\(failures)") }
    #expect(!lines.value.joined().contains("How do I sort"))
    #expect(try alerts.allSatisfy { !$0.contains("How do I sort") })
  }
}
