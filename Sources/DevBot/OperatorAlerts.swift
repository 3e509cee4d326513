package import Foundation
import Ledger
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
  }

  /// Of the same kind: the first one says enough.
  private static let pause: TimeInterval = 3_600

  private let administrators: [Int64]
  private let outbox: Outbox
  private let writer: PatientWriter
  private let wakeSender: @Sendable () -> Void
  private let now: @Sendable () -> Date
  private let lastRaised = Mutex<[Kind: Date]>([:])

  package init(
    administrators: [Int64], outbox: Outbox, writer: PatientWriter,
    wakeSender: @escaping @Sendable () -> Void, now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.administrators = administrators
    self.outbox = outbox
    self.writer = writer
    self.wakeSender = wakeSender
    self.now = now
  }

  package func raise(_ kind: Kind, _ sentence: String) async {
    guard !administrators.isEmpty, isDue(kind) else { return }
    do {
      try await writer.write(for: "alerting the administrators") { db in
        for id in self.administrators {
          let request = try BotRequest.sendMessage(
            chatID: id, text: "⚠️ \(sentence.prefix(1_000)) The log has more.")
          try self.outbox.queue(request, chatID: id, updateID: 0, at: self.now(), in: db)
        }
      }
      wakeSender()
    } catch {
      writer.logger.error("The administrators cannot be told.", metadata: ["error": "\(error)"])
    }
  }

  private func isDue(_ kind: Kind) -> Bool {
    let now = now()
    return lastRaised.withLock { times in
      if let last = times[kind], now.timeIntervalSince(last) < Self.pause { return false }
      times[kind] = now
      return true
    }
  }
}
