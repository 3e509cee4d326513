package import Metering

extension ModelProvider {
  package static let google: ModelProvider = "google"
  package static let openrouter: ModelProvider = "openrouter"
  /// The built-in stand-in that calls nobody.
  package static let demo: ModelProvider = "demo"

  /// Those that can be called.
  package static let allCases: [ModelProvider] = [.google, .openrouter, .demo]
}

extension ModelID {
  /// `nil` if the provider cannot be called, or `name` could not be a model's.
  package init?(_ provider: ModelProvider, name: String) {
    self.init(provider: provider, name: name)
    guard ModelProvider.allCases.contains(provider), isSafeInPath,
      provider != .openrouter || name.contains("/")
    else { return nil }
  }

  /// Reads what `description` writes; `nil` for anything else.
  package init?(parsing text: String) {
    guard let slash = text.firstIndex(of: "/") else { return nil }
    self.init(
      ModelProvider(rawValue: String(text[..<slash])),
      name: String(text[text.index(after: slash)...]))
  }
}
