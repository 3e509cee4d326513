package import Logging

extension Logger {
  /// The same log, each of whose lines names the update that it concerns: the id of a request on
  /// all of its way, from the poll to the last message that answers it.
  package func concerning(update id: Int64) -> Logger {
    var logger = self
    logger[metadataKey: "update"] = "\(id)"
    return logger
  }
}
