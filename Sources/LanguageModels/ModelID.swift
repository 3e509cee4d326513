/// Names one model of one provider, for example `google/gemini-3.8-flash` or
/// `openrouter/anthropic/claude-sonnet-5.5`.
package struct ModelID: Hashable, Sendable {
  package let provider: ModelProvider
  /// As the provider calls it. OpenRouter's names hold a vendor and may end in a variant, as in
  /// `vendor/name:free`.
  package let name: String

  /// In bytes; several times the longest name on OpenRouter's list.
  private static let maximumNameLength = 160
  /// What needs no escaping in a URL's path, and nothing that a terminal or a chat would act on.
  private static let nameCharacters = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:@/")

  /// `nil` where `name` could not be a model's, or would be unsafe in a URL's path.
  package init?(_ provider: ModelProvider, name: String) {
    let segments = name.split(separator: "/", omittingEmptySubsequences: false)
    guard
      name.utf8.count <= Self.maximumNameLength,
      name.allSatisfy(Self.nameCharacters.contains),
      // A dot segment would lead to another path of the provider's.
      segments.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
      provider != .openrouter || segments.count > 1
    else { return nil }
    self.provider = provider
    self.name = name
  }

  /// Reads what `description` writes; `nil` for anything else.
  package init?(parsing text: String) {
    guard
      let slash = text.firstIndex(of: "/"),
      let provider = ModelProvider(rawValue: String(text[..<slash]))
    else { return nil }
    self.init(provider, name: String(text[text.index(after: slash)...]))
  }
}

extension ModelID: CustomStringConvertible {
  package var description: String { "\(provider.rawValue)/\(name)" }
}
