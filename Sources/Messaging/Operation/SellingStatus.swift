package import Ledger
import Logging
import Synchronization

/// Whether anything may be sold. A break in the ledger ends the sale for this life of the process:
/// everything is answered, and nothing is charged or bought until somebody has looked.
package final class SellingStatus: Sendable {
  private let breaks: Mutex<[String]>
  private let isStopped = Mutex(false)

  package init(_ report: LedgerVerification.Report = LedgerVerification.Report()) {
    breaks = Mutex([])
    close(because: report)
  }

  package var isOpen: Bool { breaks.withLock { $0.isEmpty } && !isStopped.withLock { $0 } }
  package var firstBreak: String? { breaks.withLock { $0.first } }

  /// Ends the sale, whatever the ledger says.
  package func close() {
    isStopped.withLock { $0 = true }
  }

  /// Ends the sale if the report has breaks.
  package func close(because report: LedgerVerification.Report) {
    guard !report.isSound else { return }
    breaks.withLock { $0 = report.breaks }
    for sentence in report.breaks {
      Logger.current.critical(
        "The ledger is broken; nothing is sold.", metadata: ["break": "\(sentence)"])
    }
  }
}
