import Assistant
import Ledger
import Messaging
import TelegramBotAPI

/// Whoever has asked may stop the answer while it grows. Whatever the data of a press say is
/// checked: a modified client makes up any.
extension UpdateHandler {
  /// `nil` for another button.
  func response(
    toStop data: String, _ query: CallbackQuery, from sender: Address, in tx: LedgerTransaction
  ) throws -> Response? {
    let parts = data.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[0] == Button.stopCommand, let id = Int64(parts[1]) else {
      return nil
    }
    func notice(_ text: String, also: [Outgoing] = []) -> Response {
      .pressed(ButtonResponse(notice: text, also: also), query)
    }
    switch environment.orchestrator.answers.stop(id, by: sender.user.id) {
    case .stopped: return notice("Stopped.")
    case .isOthers: return notice("Only whoever asked can stop this.")
    case .isNotUnderWay:
      guard try environment.inbox.isFinished(id, ofPerson: sender.user.id, in: tx) else {
        return notice("There is nothing to stop here.")
      }
      guard let message = query.message,
        try tx.previews.isLeft(message.messageID, inChat: sender.chatID, ofUpdate: id)
      else { return notice("That answer has already ended.") }
      let removal = BotRequest.deleteMessage(chatID: sender.chatID, messageID: message.messageID)
      return notice(
        "This one was left unfinished, so I have removed it.",
        also: [.request(removal, chat: sender.chatID)])
    }
  }

  /// Telegram's own button under a draft. There are none in groups.
  func stop(_ stopped: MessageGenerationStopped) {
    guard stopped.chat.isPrivate else { return }
    _ = environment.orchestrator.answers.stop(
      DraftID.updateID(of: stopped.draftID), by: stopped.chat.id)
  }
}
