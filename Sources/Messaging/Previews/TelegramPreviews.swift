import Synchronization

/// Shows growing answers in Telegram, once there is somebody who sends.
package final class TelegramPreviews: Sendable {
  private let streaming: @Sendable () -> AnswerStreaming
  private let sleep: @Sendable (Duration) async -> Void
  private let delivery = Mutex<OutboxDelivery?>(nil)

  /// - Parameters:
  ///   - streaming: As the settings in force have it.
  ///   - sleep: Ends early when the task is cancelled.
  package init(
    streaming: @escaping @Sendable () -> AnswerStreaming,
    sleep: @escaping @Sendable (Duration) async -> Void
  ) {
    self.streaming = streaming
    self.sleep = sleep
  }

  package func use(_ delivery: OutboxDelivery) {
    self.delivery.withLock { $0 = delivery }
  }

  /// `nil` where the answer is to come whole.
  package func begin(_ updateID: Int64, to address: Address) -> (any AnswerPreview)? {
    guard let delivery = delivery.withLock({ $0 }) else { return nil }
    let isDraft: Bool
    switch streaming() {
    case .off: return nil
    case .edits: isDraft = false
    case .drafts: isDraft = address.isPrivate
    }
    let answer = GrowingAnswer(updateID: updateID, to: address, isDraft: isDraft, sleep: sleep)
    Task {
      let renewal = isDraft ? Task { await answer.renew(delivery) } : nil
      await answer.run(delivery)
      renewal?.cancel()
    }
    return answer
  }
}
