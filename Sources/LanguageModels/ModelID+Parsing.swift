package import Metering

extension ModelID {
  /// `nil` if the provider cannot be called, or `name` could not be a model's. A name as the
  /// provider's own list has it, such as Gemini's `models/NAME`, is taken for `NAME`.
  package init?(_ provider: ModelProvider, name: String) {
    let description = Provider.with(provider)
    self.init(provider: provider, name: description?.ownName(name) ?? name)
    guard isSafeInPath, provider == .demo || description != nil,
      description?.needsVendor != true || self.name.contains("/"),
      description?.listedNamePrefix == nil || !self.name.contains("/")
    else { return nil }
  }

  /// Reads what `description` writes, and the same with a listed name; `nil` for anything else.
  package init?(parsing text: String) {
    guard let slash = text.firstIndex(of: "/") else { return nil }
    self.init(
      ModelProvider(rawValue: String(text[..<slash])),
      name: String(text[text.index(after: slash)...]))
  }
}
