import KillPoints
import Ledger
import Logging
import TelegramBotAPI

/// Growing answers are shown past the outbox: behind whatever else waits for the chat, and one
/// request at a time in it, so that no late frame takes the place of an answer.
extension OutboxDelivery {
  /// Sends it once, if nothing else waits for its chat and the rates leave a place beside one for
  /// the next reply.
  ///
  /// - Parameter isWanted: Asked at the last moment: an answer that waits in the outbox has ended
  ///   its preview before.
  func send(_ frame: PreviewFrame, isWanted: @Sendable () -> Bool) async -> PreviewFrame.Outcome {
    guard isWanted() else { return .over }
    guard takePlaceForFrame(frame.chatID) else { return .waits }
    defer { goOn(frame.chatID) }
    return await withLogger(mergingMetadata: ["update": "\(frame.updateID)"]) { _ in
      await sendAlone(frame)
    }
  }

  private func sendAlone(_ frame: PreviewFrame) async -> PreviewFrame.Outcome {
    var frame = frame
    do {
      if case .message(id: nil) = frame.form {
        let beginning = try await writer.writeOnce { [outbox, frame] tx in
          try tx.previews.begin(
            frame.part, ofUpdate: frame.updateID, chatID: frame.chatID, channel: outbox.channel)
        }
        switch beginning {
        case .over: return .over
        case .known(let id): frame.form = .message(id: id)
        case .new: KillPoint.previewSending.passed()
        }
      }
      return try await perform(frame)
    } catch {
      // The answer comes whole.
      Logger.current.warning("A preview could not be kept.", metadata: ["error": "\(error.advice)"])
      return .over
    }
  }

  private func perform(_ frame: PreviewFrame) async throws -> PreviewFrame.Outcome {
    do throws(TelegramError) {
      let newID = chats[frame.chatID]?.newID
      let result = try await perform(try frame.request(movedTo: newID), atOnce: false)
      switch frame.form {
      case .draft:
        return .shown(messageID: nil)
      case .message(let id?):
        KillPoint.previewGrown.passed()
        return .shown(messageID: id)
      case .message(nil):
        KillPoint.previewShown.passed()
        guard let id = result.messageID else { return .over }
        // Whatever finishes the update waits for the end of this request, and finds it.
        try await keep(id, of: frame)
        return .shown(messageID: id)
      }
    } catch {
      return try await outcome(of: frame, after: error)
    }
  }

  private func keep(_ id: Int64, of frame: PreviewFrame) async throws(TelegramError) {
    do {
      try await writer.write(for: "keeping a preview") {
        try $0.previews.keep(id, of: frame.part, ofUpdate: frame.updateID)
      }
    } catch {
      Logger.current.error("A preview could not be kept.", metadata: ["error": "\(error.advice)"])
      throw .answerMalformed(method: "sendMessage")
    }
  }

  private func outcome(
    of frame: PreviewFrame, after error: TelegramError
  ) async throws -> PreviewFrame.Outcome {
    Logger.current.debug("A preview was not taken.", metadata: ["error": "\(error)"])
    let isNew = if case .message(id: nil) = frame.form { true } else { false }
    if case .message(let id?) = frame.form, error.isMessageNotModified {
      return .shown(messageID: id)
    }
    guard !error.requestMayHaveTakenEffect else {
      // Another one might be the second of the same; an edit, or a draft, is the same twice.
      return isNew ? .over : .waits
    }
    if isNew {
      try await writer.write(for: "forgetting a preview") {
        try $0.previews.forget(frame.part, ofUpdate: frame.updateID)
      }
    }
    if case .chatMigrated(let new) = error {
      try await moveChat(from: frame.chatID, to: new)
      return .moved
    }
    guard case .tooManyRequests(let wait) = error else { return .over }
    health.note(error)
    chats[frame.chatID]?.blockedUntil = .now + wait
    return .tooMany(wait)
  }

  private func takePlaceForFrame(_ chatID: Int64) -> Bool {
    let now = ContinuousClock.now
    var chat = chats[chatID] ?? ChatQueue(rates)
    guard !isStopping, !chat.isBusy, !chat.isLeft, chat.waiting.isEmpty, hasFreePlace,
      chat.blockedUntil.map({ $0 <= now }) ?? true, takeSparePlace(in: &chat, at: now)
    else { return false }
    chat.isBusy = true
    chats[chatID] = chat
    return true
  }

  /// The message that shows a part of it cannot become it: another one does, and that one goes.
  func sendAnew(_ reply: inout Outbox.Queued) async {
    guard let number = reply.previewPart, let updateID = reply.updateID, let chatID = reply.chatID
    else { return }
    reply.previewPart = nil
    do {
      try await writer.write(for: "removing a preview") {
        let part = Previews.Part(number: number, chatID: chatID)
        try self.outbox.remove([part], ofUpdate: updateID, in: $0)
      }
    } catch {
      Logger.current.error(
        "A preview could not be removed.", metadata: ["error": "\(error.advice)"])
    }
  }
}
