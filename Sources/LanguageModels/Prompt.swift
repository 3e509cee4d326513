import Foundation

/// What a model is asked: instructions, the conversation so far, and how much it may cost at most.
package struct Prompt: Sendable {
  package struct Message: Sendable, Equatable {
    package enum Role: Sendable {
      case user
      case assistant
    }

    package let role: Role
    /// The beginning, which is the same to the byte in several calls: providers that keep such
    /// beginnings for less are told where it ends. Empty if there is none.
    package let stable: String
    /// What follows it.
    package let rest: String

    package var text: String { stable + rest }

    package init(_ role: Role, _ text: String) {
      self.init(role, stable: "", text)
    }

    /// - Parameter rest: Goes on where `stable` ends, without anything between.
    package init(_ role: Role, stable: String, _ rest: String) {
      self.role = role
      self.stable = stable
      self.rest = rest
    }

    /// Those that are not empty; at least one.
    var parts: [String] { stable.isEmpty || rest.isEmpty ? [text] : [stable, rest] }
  }

  /// The dearest prices at which a call may be served, in USD per million tokens, as decimal text.
  package struct PriceCeiling: Sendable, Equatable {
    package var input: String
    package var output: String

    package init(input: String, output: String) {
      self.input = input
      self.output = output
    }
  }

  /// Instructions that stand above the conversation; may be empty.
  package var system: String
  /// Oldest first; the last one is the user's.
  package var messages: [Message]
  /// Thinking and answer together.
  package var maximumOutputTokens: Int
  /// How many tokens of those may be thoughts, for a model that takes such a budget.
  package var thinkingBudget: Int?
  /// For OpenRouter alone, which serves one model at several prices; others ignore it.
  package var priceCeiling: PriceCeiling?
  /// A JSON Schema that the answer has to follow, as JSON: where the model is known to take one. It
  /// does without the schema otherwise, so the prompt's words have to say the same.
  package var schema: String?

  /// Tokens that a chat template puts around one message (its role, its begin and end). Those of
  /// the models known take up to seven; the rest is margin.
  package static let tokensAroundMessage = 16
  /// What a provider may tell its model of a schema beside the schema itself, as Anthropic's do
  /// (docs.claude.com, "Structured outputs"); with margin.
  package static let tokensAroundSchema = 512

  package init(
    system: String,
    messages: [Message],
    maximumOutputTokens: Int,
    thinkingBudget: Int? = nil,
    priceCeiling: PriceCeiling? = nil,
    schema: String? = nil
  ) {
    self.system = system
    self.messages = messages
    self.maximumOutputTokens = maximumOutputTokens
    self.thinkingBudget = thinkingBudget
    self.priceCeiling = priceCeiling
    self.schema = schema
  }

  /// No provider counts more input tokens than this: a byte-level tokenizer makes at most one
  /// token of a byte, be it of the text as it is or in the form of Unicode to which some bring it
  /// first (NFC, NFKC), where one character may become eighteen. The system prompt and the opening
  /// of the answer count as messages too.
  package var inputTokenBound: Int {
    let texts = [system] + messages.flatMap(\.parts)
    let overhead = (messages.count + 2) * Self.tokensAroundMessage + schemaTokenBound
    return texts.reduce(overhead) { $0 + $1.mostBytes }
  }

  /// How many of those the schema may be, which not every count of a provider's includes.
  var schemaTokenBound: Int { schema.map { $0.mostBytes + Self.tokensAroundSchema } ?? 0 }

  /// About how many input tokens a provider counts, for calls whose usage was lost.
  package var inputTokenEstimate: Int {
    Self.estimatedTokens(ofBytes: (texts + [schema ?? ""]).reduce(0) { $0 + $1.utf8.count })
  }

  /// Four bytes a token, the usual figure for English text and code; at least one.
  static func estimatedTokens(ofBytes count: Int) -> Int {
    max(1, (count + 3) / 4)
  }

  /// No more than a provider is likely to count, for answers that were stopped: what is not known
  /// is not charged for. A tokenizer joins no two words, so each is a token at least, and it makes
  /// no tokens that are twelve bytes of letters on average, in no script. Code, marks and white
  /// space add to the true count, and so do thoughts.
  static func leastTokens(of text: String) -> Int {
    var (words, bytes, isInWord) = (0, 0, false)
    for scalar in text.unicodeScalars {
      let isPart = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
      if isPart { bytes += UTF8.width(scalar) }
      if isPart, !isInWord { words += 1 }
      // What is written together, as in "don't" or "a_b", may be one.
      if isPart || scalar.properties.isWhitespace { isInWord = isPart }
    }
    return max(1, words, bytes / 12)
  }

  /// As `leastTokens(of:)` counts them, without the schema, which some providers do not count.
  var leastInputTokens: Int { texts.reduce(0) { $0 + Self.leastTokens(of: $1) } }

  static func estimatedTokens(of text: String) -> Int {
    estimatedTokens(ofBytes: text.utf8.count)
  }

  private var texts: [String] { [system] + messages.map(\.text) }
}

extension String {
  /// In UTF-8: as it is, in NFC or in NFKC.
  fileprivate var mostBytes: Int {
    // ASCII is the same in all of them.
    guard !utf8.allSatisfy({ $0 < 0x80 }) else { return utf8.count }
    return [
      self, precomposedStringWithCanonicalMapping, precomposedStringWithCompatibilityMapping,
    ].map(\.utf8.count).max() ?? 0
  }
}
