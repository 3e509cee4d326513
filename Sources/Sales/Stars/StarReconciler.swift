import GRDB
import Ledger
import Logging
import TelegramBotAPI
package import Messaging

/// Reconciles the Stars with Telegram's list at the start of the daemon and every few minutes.
package struct StarReconciler: Sendable {
  /// Short beside the 24 hours that Telegram keeps updates for, long beside a payment's way.
  package static let pause = Duration.seconds(300)
  /// What fails so often, and not by the network, does not pass by itself.
  private static let failuresBeforeAlert = 3

  private let reconciliation: StarReconciliation
  private let alerts: OperatorAlerts
  private let writer: LedgerWriter
  private let wakeSender: @Sendable () -> Void

  package init(
    _ reconciliation: StarReconciliation, alerts: OperatorAlerts, writer: LedgerWriter,
    wakeSender: @escaping @Sendable () -> Void
  ) {
    self.reconciliation = reconciliation
    self.alerts = alerts
    self.writer = writer
    self.wakeSender = wakeSender
  }

  /// Until the task is cancelled.
  package func run() async {
    var retries = Retries()
    var failures = 0
    var lastDifference: Int64?
    while !Task.isCancelled {
      do {
        lastDifference = try await round(lastDifference)
        retries = Retries()
        failures = 0
        await writer.sleep(Self.pause)
      } catch {
        let delay = retries.delay()
        writer.logger.warning(
          "The Stars cannot be reconciled; trying again.",
          metadata: ["error": "\(error)", "wait": "\(delay)"])
        if !error.isOfTheNetwork { failures += 1 }
        if failures >= Self.failuresBeforeAlert {
          let reason = (error as? DatabaseError)?.advice ?? "\(error)"
          await alerts.raise(
            .unreconciledStars,
            "Telegram's list of Stars cannot be read or booked, so nobody finds payments whose "
              + "updates are lost: \(reason).")
        }
        await writer.sleep(delay)
      }
    }
  }

  /// - Parameter last: By how much the balances differed at the last round.
  /// - Returns: By how much they differ now, in 10⁻⁹ Star.
  package func round(_ last: Int64?) async throws -> Int64 {
    let result = try await reconciliation.walk()
    // Also for what an earlier walk has booked that broke off.
    wakeSender()
    if result.wasReadAnew {
      writer.logger.warning(
        "Telegram's list of Stars is not the one of the last time; it was read anew.")
    }
    if let payment = result.unlisted.first {
      writer.logger.error(
        "Telegram told of payments that its list of Stars does not have.",
        metadata: ["payments": "\(result.unlisted.count)"])
      await alerts.raise(
        .unlistedPayment,
        "Telegram told of \(result.unlisted.count) payments that its list of Stars does not have, "
          + "the first by user \(payment.payer ?? 0). Run: aidevbot stars reconcile.")
    }
    let (telegram, ours) = try await reconciliation.balances()
    let difference = telegram &- ours
    // A payment between the list and the balance is no difference: it is gone at the next round.
    if difference != 0, difference == last {
      writer.logger.error(
        "The balance of Stars differs from the list.", metadata: ["nanostars": "\(difference)"])
      await alerts.raise(
        .starBalance,
        "The balance of Stars at Telegram differs from its list by "
          + "\(StarText.text(of: difference)). Run: aidevbot stars balance.")
    }
    return difference
  }
}

extension Error {
  /// Whether it passes once Telegram can be reached and answers as itself.
  fileprivate var isOfTheNetwork: Bool {
    switch self as? TelegramError {
    case .unreachable, .serverFailed, .tooManyRequests: true
    default: false
    }
  }
}
