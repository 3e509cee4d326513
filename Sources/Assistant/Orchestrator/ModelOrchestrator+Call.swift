import KillPoints
import LanguageModels
import Ledger
import Logging
import Messaging

/// The call itself: the answer grows, is shown as it does, and may be stopped.
extension ModelOrchestrator {
  /// Telegram shows "typing" for five seconds (Bot API, sendChatAction).
  private static let typingRenewal = Duration.seconds(4)

  func make(_ call: PaidCall) async throws {
    KillPoint.markedSent.passed()
    log(.debug, "A call begins.", call.hold)
    let preview =
      call.choice.preferences.streams
      ? environment.preview(call.work.updateID, call.work.sender) : nil
    do {
      // Before anything of it is written: what waits in the outbox is later than any preview.
      defer { preview?.end() }
      let answer = try await answer(to: call, preview)
      preview?.end()
      (answer.ending == .stopped ? KillPoint.stopped : .answerComplete).passed()
      try await settle(call, with: answer)
    } catch let failure as LanguageModelError {
      KillPoint.callFailed.passed()
      try await void(call, because: failure)
    }
  }

  private func answer(
    to call: PaidCall, _ preview: (any AnswerPreview)?
  ) async throws(LanguageModelError) -> Answer {
    let pieces = try environment.llm.stream(call.prompt, model: call.hold.model)
    environment.answers.onStop(of: call.work.updateID) { pieces.stop() }
    let typing = showTyping(to: call.work.sender)
    defer { typing.cancel() }
    var iterator = pieces.makeAsyncIterator()
    while let piece = try await iterator.next() {
      switch piece {
      case .requestID(let id): await keep(id, of: call.hold)
      case .text(let text):
        guard let preview else { continue }
        typing.cancel()
        preview.add(text)
      case .usage: break
      case .whole(let answer): return answer
      }
    }
    throw LanguageModelError(.cancelled)
  }

  func keep(_ requestID: String, of hold: CreditHold) async {
    do {
      try await environment.writer.writeOnce { tx in
        try holds(in: tx).keepRequestID(requestID, of: hold.id)
      }
    } catch {
      // Without it a crash costs an estimate instead of a fact; the call goes on.
      Logger.current.warning(
        "The id of a request could not be kept.",
        metadata: ["hold": "\(hold.id)", "error": "\(error)"])
    }
  }

  /// Until it is cancelled.
  private func showTyping(to sender: Address) -> Task<Void, Never> {
    Task { [environment] in
      while !Task.isCancelled {
        await environment.typing(sender)
        await environment.writer.sleep(Self.typingRenewal)
      }
    }
  }
}
