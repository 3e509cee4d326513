import Ledger
import Messaging
import TelegramBotAPI

extension UpdateHandler {
  /// Whether an edit has other words than the message had before. Telegram calls it an edit, too,
  /// when the preview of a link has loaded, or only a mark in the text is another.
  func changesWords(_ edit: StoredUpdate, in tx: LedgerTransaction) throws -> Bool {
    guard case .editedMessage(let message)? = edit.update?.content else { return true }
    let former = try environment.inbox.formerVersion(of: message, before: edit.id, in: tx)
    // What is not known any more may have been anything.
    return former.map { $0.words != message.words } ?? true
  }
}
