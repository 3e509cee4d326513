import Foundation
import GRDB
import Ledger
import Logging
import Messaging
import Assistant

/// What is due now and then: forgotten holds are voided, the queues pruned, the ledger and the disk
/// looked at.
struct Housekeeping: Sendable {
  /// How often what is overdue is looked for.
  static let rounds = Duration.seconds(60)
  /// In rounds; adding up every balance takes a second or two for millions of rows.
  static let verifiedEvery = 60
  /// In bytes. Below this, a burst of messages could fill the disk before anybody looks.
  static let minimumFreeSpace: Int64 = 256 << 20
  /// 1 USD: what the house bears in a day without anybody having to look.
  private static let alertedLossPerDay = NanoDollars(1_000_000_000)

  let writer: LedgerWriter
  let inbox: Inbox
  let outbox: Outbox
  let orchestrator: @Sendable () -> ModelOrchestrator
  let sale: SellingStatus
  let alerts: OperatorAlerts
  let wakeSender: @Sendable () -> Void
  /// In bytes, on the disk with the database.
  let freeDiskSpace: @Sendable () -> Int64?

  func run() async {
    var number = 1
    while !Task.isCancelled {
      do {
        try await round(number)
      } catch {
        writer.complain(of: error, doing: "keeping house", wait: Self.rounds)
      }
      // The command line queues replies, too, and has no other way to say so.
      wakeSender()
      number += 1
      await writer.sleep(Self.rounds)
    }
  }

  func round(_ number: Int) async throws {
    try await orchestrator().voidOverdueHolds()
    try prune()
    try await look(isHourly: number % Self.verifiedEvery == 0)
  }

  private func look(isHourly: Bool) async throws {
    if isHourly {
      let report = try writer.database.read { try LedgerVerification().verifyBalances(in: $0) }
      sale.close(because: report)
    }
    if let first = sale.firstBreak { await alerts.raise(brokenLedger: first) }
    let loss = try writer.database.read {
      try APIKeyUsageService().houseLoss(since: Date() - .day, in: $0)
    }
    if loss > Self.alertedLossPerDay {
      let cents = loss.count / 10_000_000
      await alerts.raise(
        .houseLoss,
        "Calls that reached nobody have cost the house \(cents) US cents within a day. "
          + "/report shows why.")
    }
    if let free = freeDiskSpace(), free < Self.minimumFreeSpace {
      writer.logger.error("The disk is nearly full.", metadata: ["free_bytes": "\(free)"])
      await alerts.raise(
        .lowDisk, "Only \(free >> 20) MiB are free on the disk with the database. Make room.")
    }
  }

  /// In bites, between which others write.
  private func prune() throws {
    var pruned = Inbox.maximumPrunedAtOnce
    while pruned >= Inbox.maximumPrunedAtOnce {
      pruned = try writer.database.write { db in
        try max(inbox.prune(at: Date(), in: db), outbox.prune(at: Date(), in: db))
      }
    }
  }
}
