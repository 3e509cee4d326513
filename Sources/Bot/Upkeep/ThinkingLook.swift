package import LanguageModels
import Logging
import Messaging
package import Metering

/// Has the providers of the models in use say which of them take a budget for their thinking, soon
/// after the start and after each change of the settings.
package struct ThinkingLook: PeriodicService {
  /// Nothing is asked as long as all is known.
  static let pause = Duration.seconds(60)
  /// Until then, thinking goes without a bound, as it does with models that take none.
  static let pauseAfterFailure = Duration.seconds(600)

  private let current: @Sendable () -> (models: Set<ModelID>, llm: LLMClient)

  package init(_ current: @escaping @Sendable () -> (models: Set<ModelID>, llm: LLMClient)) {
    self.current = current
  }

  package func round() async -> Duration {
    let (models, llm) = current()
    do throws(LanguageModelError) {
      try await llm.learn(about: models)
      return Self.pause
    } catch {
      if !Task.isCancelled {
        Logger.current.notice(
          "A provider does not say which of its models take a budget for thinking.",
          metadata: ["reason": "\(error.reason)", "wait": "\(Self.pauseAfterFailure)"])
      }
      return Self.pauseAfterFailure
    }
  }
}
