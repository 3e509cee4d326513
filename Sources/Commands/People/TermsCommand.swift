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
    fails costs nothing. If a provider does not say what an answer used, it is estimated at a \
    token for four bytes of question and answer, without what the model thought.
    2. Credits are bought with Telegram Stars and credited at once. They do not expire, cannot be \
    passed on, and are not money.
    3. Unused credits are refunded at your wish: write to /paysupport. Credits of which a part is \
    spent are refunded as far as we agree.
    4. A subscription is charged each month until you cancel it with /credits or in Telegram.
    5. Models make mistakes. Check what they write before you rely on it.
    6. Whoever misuses the bot may be blocked.
    7. Telegram is no party to this and cannot help with purchases; /paysupport can.
    """

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(Reply(text ?? Self.defaultText))
  }
}
