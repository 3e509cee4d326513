import Foundation
import GRDB
import Installation
package import Ledger
import Logging
import Synchronization
import TelegramBotAPI

/// Tells the administrators, as messages of the bot, what the log says too: what an operator has to
/// look at, and no more often than helps.
package final class OperatorAlerts: Sendable {
  package enum Kind: String, Sendable {
    case brokenLedger
    case quarantine
    case unsellableModel
    case failingProvider
    case houseLoss
    /// A provider that does not say what its answers use.
    case untoldUsage
    /// No more welcome credits are given today.
    case initialGrants
    case priceDrift
    /// A price in use has changed by more than a tenth.
    case priceMove
    /// A price in use that the provider's own list does not give.
    case priceList
    case lowDisk
    /// The newest backup is old.
    case oldBackup
    /// The database's file is not where it was.
    case databaseFile
    /// The account of Stars at Telegram differs from ours.
    case starBalance
    case unlistedPayment
    case unreconciledStars

    /// In seconds, between two of the same kind and matter: the first one says enough.
    fileprivate var pause: TimeInterval {
      switch self {
      // Who makes backups in another way is reminded, but not each hour.
      case .oldBackup: 7 * 86_400
      default: 3_600
      }
    }
  }

  private let administrators: [Int64]
  private let outbox: Outbox
  private let writer: LedgerWriter
  private let lastRaised = Mutex<[Subject: Date]>([:])

  private struct Subject: Hashable {
    var kind: Kind
    var matter: String
  }

  package init(administrators: [Int64], outbox: Outbox, writer: LedgerWriter) {
    self.administrators = administrators
    self.outbox = outbox
    self.writer = writer
  }

  /// Tells them, unless they were told of the same within the hour, or the week of an old backup.
  ///
  /// - Parameter matter: What of this kind it is, such as a model and what is wrong with it: each
  ///   has an hour of its own.
  package func raise(_ kind: Kind, of matter: String = "", _ sentence: String) async {
    guard !administrators.isEmpty, isDue(Subject(kind: kind, matter: matter)) else { return }
    do {
      try await writer.write(for: "alerting the administrators") { tx in
        try self.queue("\(sentence.prefix(1_000)) The log has more.", in: tx)
      }
    } catch {
      Logger.current.error("The administrators cannot be told.", metadata: ["error": "\(error)"])
    }
  }

  package func raise(brokenLedger sentence: String) async {
    await raise(
      .brokenLedger,
      "The ledger is broken, so nothing is sold: \(sentence). Run: "
        + "\(Installation.current.program) ledger verify.")
  }

  /// Tells them in the transaction of what they are told of, each time: for money that needs a
  /// person to look at it.
  package func queue(_ text: String, updateID: Int64? = nil, in tx: LedgerTransaction) throws {
    let alert = Reply("⚠️ " + text.prefix(2_000))
    try outbox.queue(
      administrators.map { .message(alert, to: $0) }, updateID: updateID, in: tx)
  }

  private func isDue(_ subject: Subject) -> Bool {
    let now = writer.now
    return lastRaised.withLock { times in
      times = times.filter { now.timeIntervalSince($0.value) < $0.key.kind.pause }
      guard times[subject] == nil else { return false }
      times[subject] = now
      return true
    }
  }
}
