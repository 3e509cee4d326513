import Logging

extension Logger {
  /// The same log, each of whose lines names the update that it concerns: the id of a request on
  /// all of its way, from the poll to the last message that answers it.
  func concerning(update id: Int64) -> Logger {
    var logger = self
    logger[metadataKey: "update"] = "\(id)"
    return logger
  }
}

extension ModelOrchestrator {
  /// The same, whose lines in the log name the update.
  func concerning(update id: Int64) -> ModelOrchestrator {
    var environment = environment
    environment.writer = environment.writer.concerning(update: id)
    return ModelOrchestrator(environment, logger: logger.concerning(update: id))
  }
}
