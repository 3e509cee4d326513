import HTTPTransport
package import Metering

/// Why a call brought no answer. Holds nothing of the prompt, of a key or of a provider's words.
package struct LanguageModelError: Error, Sendable {
  package enum Reason: Sendable, Equatable {
    /// No complete answer in time; a repeat may work.
    case timedOut
    /// No connection to the provider: network, DNS, or a wrong address in the configuration.
    case unreachable
    /// The connection ended before the answer did.
    case connectionLost
    /// Too many calls; the operator may add keys.
    case rateLimited(retryAfter: Duration?)
    /// The key's quota for the day is used up; the operator may raise it or add keys.
    case quotaExhausted
    /// The provider has a fault; nothing to do but wait.
    case providerFailed(status: Int)
    /// The provider has no capacity for this model now.
    case providerOverloaded
    /// The operator must top up the account at the provider.
    case providerOutOfFunds
    /// The operator must replace the key.
    case keyRejected
    /// The provider has no such model, or none within the price ceiling; the operator must correct
    /// the price table.
    case modelUnknown
    case promptTooLong
    /// The provider's safety rules held the prompt or the answer back. `reason` is its code word.
    case blocked(reason: String)
    /// The model finished without anything to show.
    case emptyAnswer
    /// What came back cannot be read or metered.
    case answerMalformed
    /// The provider refused the request as such: most likely a fault in our code.
    case refusedRequest(status: Int)
    /// The task that waited was cancelled.
    case cancelled
  }

  package var reason: Reason
  /// If the provider reported one although nothing was delivered.
  package var usage: TokenUsage?
  /// Whether a part of `usage` is our estimate.
  package var usageIsEstimate: Bool
  package var requestID: String?
  /// At most the last four characters of the key that was used, as in `…abcd`.
  package var keyIdentifier: String?
  package var responseTime: Duration
  /// Whether the provider may charge although there is neither answer nor usage: the request was
  /// sent, and nothing readable came back. Refusals are free (Gemini's billing FAQ, OpenRouter's
  /// zero completion insurance).
  package var mayHaveCost: Bool

  package init(
    _ reason: Reason,
    usage: TokenUsage? = nil,
    usageIsEstimate: Bool = false,
    requestID: String? = nil,
    keyIdentifier: String? = nil,
    responseTime: Duration = .zero,
    mayHaveCost: Bool = false
  ) {
    self.reason = reason
    self.usage = usage
    self.usageIsEstimate = usageIsEstimate
    self.requestID = requestID
    self.keyIdentifier = keyIdentifier
    self.responseTime = responseTime
    self.mayHaveCost = mayHaveCost
  }

  init(_ error: HTTPError) {
    let reason: Reason =
      switch error {
      case .invalidRequest, .cannotConnect: .unreachable
      case .deadlineExceeded, .stalled: .timedOut
      case .connectionLost: .connectionLost
      case .responseTooLarge: .answerMalformed
      case .cancelled: .cancelled
      }
    self.init(reason, mayHaveCost: error.requestMayHaveTakenEffect)
  }
}

extension LanguageModelError.Reason {
  /// What an HTTP status means if the provider says nothing more exact.
  init(status: Int, retryAfter: Duration? = nil) {
    self =
      switch status {
      case 401, 403: .keyRejected
      case 402: .providerOutOfFunds
      case 404: .modelUnknown
      case 408, 524: .timedOut
      case 413: .promptTooLong
      case 429: .rateLimited(retryAfter: retryAfter)
      case 503, 529: .providerOverloaded
      case 500...: .providerFailed(status: status)
      default: .refusedRequest(status: status)
      }
  }

  /// A provider's code word, which may be new to us, never its prose.
  static func blocked(codeWord: String?) -> Self {
    .blocked(reason: .codeWord(codeWord))
  }
}
