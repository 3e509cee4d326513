extension LanguageModelError {
  /// One plain sentence for the person in the chat. What it cost is the caller's to add.
  ///
  /// - Parameter isGroup: Whether it is said in a group, where there is nothing to begin afresh.
  package func userMessage(inGroup isGroup: Bool = false) -> String {
    switch self.reason {
    case .timedOut: "The model took too long to answer; please try again in a moment."
    case .unreachable: "I can't reach the model right now; please try again in a moment."
    case .connectionLost:
      "The connection broke before the model's answer was complete; please try again."
    case .rateLimited(let retryAfter):
      "The model is very busy right now; please try again \(Self.wait(retryAfter))."
    case .quotaExhausted:
      "This model has reached its limit for today; please come back tomorrow."
    case .providerFailed: "The model ran into a problem; please try again in a moment."
    case .providerOverloaded:
      "The model is very busy right now; please try again in a minute."
    case .providerOutOfFunds, .spendLimitReached, .keyRejected, .accessDenied, .locationRefused,
      .modelUnknown, .notTheAPI:
      "The model isn't available at the moment; please try again later."
    case .promptTooLong where isGroup:
      "That is too long for this model; please shorten your message."
    case .promptTooLong:
      "That is too long for this model; please shorten your message, or begin afresh with /reset."
    case .blocked: "The model is not allowed to answer this; please put it differently."
    case .emptyAnswer:
      "The model finished without saying anything; please ask again, perhaps in smaller steps."
    case .answerMalformed: "The model's answer got lost on its way here; please try again."
    case .refusedRequest:
      "The model couldn't work with this; please put it differently."
    case .cancelled: "This was stopped before the model had answered."
    case .stopped: "You stopped this before the model had answered."
    }
  }

  /// Rounded up, so that who comes back then is not too early.
  private static func wait(_ duration: Duration?) -> String {
    guard let duration, duration > .zero else { return "in a moment" }
    let (whole, rest) = duration.components
    let seconds = rest > 0 ? whole + 1 : whole
    return switch seconds {
    case 1: "in a second"
    case ...90: "in \(seconds) seconds"
    case ...7200: "in about \((seconds + 59) / 60) minutes"
    default: "in about \((seconds + 3599) / 3600) hours"
    }
  }
}
