import GRDB
import Installation
import Ledger
import Logging
package import Messaging
import TelegramBotAPI

/// Reconciles the Stars with Telegram's list at the start of the daemon and every few minutes.
package struct StarReconciler: PeriodicService {
  /// Short beside the 24 hours that Telegram keeps updates for, long beside a payment's way.
  package static let pause = Duration.seconds(300)
  /// What fails so often, and not by the network, does not pass by itself.
  private static let failuresBeforeAlert = 3

  private let reconciliation: StarReconciliation
  private let alerts: OperatorAlerts
  private var retries = Retries()
  private var failures = 0
  /// By how much the balances differed at the last round, in 10⁻⁹ Star.
  private var lastDifference: Int64?

  package init(
    _ reconciliation: StarReconciliation, alerts: OperatorAlerts
  ) {
    self.reconciliation = reconciliation
    self.alerts = alerts
  }

  package mutating func round() async -> Duration {
    do {
      lastDifference = try await reconcile(lastDifference: lastDifference)
      retries = Retries()
      failures = 0
      return Self.pause
    } catch {
      let delay = retries.delay()
      Logger.current.warning(
        "The Stars cannot be reconciled; trying again.",
        metadata: ["error": "\(error)", "wait": "\(delay)"])
      if !error.isOfTheNetwork { failures += 1 }
      if failures >= Self.failuresBeforeAlert {
        let reason = error.advice
        await alerts.raise(
          .unreconciledStars,
          "Telegram's list of Stars cannot be read or booked, so nobody finds payments whose "
            + "updates are lost: \(reason).")
      }
      return delay
    }
  }

  /// - Returns: By how much the balances differ now, in 10⁻⁹ Star.
  func reconcile(lastDifference: Int64?) async throws -> Int64 {
    let result = try await reconciliation.walk()
    if result.wasReadAnew {
      Logger.current.warning(
        "Telegram's list of Stars is not the one of the last time; it was read anew.")
    }
    if let payment = result.unlisted.first {
      Logger.current.error(
        "Telegram told of payments that its list of Stars does not have.",
        metadata: ["payments": "\(result.unlisted.count)"])
      await alerts.raise(
        .unlistedPayment,
        "Telegram told of \(result.unlisted.count) payments that its list of Stars does not have, "
          + "the first by user \(payment.payer ?? 0). Run: \(Installation.current.program) stars "
          + "reconcile.")
    }
    let (telegram, ours) = try await reconciliation.balances()
    let difference = telegram &- ours
    // A payment between the list and the balance is no difference: it is gone at the next round.
    if difference != 0, difference == lastDifference {
      Logger.current.error(
        "The balance of Stars differs from the list.", metadata: ["nanostars": "\(difference)"])
      await alerts.raise(
        .starBalance,
        "The balance of Stars at Telegram differs from its list by "
          + "\(StarText.text(of: difference)). Run: \(Installation.current.program) stars balance."
      )
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
