/// Who runs a model.
package enum ModelProvider: String, Sendable, Hashable, CaseIterable {
  case google
  case openrouter
  /// The built-in stand-in that calls nobody.
  case demo
}
