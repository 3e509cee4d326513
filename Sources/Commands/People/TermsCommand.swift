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
    2. Software that I build for you is charged step by step as it is made, planning included, and \
    never more than the highest price that you agreed to before. If you stop it, you pay for the \
    steps that are done and, as for any answer, for what was written of the one under way. What \
    was built so far is kept.
    3. Credits are bought with Telegram Stars and credited at once. They do not expire, cannot be \
    transferred, and are not money.
    4. Unused credits are refunded on request: send /paysupport. Once you have spent part of a \
    purchase, we decide with you, case by case, how much of it is refunded.
    5. A subscription is charged each month until you cancel it with /credits or in Telegram.
    6. Models make mistakes. Check what they write or build before you rely on it.
    7. Whoever misuses the bot may be blocked.
    8. Telegram is not a party to this and cannot help with purchases; /paysupport can.
    """

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(Reply(text ?? Self.defaultText))
  }
}
