import Messaging
import Logging

extension ModelOrchestrator {
  /// The same, whose lines in the log name the update.
  package func concerning(update id: Int64) -> ModelOrchestrator {
    var environment = environment
    environment.writer = environment.writer.concerning(update: id)
    return ModelOrchestrator(environment, logger: logger.concerning(update: id))
  }
}
