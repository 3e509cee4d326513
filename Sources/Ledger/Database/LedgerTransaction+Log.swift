import GRDB
import Logging

extension LedgerTransaction {
  /// Logs a line once what this transaction writes is committed, and none if it is rolled back.
  /// It goes to the logger of whoever asked for the write; without one it goes nowhere.
  func log(_ message: Logger.Message, _ details: Logger.Metadata) {
    let logger = Logger.current
    // The logger that nobody has set is the one without a name.
    guard !logger.label.isEmpty, logger.logLevel <= .info else { return }
    afterCommit { logger.info(message, metadata: details) }
  }
}
