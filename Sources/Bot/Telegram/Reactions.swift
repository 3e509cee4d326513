package import Messaging
import Synchronization
import TelegramBotAPI

/// Puts eyes under messages that wait. Nobody relies on them: they give way to every reply, and
/// what Telegram does not take is forgotten.
package final class Reactions: Sendable {
  /// How many wait to be sent; more are left out.
  private static let most = 256
  /// How often it is looked whether the chat has a place for one, and how long between.
  private static let attempts = 6
  private static let pause = Duration.milliseconds(1_500)
  private static let emoji = "👀"

  private let (messages, message) = AsyncStream<WaitingMessage>.makeStream(
    bufferingPolicy: .bufferingOldest(most))
  private let underWay = Mutex(0)

  package init() {}

  package func add(_ waiting: WaitingMessage) { message.yield(waiting) }

  /// Sends them until the task is cancelled.
  ///
  /// - Parameter sleep: Ends early when the task is cancelled.
  package func run(
    _ delivery: OutboxDelivery, sleep: @escaping @Sendable (Duration) async -> Void
  ) async {
    await withDiscardingTaskGroup { group in
      for await one in messages where begins() {
        group.addTask {
          await self.send(one, delivery, sleep: sleep)
          self.underWay.withLock { $0 -= 1 }
        }
      }
    }
  }

  private func begins() -> Bool {
    underWay.withLock { count in
      guard count < Self.most else { return false }
      count += 1
      return true
    }
  }

  private func send(
    _ one: WaitingMessage, _ delivery: OutboxDelivery, sleep: (Duration) async -> Void
  ) async {
    let request = BotRequest.setMessageReaction(
      chatID: one.chatID, messageID: one.messageID, emoji: Self.emoji)
    for _ in 1...Self.attempts where !Task.isCancelled {
      guard await !delivery.sendHint(request, inChat: one.chatID) else { return }
      await sleep(Self.pause)
    }
  }
}
