package import Metering

extension ModelID {
  /// `nil` if the provider cannot be called, or `name` could not be a model's.
  package init?(_ provider: ModelProvider, name: String) {
    self.init(provider: provider, name: name)
    let description = Provider.with(provider)
    guard isSafeInPath, provider == .demo || description != nil,
      description?.needsVendor != true || name.contains("/")
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
