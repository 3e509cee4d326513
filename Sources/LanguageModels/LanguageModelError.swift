import HTTPTransport
package import Metering

/// Why a call brought no answer. Holds nothing of the prompt, of a key or of a provider's prose.
@dynamicMemberLookup
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
    /// A limit that the operator has set at the provider is reached; the operator must raise it.
    case spendLimitReached
    /// The operator must replace the key.
    case keyRejected
    /// The account may not use this model, or nothing at all, by its plan or its settings; the
    /// operator must see to it at the provider.
    case accessDenied
    /// The provider serves nobody where the bot runs; the operator must move it, or choose another.
    case locationRefused
    /// The provider has no such model, or none within the price ceiling; the operator must correct
    /// the settings or the price table.
    case modelUnknown
    /// A web page or a redirect in place of the provider's API: a CDN, a proxy, a country's filter,
    /// or a wrong address in the configuration.
    case notTheAPI(status: Int)
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
    /// By whoever asked, before there was anything to show.
    case stopped
  }

  /// What the provider said of it, as far as it may be logged and told to the operator.
  package struct Report: Sendable, Equatable {
    /// Of HTTP; `nil` if there was no response.
    package var status: Int?
    /// The provider's code words.
    package var words: [String] = []
    /// The fixed part of a sentence that providers are known to say.
    package var sentence: String?

    package init() {}
  }

  package struct Content: Sendable {
    package var reason: Reason
    package var report = Report()
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
    /// Whether no other key may be tried: a part of the answer was shown.
    var isFinal = false
  }

  private var content: Boxed<Content>

  package init(
    _ reason: Reason,
    usage: TokenUsage? = nil,
    usageIsEstimate: Bool = false,
    requestID: String? = nil,
    keyIdentifier: String? = nil,
    responseTime: Duration = .zero,
    mayHaveCost: Bool = false
  ) {
    content = Boxed(
      Content(
        reason: reason, usage: usage, usageIsEstimate: usageIsEstimate, requestID: requestID,
        keyIdentifier: keyIdentifier, responseTime: responseTime, mayHaveCost: mayHaveCost))
  }

  package subscript<Member>(dynamicMember member: WritableKeyPath<Content, Member>) -> Member {
    get { content[dynamicMember: member] }
    set { content[dynamicMember: member] = newValue }
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
      case 300..<400, 405, 407: .notTheAPI(status: status)
      case 401, 403: .keyRejected
      case 402: .providerOutOfFunds
      case 404, 410: .modelUnknown
      case 408, 524: .timedOut
      case 413: .promptTooLong
      case 429: .rateLimited(retryAfter: retryAfter)
      case 451: .locationRefused
      case 503, 529: .providerOverloaded
      case 500...: .providerFailed(status: status)
      default: .refusedRequest(status: status)
      }
  }

  /// Whether it stays so until an operator does something.
  package var needsTheOperator: Bool {
    switch self {
    case .keyRejected, .accessDenied, .locationRefused, .modelUnknown, .notTheAPI,
      .providerOutOfFunds, .spendLimitReached, .quotaExhausted, .refusedRequest:
      true
    case .timedOut, .unreachable, .connectionLost, .rateLimited, .providerFailed,
      .providerOverloaded, .promptTooLong, .blocked, .emptyAnswer, .answerMalformed, .cancelled,
      .stopped:
      false
    }
  }

  /// A provider's code word, which may be new to us, never its prose.
  static func blocked(codeWord: String?) -> Self {
    .blocked(reason: .codeWord(codeWord))
  }
}

extension LanguageModelError.Report {
  /// Keeps of the words those that have the form of a code word: no prose, and no key.
  init(status: Int? = nil, words: [String], sentence: String? = nil) {
    self.status = status
    self.sentence = sentence
    for word in words where Self.isCodeWord(word) && !self.words.contains(word) {
      self.words.append(word)
    }
    self.words = Array(self.words.prefix(Self.maximumWords))
  }

  /// Google's three, and two names of quotas.
  private static let maximumWords = 5

  /// As in `GenerateRequestsPerDayPerProjectPerModel-FreeTier`. A long one with digits may be a
  /// key.
  private static func isCodeWord(_ word: String) -> Bool {
    let isLong = word.count > 32
    return !word.isEmpty && word.count <= 80
      && word.allSatisfy { character in
        character.isASCII
          && (character.isLetter || "_-.".contains(character) || (character.isNumber && !isLong))
      }
  }
}
