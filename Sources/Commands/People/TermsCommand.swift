import GRDB
import Ledger
import Messaging

/// `/terms`: on what terms credits are sold.
struct TermsCommand: Command {
  let name = "terms"
  let summary = "Terms of sale"
  let servesBlocked = true
  let readsOnly = true
  /// In the operator's words.
  let text: String?

  private static let defaultText = """
    Terms of sale

    1. Credits pay for answers of AI models. What an answer costs stands below it; an answer that \
    fails costs nothing. If a provider does not say what an answer used, it is estimated at one \
    token per four bytes of question and answer, not counting the model's thinking. An answer that \
    you stop costs what the provider says that it used until then or, where it doesn't say, a low \
    estimate of what you were shown; stopped before its first word, it is free.
    2. Credits are bought with Telegram Stars and credited at once. They do not expire, cannot be \
    transferred, and are not money.
    3. Unused credits are refunded on request: write to /paysupport. Once you have spent part of a \
    purchase, we decide with you, case by case, how much of it is refunded.
    4. A subscription is charged each month until you cancel it with /credits or in Telegram.
    5. Models make mistakes. Check what they write before you rely on it.
    6. Whoever misuses the bot may be blocked.
    7. Telegram is not a party to this and cannot help with purchases; /paysupport can.
    """

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(Reply(text ?? Self.defaultText))
  }
}
