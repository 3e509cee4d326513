package import Metering

/// What a model answered, and what that used.
@dynamicMemberLookup
package struct Answer: Sendable {
  package struct Content: Sendable {
    /// Has something to show: never empty, never only white space or invisible characters.
    package var text: String
    package var usage: TokenUsage
    /// Whether the provider has not said what the answer used, so that `usage` is our estimate:
    /// four bytes a token, in and out, without thoughts.
    package var usageIsEstimate: Bool
    /// What a stopped answer used at least, where `usage` is only likely: no more than this is to
    /// be paid for. Low on purpose: the words of the prompt and of what was shown, a token each,
    /// and no thoughts.
    package var leastUsage: TokenUsage?
    package var ending: Ending
    /// The model that really answered, as the provider reports it, else the one asked for.
    package var model: String
    package var requestID: String?
    /// At most the last four characters of the key that was used, as in `…abcd`.
    package var keyIdentifier: String
    package var responseTime: Duration
    /// Why other keys were refused before this one served.
    package var refusals: [LanguageModelError] = []
  }

  private var content: Boxed<Content>

  package init(
    text: String,
    usage: TokenUsage,
    usageIsEstimate: Bool = false,
    ending: Ending = .complete,
    model: String,
    requestID: String?,
    keyIdentifier: String,
    responseTime: Duration
  ) {
    content = Boxed(
      Content(
        text: text, usage: usage, usageIsEstimate: usageIsEstimate, ending: ending, model: model,
        requestID: requestID, keyIdentifier: keyIdentifier, responseTime: responseTime))
  }

  package subscript<Member>(dynamicMember member: WritableKeyPath<Content, Member>) -> Member {
    get { content[dynamicMember: member] }
    set { content[dynamicMember: member] = newValue }
  }
}

extension String {
  /// SQLite would end the text at one, and nobody sees it.
  var withoutNUL: String {
    guard utf8.contains(0) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.filter { $0 != "\0" }))
  }

  /// Whether a reader would see anything: some character that is neither white space nor a control
  /// or format character.
  var hasVisibleText: Bool {
    unicodeScalars.contains { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
  }
}
