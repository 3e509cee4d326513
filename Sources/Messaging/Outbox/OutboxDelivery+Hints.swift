import Logging
package import TelegramBotAPI

/// What people may see or not: it goes past the outbox, and never before a reply.
extension OutboxDelivery {
  /// Sends it once, if the rates leave a place beside one for the next reply, and nothing else is
  /// on its way to the chat. Returns whether it was tried.
  package func sendHint(_ request: BotRequest, inChat chatID: Int64) async -> Bool {
    guard takePlaceForHint(chatID) else { return false }
    do throws(TelegramError) {
      try await client.perform(request)
    } catch {
      if case .tooManyRequests(let wait) = error { chats[chatID]?.noHintsUntil = .now + wait }
      // A group may allow no reactions.
      Logger.current.debug("A hint was not taken.", metadata: ["error": "\(error)"])
    }
    return true
  }

  private func takePlaceForHint(_ chatID: Int64) -> Bool {
    let now = ContinuousClock.now
    var chat = chats[chatID] ?? ChatQueue(rates)
    let waits = [chat.blockedUntil, chat.noHintsUntil].compactMap { $0 }
    guard !chat.isBusy, !chat.isLeft, waits.allSatisfy({ $0 <= now }),
      takeSparePlace(in: &chat, at: now)
    else { return false }
    chats[chatID] = chat
    return true
  }

  /// Takes a place of both rates, if each leaves one beside it for the next reply.
  func takeSparePlace(in chat: inout ChatQueue, at now: ContinuousClock.Instant) -> Bool {
    guard globalRate.hasSpare(at: now), chat.rate.hasSpare(at: now) else { return false }
    _ = globalRate.take(at: now)
    _ = chat.rate.take(at: now)
    return true
  }
}
