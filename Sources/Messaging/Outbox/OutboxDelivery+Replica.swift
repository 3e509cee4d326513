import Foundation
import Ledger
import Logging
import Replication
import TelegramBotAPI

/// What is sent is a promise: it waits until what it says is where it outlives this machine.
extension OutboxDelivery {
  /// How long after its arrival a payment is said yes to at most, for want of the replica: Telegram
  /// takes an answer within ten seconds (Bot API, answerPreCheckoutQuery).
  static let checkoutLimit: TimeInterval = 7
  private static let cannotSell = "I cannot take payments right now. Please try again in a minute."

  /// Waits for as long as it takes, or somebody waits for the reply, or the task is cancelled.
  /// Instead of a yes to a payment that the replica would not know of, there is a no, which needs
  /// no replica.
  ///
  /// - Returns: Whether it may be sent, if somebody still waits for it.
  /// - Throws: Errors of the database.
  func waitForReplica(_ reply: inout Outbox.Queued) async throws -> Bool {
    guard let replica else { return true }
    guard reply.chatID == nil else { return await replica.has() }
    reply.content = try content(of: reply)
    guard case .request(let request)? = reply.content, let query = request.acceptedCheckout else {
      return await replica.has(within: reply.remainingLife(at: writer.now))
    }
    let rest = Self.checkoutLimit - writer.now.timeIntervalSince(reply.createdAt)
    if rest > 0, await replica.has(within: .seconds(rest)) { return true }
    guard !Task.isCancelled else { return false }
    Logger.current.warning("A payment is refused, as the replica would not know of it.")
    reply.content = .request(
      try BotRequest.answerPreCheckoutQuery(id: query, ok: false, errorMessage: Self.cannotSell))
    return true
  }
}

extension BotRequest {
  /// The id of the query to which it says that the payment may be made.
  fileprivate var acceptedCheckout: String? {
    struct Answer: Decodable {
      var id: String
      var isAccepted: Bool

      enum CodingKeys: String, CodingKey {
        case id = "pre_checkout_query_id"
        case isAccepted = "ok"
      }
    }
    guard method == "answerPreCheckoutQuery",
      let answer = try? JSONDecoder().decode(Answer.self, from: json), answer.isAccepted
    else { return nil }
    return answer.id
  }
}
