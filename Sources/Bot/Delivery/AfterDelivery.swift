import Assistant
import Builds
import Foundation
import GRDB
package import Ledger
import Logging
package import Messaging
package import Sales
import TelegramBotAPI

/// What follows once Telegram has said yes or no to a reply: in the transaction that records it, so
/// that a kill leaves either both or none.
package struct AfterDelivery: Sendable {
  package let outbox: Outbox
  package let payments: PaymentHandler
  package let terms: BillingTerms

  package init(outbox: Outbox, payments: PaymentHandler, terms: BillingTerms) {
    self.outbox = outbox
    self.payments = payments
    self.terms = terms
  }

  /// Returns whether new replies were queued.
  @Sendable package func follow(
    _ reply: Outbox.Queued, _ ending: Outbox.Ending, in tx: LedgerTransaction
  ) throws -> Bool {
    if case .failed(_, let refusal) = ending { try undelivered(reply, refusal, in: tx) }
    switch (reply.purpose, ending) {
    // Of a failure, the person may have been told.
    case (nil, _), (.answer, .failed): return ending.isFailure
    case (.answer, .sent(let messageID, _)):
      return try messageID.map {
        try AnswerMessages.note($0, reply, outbox: outbox, in: tx)
      } ?? false
    case (.groupAnswer, .sent(let messageID, _)):
      if let chatID = reply.chatID { try tx.refusingChats.remove(chatID) }
      return try messageID.map {
        try AnswerMessages.note($0, reply, outbox: outbox, in: tx)
      } ?? false
    // Either was diverted, or has failed for good.
    case (.groupAnswer, .failed(_, let refusal)): return refusal != .none
    case (.subscriptionLink(let order), _): try pass(on: ending, order, reply, in: tx)
    case (.cancellation(let order), _): try cancel(order, ending, reply, in: tx)
    case (.formerSubscription, .failed(let reason, _)):
      try payments.alerts.queue(Self.alert(of: reply.content, reason), in: tx)
    case (.formerSubscription, .sent): return false
    case (.refund(let id), .sent):
      guard try tx.refunds.confirm(id),
        let refund = try tx.refunds.refund(id: id)
      else { return false }
      try payments.announce(refund, in: tx)
    case (.refund(let id), .failed(let reason, _)):
      try payments.refused(id, because: reason, in: tx)
    case (.broadcast(let id), _):
      try BroadcastService(outbox: outbox).count(id, ending, in: tx)
    case (.supportRequest(let id), .sent(let messageID?, _)):
      guard let chatID = reply.chatID else { return false }
      try SupportRequests.remember(messageID, inChat: chatID, of: id, in: tx)
      return false
    case (.supportRequest, _): return false
    case (.buildProgress(let id), .sent(let messageID?, _)):
      return try BuildMessages.noteProgress(messageID, of: id, outbox: outbox, in: tx)
    case (.buildProgress, _): return false
    case (.supportAnswer(let request, let administrator), .failed(let reason, _)):
      let text = "Your answer to request #\(request) could not be delivered: \(reason)"
      try outbox.queue([.message(Reply(text), to: administrator)], in: tx)
    case (.supportAnswer(let id, _), .sent(let messageID, _)):
      guard let chatID = reply.chatID, let messageID else { return false }
      try SupportRequests.remember(messageID, inChat: chatID, of: id, isOfPerson: true, in: tx)
      return false
    }
    return true
  }

  /// What a group refuses goes to the asker. What a person does not take because they have blocked
  /// the bot stays charged, and is kept for them. Any other answer that reached nobody is given
  /// back: the house bears it.
  private func undelivered(
    _ reply: Outbox.Queued, _ refusal: Outbox.Refusal, in tx: LedgerTransaction
  ) throws {
    guard refusal != .blocks else { return try outbox.queueAsText(reply, in: tx) }
    guard !reply.isDeletion else { return }
    if let chatID = reply.chatID, chatID > 0, refusal == .blocked || refusal == .forbidden {
      try tx.users.setReachable(false, telegramUserID: chatID)
    }
    guard let updateID = reply.updateID, let chatID = reply.chatID else { return }
    if case .groupAnswer(let asker)? = reply.purpose, refusal != .none {
      switch refusal {
      case .reply:
        if try outbox.hasOtherParts(reply, in: tx) { return try mention(reply, in: tx) }
      case .topic: break
      // A group that takes no files may well take messages.
      case .rights where reply.isFile: break
      default: try tx.refusingChats.add(chatID)
      }
      return try outbox.divert(reply, to: asker, in: tx)
    }
    if refusal == .blocked, try tx.holds(terms).isCharged(work: Work.ledgerName(ofUpdate: updateID))
    {
      return try outbox.keep(reply.id, in: tx)
    }
    guard try outbox.reachedNobody(updateID, in: tx),
      let amount = try Work.takeBack(updateID: updateID, terms: terms, in: tx)
    else {
      if reply.isFile, refusal == .forbidden, let group = try outbox.groupThatHas(updateID, in: tx)
      {
        try outbox.queue(
          [.message(Self.fileIsMissing, to: group.chatID)], topic: group.topic, in: tx)
      }
      if refusal == .reply { try mention(reply, in: tx) }
      return
    }
    if refusal == .reply {
      try outbox.queue(
        [.message(Self.allIsMissing, to: chatID)], topic: reply.topic(of: chatID), in: tx)
    }
    Logger.current.error(
      "An answer reached nobody, so its charge is given back.",
      metadata: ["update": "\(updateID)", "credits": "\(amount)"])
  }

  /// Says that a part is missing, once, after the other parts, which are queued already.
  private func mention(_ part: Outbox.Queued, in tx: LedgerTransaction) throws {
    guard let chatID = part.chatID, try outbox.isFirstMissingPart(part, in: tx) else { return }
    try outbox.queue(
      [.message(Self.partIsMissing, to: chatID)], topic: part.topic(of: chatID), in: tx)
  }

  private static let partIsMissing = Reply(
    "One part of this answer is missing: Telegram did not accept it. Please ask for it once more.")

  private static let fileIsMissing = Reply(
    """
    This answer comes with a file, but I may not send files in this group. Please ask me in a \
    private chat.
    """)

  private static let allIsMissing = Reply(
    "Telegram did not accept my answer, so it cost you nothing. Please ask in other words.")

  /// Gives the person the link that begins their subscription.
  private func pass(
    on ending: Outbox.Ending, _ orderID: String, _ reply: Outbox.Queued, in tx: LedgerTransaction
  ) throws {
    guard let chatID = reply.chatID else { return }
    guard case .sent(_, let link?) = ending, let order = try tx.orders.find(orderID)
    else {
      let sorry = Reply("The subscription could not be prepared. Please try again later.")
      return try outbox.queue([.message(sorry, to: chatID)], topic: reply.topic(of: chatID), in: tx)
    }
    let text = """
      \(order.package.name): \(order.package.content) for \
      \(StarText.text(ofWhole: order.package.price)) a month. You can cancel it at any \
      time with /credits.
      """
    let button = Button("Subscribe for \(order.package.price) ⭐ a month", url: link)
    try outbox.queue(
      [.message(Reply(text, buttons: [button]), to: chatID)], topic: reply.topic(of: chatID), in: tx
    )
  }

  /// If Telegram does not know the subscription any more, there is nothing left to end.
  private func cancel(
    _ orderID: String, _ ending: Outbox.Ending, _ reply: Outbox.Queued, in tx: LedgerTransaction
  ) throws {
    let service = tx.subscriptions
    // If the person was quicker, or it was asked for twice, there is nothing left to say.
    guard let subscription = try service.find(order: orderID),
      subscription.state != .canceled
    else { return }
    let account = try tx.users.account(id: subscription.userID)
    var text: String
    if case .failed(let reason, _) = ending, subscription.mayBeCharged(at: tx.now) {
      Logger.current.error("A subscription cannot be canceled.", metadata: ["reason": "\(reason)"])
      try payments.alerts.queue(Self.alert(of: reply.content, reason), in: tx)
      text = """
        Telegram did not accept the cancellation. Please cancel in Telegram's own settings (My \
        Stars), or send /paysupport.
        """
    } else {
      try service.setState(.canceled, order: orderID)
      text = """
        Your subscription is canceled: you will not be charged again, and you keep your credits.
        """
      let all = try service.list(ofUser: account.id)
      if all.contains(where: { $0.mayBeCharged(at: tx.now) }) {
        text = "One of your subscriptions is canceled; /credits shows what is left."
      }
    }
    let chatID = account.telegramUserID
    guard chatID > 0 else { return }
    try outbox.queue([.message(Reply(text), to: chatID)], topic: reply.topic(of: chatID), in: tx)
  }

  /// With what it takes to cancel by hand. Of an erased account, the request alone knows whose it
  /// was.
  private static func alert(of content: Outbox.Content?, _ reason: String) -> String {
    var request: BotRequest?
    if case .request(let cancellation)? = content { request = cancellation }
    let refused = request.flatMap { try? JSONDecoder().decode(Refused.self, from: $0.json) }
    return """
      The subscription of user \(refused.map { String($0.userID) } ?? "(unknown)") cannot be \
      canceled: \(reason.prefix(300)). Charge id: \(refused?.chargeID.prefix(200) ?? "(unknown)")
      """
  }

  private struct Refused: Decodable {
    var userID: Int64
    var chargeID: String

    private enum CodingKeys: String, CodingKey {
      case userID = "user_id"
      case chargeID = "telegram_payment_charge_id"
    }
  }
}
