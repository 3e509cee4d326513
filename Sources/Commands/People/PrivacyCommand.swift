import Assistant
import GRDB
import LanguageModels
import Ledger
import Messaging

/// `/privacy`: what is stored, and for how long. Telegram demands it of every bot (Terms of Service
/// for bot developers, 4).
struct PrivacyCommand: Command {
  let name = "privacy"
  let summary = "What is stored about you, and for how long"
  let servesBlocked = true
  let readsOnly = true
  /// In the operator's words.
  let text: String?

  private static let defaultText = """
    What I store about you

    • Your Telegram id, name, user name and language: until you erase your account.
    • Our conversation, as context for the next answer: the last \(Conversation.keptMessages) \
    messages of each project, and of each group where you ask me, until you erase your account; \
    /reset forgets those of the active project sooner.
    • Your projects: ideas, your answers to my questions, plans, task lists, files, and what \
    running them printed; until you erase your account.
    • What you choose in /settings and /model: likewise.
    • What you bought, what you spent and what your requests cost, as a journal: for good, since \
    accounting needs it. Once you erase your account, it has no name on it.
    • Messages on their way in and out: \(Int(Inbox.keptFor) / 3_600) hours, and \
    \(Int(Inbox.quarantinedFor / .day)) days where one could not be handled; until you erase your \
    account, if that is sooner.
    • An answer that you paid for and that I could not deliver because you had blocked me: \
    \(Int(Outbox.answersKeptFor / .day)) days, or until you write to me again.
    • Questions to /paysupport: in the chats of those who answer them. When you asked: until you \
    erase your account. How often you asked: a day. That you tried wrong codes: an hour.
    • Once you erase your account: your bare Telegram id, whether you were blocked, and how \
    many invitations you were thanked for, for good and linked to nothing, so that what is given \
    once is not given twice.
    • Backups of all this: as long as whoever runs me keeps them, usually two weeks. Should one be \
    restored, your erasure is done again.

    What you ask, with the message that you reply to, and the idea, plan and files of what I \
    build for you go to the provider of the model that answers \
    (\(Provider.all.map(\.recipient).joined(separator: ", or "))), without your name. Nothing is \
    sold or used for advertising.

    /deletemydata erases your account.
    """

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    .reply(Reply(text ?? Self.defaultText))
  }
}
