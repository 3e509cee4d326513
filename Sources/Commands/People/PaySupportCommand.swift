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
  let takesLines = true
  let servesBlocked = true
  let readsOnly = true
  let takesAttachments = true
  /// In the operator's words.
  let text: String?
  let desk: SupportRequests

  private static let defaultText = """
    Is something wrong with a payment, or do you want a refund? Write /paysupport and your \
    question in one message, with the charge id from your receipt if you have it. A person reads \
    it and answers here.

    Telegram's own support cannot help with purchases in this bot.
    """

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    guard !desk.administrators.isEmpty else { return .reply(Reply(text ?? SupportRequests.nobody)) }
    guard !request.argument.isEmpty || request.attachment != nil else {
      return .reply(Reply(text ?? Self.defaultText))
    }
    switch try desk.ask(request.attachment ?? .text(request.argument), by: request.profile, in: tx)
    {
    case .passedOn(let messages):
      return .reply(Reply(SupportRequests.thanks), also: messages)
    case .tooMany: return .reply(Reply(SupportRequests.tooMany))
    }
  }
}
