import Foundation
import Markdown
import Synchronization
import TelegramBotAPI

/// Shows one growing answer in one chat of Telegram: at most one request every so often, which
/// shows the newest text. Where Telegram has asked for patience three times, the answer comes
/// whole.
final class GrowingAnswer: AnswerPreview {
  /// How often a message is edited (vercel/chat, openclaw: 1.1 s in private, 3.1 s elsewhere).
  static let pauseInPrivate = Duration.milliseconds(1_100)
  static let pauseInGroups = Duration.milliseconds(3_100)
  /// A draft lasts for 30 s (Bot API, *sendMessageDraft*).
  static let draftRenewal = Duration.seconds(20)
  /// Before the chat is asked again whether it has a place.
  private static let pauseForOthers = Duration.milliseconds(300)
  private static let mostStrikes = 3
  /// At the end of what grows, so that it does not pass for an answer.
  private static let mark = " ▌"

  private struct State {
    var text = GrowingMarkdown(limits: .telegram)
    var isEnded = false
    /// While Telegram asks for patience, perhaps for hours.
    var rest: Task<Void, Never>?
  }

  private let updateID: Int64
  private let address: Address
  private let isDraft: Bool
  private let sleep: @Sendable (Duration) async -> Void
  private let state = Mutex(State())
  private let (changes, change) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

  init(
    updateID: Int64, to address: Address, isDraft: Bool,
    sleep: @escaping @Sendable (Duration) async -> Void
  ) {
    self.updateID = updateID
    self.address = address
    self.isDraft = isDraft
    self.sleep = sleep
  }

  func add(_ text: String) {
    state.withLock { state in
      guard !state.isEnded else { return }
      state.text.append(text)
    }
    change.yield()
  }

  func end() {
    state.withLock { state in
      state.isEnded = true
      state.rest?.cancel()
    }
    change.finish()
  }

  private var isWanted: Bool { state.withLock { !$0.isEnded } }

  // MARK: - Frames

  /// Sends frames until the answer is there, or nothing more is to be shown of it.
  func run(_ delivery: OutboxDelivery) async {
    var shown: [Int: Shown] = [:]
    var strikes = 0
    for await _ in changes {
      while isWanted, !Task.isCancelled, let frame = frame(after: shown) {
        switch await delivery.send(frame, isWanted: { self.isWanted }) {
        case .shown(let id):
          shown[frame.part] = Shown(frame.message, id: id)
          await sleep(address.isPrivate ? Self.pauseInPrivate : Self.pauseInGroups)
        case .waits: await sleep(Self.pauseForOthers)
        case .moved:
          strikes += 1
          guard strikes < Self.mostStrikes else { return }
          shown.removeAll()
        case .tooMany(let wait):
          strikes += 1
          guard strikes < Self.mostStrikes else { return }
          await rest(for: wait)
        case .over: return
        }
      }
    }
  }

  /// No longer than the answer grows. A request is not cut off by its end.
  private func rest(for wait: Duration) async {
    let rest = Task { await sleep(wait) }
    state.withLock { state in
      state.rest = rest
      if state.isEnded { rest.cancel() }
    }
    await rest.value
  }

  /// Shows a draft again, which would go away otherwise, until the task is cancelled.
  func renew(_ delivery: OutboxDelivery) async {
    while isDraft, isWanted, !Task.isCancelled {
      await sleep(Self.draftRenewal)
      while isWanted, !Task.isCancelled, let frame = frame(after: [:], onlyNewest: true),
        await delivery.send(frame, isWanted: { self.isWanted }) == .waits
      {
        await sleep(Self.pauseForOthers)
      }
    }
  }

  /// What is to be shown next: of the parts that do not show what they should, the first.
  private func frame(
    after shown: [Int: Shown], onlyNewest: Bool = false
  ) -> PreviewFrame? {
    // Parts that are full stay as they are.
    let parts = state.withLock { $0.text }.messages
    // A draft shows one part, the newest.
    let first = isDraft || onlyNewest ? max(0, parts.count - 1) : 0
    for number in parts.indices.dropFirst(first) {
      let message = message(parts[number], number, isNewest: number == parts.count - 1)
      guard shown[number]?.digest != message.hashValue else { continue }
      return PreviewFrame(
        updateID: updateID, part: number, chatID: address.chatID, message: message,
        form: isDraft
          ? .draft(id: DraftID.of(number, ofUpdate: updateID))
          : .message(id: shown[number]?.id))
    }
    return nil
  }

  private func message(
    _ formatted: FormattedText, _ number: Int, isNewest: Bool
  ) -> OutboxMessage {
    let room = TelegramLimits.messageText - Self.mark.utf16.count
    var message = OutboxMessage(isNewest ? formatted.prefix(room) : formatted)
    if isNewest { message.text += Self.mark }
    message.buttons = isNewest && !isDraft ? [.stop(updateID)] : []
    message.threadID = address.threadID
    message.replyTo = number == 0 ? address.replyTo : nil
    return message
  }
}

/// What a part shows, and in which message.
private struct Shown {
  /// Enough to tell whether it has changed, without a second copy of each growing answer.
  var digest: Int
  var id: Int64?

  init(_ message: OutboxMessage, id: Int64?) {
    digest = message.hashValue
    self.id = id
  }
}

extension Button {
  /// The word before the id of the update in the data of a button that stops an answer.
  package static let stopCommand = "stop"

  static func stop(_ updateID: Int64) -> Button {
    Button("⏹ Stop", command: stopCommand, argument: String(updateID))
  }
}
