import Foundation
import GRDB
package import Ledger
package import Messaging
import TelegramBotAPI

/// Shows what is for sale, and takes orders: the same for `/buy` and `/credits`.
package struct Checkout: Sendable {
  let store: Store
  let selling: SellingStatus

  package init(store: Store, selling: SellingStatus) {
    self.store = store
    self.selling = selling
  }

  package static let command = "buy"
  /// What a forwarded copy of an invoice opens the bot with: everybody gets an offer of their own.
  package static let startParameter = "buy"

  package var buttons: [Button] {
    store.sold.map { Button($0.offer, command: Self.command, argument: $0.name) }
  }

  /// Answers the press of an offer, of somebody who is not blocked: the invoice, or the link that
  /// begins a subscription.
  package func press(
    _ name: String, by account: UserAccount, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    guard let package = store.package(named: name) else {
      return ButtonResponse(notice: "This offer has changed. Send /buy for what there is now.")
    }
    guard selling.isOpen else {
      return ButtonResponse(notice: "I cannot sell anything right now. Please try again later.")
    }
    let chatID = account.telegramUserID
    guard package.isMonthly else {
      let order = try tx.orders.open(package, userID: account.id)
      let invoice = try BotRequest.sendInvoice(
        chatID: chatID, order.invoice, startParameter: Self.startParameter)
      return ButtonResponse(
        notice: "Here is your invoice.", also: [.request(invoice, chat: chatID)])
    }
    let subscriptions = try tx.subscriptions.list(ofUser: account.id)
    guard !subscriptions.contains(where: { $0.goesOn(at: tx.now) }) else {
      return ButtonResponse(
        notice: "You already have a subscription; /credits shows when it renews.")
    }
    let order = try tx.orders.open(package, userID: account.id)
    let link = try BotRequest.createInvoiceLink(
      order.invoice, subscriptionPeriod: CreditPackage.month)
    return ButtonResponse(
      notice: "One moment, please.",
      also: [.request(link, chat: chatID, .subscriptionLink(order: order.id))])
  }
}

extension Order {
  fileprivate var invoice: Invoice {
    Invoice(
      title: package.name, description: "\(package.content) for your AI developer.",
      payload: id, label: package.content, stars: package.price)
  }
}
