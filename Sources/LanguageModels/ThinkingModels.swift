import Synchronization

/// What is known of a provider's models: whether one takes a bounded budget for its thinking.
final class ThinkingModels: Sendable {
  private let known = Mutex<[String: Bool]>([:])

  /// `nil` for a model of which the provider's list has not been read.
  subscript(model: String) -> Bool? {
    get { known.withLock { $0[model] } }
    set { known.withLock { $0[model] = newValue } }
  }
}
