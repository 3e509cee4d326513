import TestSupport

/// A provider, and what a question to its model costs by the answer that the fakes give.
enum Seller: String, CaseIterable, Sendable {
  case gemini
  case openRouter

  /// Goes to the provider's model, with the models that are set by default.
  var question: String {
    switch self {
    case .gemini: "How do I begin?"
    case .openRouter: "/code a loop"
    }
  }

  /// Nano-dollars: 1,000 and 500 tokens at 0.75 and 3.75 dollars a million; 0.00155 dollars as
  /// OpenRouter reports.
  var cost: Int64 {
    switch self {
    case .gemini: 1_000 * 750 + 500 * 3_750
    case .openRouter: 1_550_000
    }
  }

  /// Micro-credits, by the default terms: × 1.5, at 0.01 dollars a credit.
  var charge: Int64 { cost * 3 / 2 / 10 }
}

extension World {
  typealias Hook = @Sendable (LoopbackRequest) -> LoopbackReply?

  /// How often the model has been asked for an answer.
  func callCount(_ seller: Seller) -> Int {
    switch seller {
    case .gemini: gemini.requests.value.count(where: GeminiDialect.asksForAnswer)
    case .openRouter: openRouter.requests.value.count(where: OpenRouterDialect.asksForAnswer)
    }
  }

  func waitForCalls(_ count: Int, to seller: Seller) async throws {
    switch seller {
    case .gemini:
      try await gemini.requests.wait(for: "\(count) calls of Gemini") {
        $0.count(where: GeminiDialect.asksForAnswer) >= count
      }
    case .openRouter:
      try await openRouter.requests.wait(for: "\(count) calls of OpenRouter") {
        $0.count(where: OpenRouterDialect.asksForAnswer) >= count
      }
    }
  }

  /// Sees each call for an answer first.
  func onCall(of seller: Seller, _ hook: @escaping Hook) {
    switch seller {
    case .gemini: gemini.onCall { GeminiDialect.asksForAnswer($0) ? hook($0) : nil }
    case .openRouter: openRouter.onCall { OpenRouterDialect.asksForAnswer($0) ? hook($0) : nil }
    }
  }

  /// The next calls get no answer for as long as somebody waits for one.
  func hang(_ count: Int, callsOf seller: Seller) {
    let left = Watched(count)
    onCall(of: seller) { _ in
      left.change { left in
        left -= 1
        return left >= 0
      } ? .hang : nil
    }
  }

  /// Calls are answered once the returned value is set to true.
  func holdBack(callsOf seller: Seller) -> Watched<Bool> {
    let mayAnswer = Watched(false)
    onCall(of: seller) { _ in
      _ = mayAnswer.block { $0 }
      return nil
    }
    return mayAnswer
  }

  /// User 42 asks, and Gemini is at work; it answers once the returned value is set to true.
  func askWithoutAnAnswer() async throws -> Watched<Bool> {
    let mayAnswer = holdBack(callsOf: .gemini)
    telegram.message(Seller.gemini.question, from: 42)
    try await waitForCalls(1, to: .gemini)
    return mayAnswer
  }
}
