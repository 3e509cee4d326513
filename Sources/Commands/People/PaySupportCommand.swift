import GRDB
import Ledger
import Messaging
import Sales

/// `/paysupport WORDS`: takes questions about payments to the administrators. Telegram demands it
/// of every bot that sells (Terms of Service for bot developers, 6.2.1).
struct PaySupportCommand: Command {
  let name = "paysupport"
  let summary = "Get help with a payment: /paysupport and your question"
  let isPersonal = true
  let servesBlocked = true
  let readsOnly = true
  /// In the operator's words.
  let text: String?
  let desk: SupportRequests

  private static let defaultText = """
    Is something wrong with a payment, or do you want a refund? Write /paysupport and your \
    question in one message, with the charge id from your receipt if you have it. A person reads \
    it and answers here.

    Telegram's own support cannot help with purchases in this bot.
    """

  private static let nobodyText = """
    I have nobody to take your question to, so it is kept nowhere. Please reach whoever runs this \
    bot in another way.
    """

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    guard !desk.administrators.isEmpty else { return .reply(Reply(text ?? Self.nobodyText)) }
    guard !request.argument.isEmpty else { return .reply(Reply(text ?? Self.defaultText)) }
    switch try desk.ask(request.argument, by: request.profile, in: tx) {
    case .passedOn(let messages):
      return .reply(
        Reply("Thank you. Your words are with my operator, who answers you here."), also: messages)
    case .tooMany:
      return .reply(
        Reply("You have sent me many requests today; the answers will come. Please wait for them."))
    }
  }
}
