import Foundation
import GRDB
package import Ledger
package import Messaging
package import Sales
package import TelegramBotAPI

/// Refunds from the shell, beside the bot or without it: books the refund, tells Telegram itself,
/// and records what it said. Wherever this is cut off, the order to Telegram waits in the outbox
/// for the bot.
package struct ShellRefund: Sendable {
  private let client: TelegramClient
  private let writer: LedgerWriter
  private let payments: PaymentHandler
  private let outbox = Outbox(channel: .telegram)
  private let afterDelivery: AfterDelivery

  package init(
    client: TelegramClient, writer: LedgerWriter, payments: PaymentHandler, terms: BillingTerms
  ) {
    self.client = client
    self.writer = writer
    self.payments = payments
    afterDelivery = AfterDelivery(
      outbox: outbox, payments: payments, terms: terms)
  }

  package struct Result: Sendable {
    package var refund: Refund
    package var payment: Payment

    package var sentence: String { RefundText(refund, of: payment).outcome }
  }

  /// - Throws: `LedgerError` if it cannot be refunded, `TelegramError.unauthorized` or
  ///   `.notFound`, and errors of the database.
  package func refund(_ chargeID: String, payer: Int64?, isForced: Bool) async throws -> Result {
    let order = try await writer.write(for: "booking a refund") { tx in
      let order = try RefundOrder(
        chargeID: chargeID, payer: payer, isForced: isForced, by: .shell, in: tx)
      try payments.outbox.queue(order.outgoing, in: tx)
      return order
    }
    if order.refund.state == .pending { try await tellTelegram(order) }
    let refund = try await writer.read(for: "reading a refund") {
      try $0.refunds.refund(id: order.refund.id)
    }
    return Result(refund: refund ?? order.refund, payment: order.payment)
  }

  /// The bot may do the same at the same time: Telegram gives the Stars back once, and says so to
  /// whoever comes second.
  private func tellTelegram(_ order: RefundOrder) async throws {
    let purpose = Purpose.refund(order.refund.id)
    let queued = try await writer.read(for: "reading the outbox") {
      try outbox.queued(for: purpose, in: $0)
    }
    // Without one, the bot was faster.
    guard let queued, case .request(let request)? = queued.content else { return }
    let ending: Outbox.Ending
    do {
      try await client.perform(request)
      ending = .sent(messageID: nil)
    } catch {
      switch error {
      case .badRequest where error.isAlreadyRefunded: ending = .sent(messageID: nil)
      case .badRequest, .forbidden: ending = .failed(String(describing: error))
      case .unauthorized, .notFound: throw error  // It waits in the outbox, as below.
      default: return
      }
    }
    try await writer.write(for: "recording a refund") { tx in
      try outbox.end(queued.id, ending, in: tx)
      _ = try afterDelivery.follow(queued, ending, in: tx)
    }
  }
}
