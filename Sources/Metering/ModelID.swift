/// Names one model of one provider, for example `google/gemini-3.8-flash` or
/// `openrouter/anthropic/claude-sonnet-5.5`.
package struct ModelID: Hashable, Sendable {
  package let provider: ModelProvider
  /// As the provider calls it. OpenRouter's names hold a vendor and may end in a variant, as in
  /// `vendor/name:free`.
  package let name: String

  /// Takes the name as it is: from a table, or from a list of prices.
  package init(provider: ModelProvider, name: String) {
    self.provider = provider
    self.name = name
  }

  /// In bytes; several times the longest name on OpenRouter's list.
  private static let maximumNameLength = 160
  /// What needs no escaping in a URL's path, and nothing that a terminal or a chat would act on.
  private static let nameCharacters = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:@/")

  /// Whether the name can stand in a URL's path and leads to no other path there.
  package var isSafeInPath: Bool {
    name.utf8.count <= Self.maximumNameLength
      && name.allSatisfy(Self.nameCharacters.contains)
      // A dot segment would lead to another path of the provider's.
      && name.split(separator: "/", omittingEmptySubsequences: false)
        .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }

  /// Whether its name says that it answers with images, as in `gemini-3-pro-image`, `gpt-image-1`
  /// or `imagen-4`.
  package var isNamedForImages: Bool {
    let words = name.lowercased().split { !$0.isLetter }
    return words.contains { Self.wordsForImages.contains(String($0)) }
  }

  private static let wordsForImages: Set = ["image", "images", "imagen", "dall"]

  /// Whether it can stand in a table and in a notice: visible ASCII, of a sensible length.
  package var isPrintable: Bool {
    let bytes = name.utf8
    return 1...Self.maximumNameLength ~= bytes.count
      && bytes.allSatisfy { (0x21...0x7E).contains($0) }
  }
}

extension ModelID: CustomStringConvertible {
  package var description: String { "\(provider)/\(name)" }
}

extension ModelID: Comparable {
  package static func < (left: ModelID, right: ModelID) -> Bool {
    (left.provider.rawValue, left.name) < (right.provider.rawValue, right.name)
  }
}

/// Who runs models, by the name that stands in tables, in settings and before a model's own name.
/// Which of them can be called, `LanguageModels` knows.
package struct ModelProvider: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: String

  package init(rawValue: String) {
    self.rawValue = rawValue
  }

  package var description: String { rawValue }
}

extension ModelProvider: ExpressibleByStringLiteral {
  package init(stringLiteral name: String) {
    self.init(rawValue: name)
  }
}
