import LanguageModels
import Testing

@Suite("LanguageModelError")
struct LanguageModelErrorTests {
  static let reasons: [LanguageModelError.Reason] = [
    .timedOut, .unreachable, .connectionLost, .rateLimited(retryAfter: nil), .quotaExhausted,
    .providerFailed(status: 500), .providerOverloaded, .providerOutOfFunds, .keyRejected,
    .modelUnknown, .promptTooLong, .blocked(reason: "SAFETY"), .emptyAnswer, .answerMalformed,
    .refusedRequest(status: 400), .cancelled, .spendLimitReached, .accessDenied, .locationRefused,
    .notTheAPI(status: 403),
  ]

  /// What it cost is for the caller to say, and no one in a chat knows of keys, quotas or statuses.
  @Test(arguments: reasons)
  func isOnePlainSentenceForThePersonInTheChat(reason: LanguageModelError.Reason) {
    let message = LanguageModelError(reason).userMessage()
    #expect(message.hasSuffix("."))
    #expect(message.count(where: { ".!?".contains($0) }) == 1)
    #expect(message.count < 110)
    let jargon = [
      "cost", "free", "credit", "key", "quota", "token", "status", "500", "400", "SAFETY",
      "provider",
    ]
    for word in jargon { #expect(!message.contains(word)) }
  }

  @Test(arguments: [
    (nil, "in a moment."), (Duration.zero, "in a moment."), (.milliseconds(10), "in a second."),
    (.seconds(8.94), "in 9 seconds."), (.seconds(90), "in 90 seconds."),
    (.seconds(91), "in about 2 minutes."), (.seconds(7200), "in about 120 minutes."),
    (.seconds(7201), "in about 3 hours."),
  ])
  func namesTheWaitWhereItIsKnown(wait: Duration?, ending: String) {
    let message = LanguageModelError(.rateLimited(retryAfter: wait)).userMessage()
    #expect(message.hasSuffix(ending))
  }
}
