extension Answer {
  /// How an answer ends.
  package enum Ending: Sendable, Equatable {
    case complete
    /// At `maximumOutputTokens`, or where the model's context is full.
    case lengthLimit
    /// When the call had lasted as long as one may.
    case timeLimit
    /// By whoever asked.
    case stopped
    /// In the middle, by the provider.
    case brokenOff(Cause)
  }

  /// Why a provider breaks an answer off.
  package enum Cause: Sendable, Equatable {
    /// Its safety rules, or those of a filter.
    case safety
    /// The text was coming close to a published one.
    case recitation
    /// A fault between the model and its provider.
    case connection
    /// The provider ran out of capacity.
    case capacity
    /// The provider's code word, at most 40 letters and underscores.
    case other(codeWord: String)
  }
}

extension Answer.Ending {
  /// One plain sentence for the person in the chat; `nil` if there is nothing to say.
  package var userMessage: String? {
    switch self {
    case .complete: nil
    case .lengthLimit: "The answer ends here: it reached its length limit."
    case .timeLimit: "The answer ends here: it took longer than I may wait."
    case .stopped: "You stopped the answer here."
    case .brokenOff(let cause): "The model's provider broke the answer off here: \(cause.words)."
    }
  }

  /// Reads the word with which a provider says how a text ends: `STOP`, `length`,
  /// `content_filter`. Providers invent new ones without notice, and one that is not known to mean
  /// a good end means none.
  init(word: String) {
    switch Self.normalised(word) {
    case "STOP", "END", "END_TURN", "STOP_SEQUENCE", "EOS", "EOS_TOKEN", "COMPLETE", "COMPLETED",
      "FINISHED", "DONE":
      self = .complete
    case "LENGTH", "MAX_TOKENS", "MAX_OUTPUT_TOKENS", "MODEL_LENGTH",
      Self.contextIsFull:
      self = .lengthLimit
    default: self = .brokenOff(Answer.Cause(word: Self.normalised(word)))
    }
  }

  /// The same with what the provider behind the provider says, where that is worse: it is passed
  /// on as it comes, so that a word that is not known means nothing.
  func with(nativeWord word: String) -> Self {
    let native = Self(word: word)
    return switch (self, native) {
    case (.complete, .brokenOff(.other(let word))): Self.badEnds.contains(word) ? native : self
    case (.complete, .lengthLimit), (.complete, .brokenOff): native
    case (.brokenOff, .brokenOff(.other)): self
    case (.brokenOff, .brokenOff): native
    default: self
    }
  }

  /// Anthropic's and Zhipu's for a prompt that leaves no room, or too little, for the answer.
  static let contextIsFull = "MODEL_CONTEXT_WINDOW_EXCEEDED"

  static func normalised(_ word: String) -> String {
    String(word.uppercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
  }

  /// What no provider says of a text that is whole.
  private static let badEnds: Set = [
    "OTHER", "ERROR", "ABORT", "ABORTED", "CANCEL", "CANCELLED", "CANCELED", "FAILED",
    "INCOMPLETE", "TIMEOUT", "LANGUAGE", "MALFORMED_RESPONSE", "MALFORMED_FUNCTION_CALL",
  ]
}

extension Answer.Cause {
  /// - Parameter word: In capitals, with underscores.
  fileprivate init(word: String) {
    let marks: [(Self, [String])] = [
      (
        .safety,
        [
          "SAFETY", "PROHIBITED", "BLOCKLIST", "SPII", "FILTER", "SENSITIVE", "REFUSAL",
          "MODERATION", "JAILBREAK", "MODEL_ARMOR",
        ]
      ),
      (.recitation, ["RECITATION"]), (.connection, ["NETWORK", "CONNECTION"]),
      (.capacity, ["INSUFFICIENT_SYSTEM_RESOURCE", "OVERLOAD"]),
    ]
    let known = marks.first { _, marks in marks.contains { word.contains($0) } }
    self = known?.0 ?? .other(codeWord: .codeWord(word))
  }

  fileprivate var words: String {
    switch self {
    case .safety: "its safety rules do not let it go on"
    case .recitation: "the text was coming too close to a published one"
    case .connection: "its connection to the model failed"
    case .capacity: "it has no capacity left for the model"
    case .other(let word): "its reason is \"\(word)\""
    }
  }
}
