@testable import Bot
import Commands
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// Telegram takes what shows a growing answer when it likes; what the chat shows in the end is the
/// answer.
@Suite("A late frame of a growing answer")
struct LateFrameTests {
  /// The frame that Telegram is slow to take, by its method.
  enum Frame: String, CaseIterable {
    case first = "sendMessage"
    case edit = "editMessageText"
    case draft = "sendMessageDraft"
  }

  enum End: CaseIterable {
    case whole
    case stopped
    case failed

    func isSaid(by text: String) -> Bool {
      switch self {
      case .whole: text.hasPrefix("First words.\n\nCost: ")
      case .stopped: text.hasPrefix("First words\n\n(")
      case .failed: text.hasSuffix("It cost you nothing.")
      }
    }
  }

  /// Takes the next frame of that method, all others of it too, once they are released.
  private final class Hold: Sendable {
    private let isReleased = Watched(false)

    init(_ frame: Frame, at fake: FakeTelegram) {
      fake.onCall { [isReleased] call in
        guard call.method == frame.rawValue,
          call.parameters["text"]?.string?.hasSuffix(" ▌") == true
        else { return nil }
        _ = isReleased.block { $0 }
        return nil
      }
    }

    func release() { isReleased.change { $0 = true } }
  }

  /// Replies to somebody else come and go, as could one to the chat. Until then, the answer has
  /// ended too.
  private func letOthersPass(_ rig: StreamingRig) async throws {
    for other in 43...45 as ClosedRange<Int64> {
      try await rig.bot.say("/start", from: other)
      await rig.delivering.beginSending()
      try await rig.fake.state.wait(for: "a reply to somebody else") {
        $0.sent(to: other).count == 1
      }
    }
  }

  private func requests(_ rig: StreamingRig) -> [FakeTelegramState.Call] {
    rig.fake.state.value.calls.filter { $0.parameters["chat_id"] == 42 }
  }

  @Test(arguments: Frame.allCases, End.allCases)
  func isFollowedByTheEndAlone(frame: Frame, end: End) async throws {
    let rig = try await StreamingRig(frame == .draft ? .drafts : .edits)
    let hold = Hold(frame, at: rig.fake)
    let id = try await rig.ask()
    if frame == .edit {
      rig.answer.say("First")
      try await rig.waitForText("the first words") { $0 == "First ▌" }
      rig.answer.say(" words", outputTokens: 40)
    } else {
      rig.answer.say("First words", outputTokens: 40)
    }
    try await rig.fake.state.wait(for: "the frame") { state in
      state.calls.last { $0.parameters["chat_id"] == 42 }?.method == frame.rawValue
        && state.calls(of: frame.rawValue).last?.parameters["text"] == "First words ▌"
    }
    let before = requests(rig)
    switch end {
    case .whole: rig.answer.end()
    case .stopped: try await rig.bot.deliver("callback_query", .press("stop:\(id)"))
    case .failed: rig.answer.breakOff()
    }
    try await letOthersPass(rig)
    #expect(try rig.bot.inboxState(id) == "done")
    #expect(requests(rig) == before)

    hold.release()
    await rig.waitForEnd()
    let messages = rig.messages()
    #expect(messages.count == 1)
    #expect(messages.first.map { end.isSaid(by: $0.text) } == true, "\(messages)")
    let after = requests(rig).dropFirst(before.count)
    #expect(after.map(\.method) == [frame == .draft ? "sendMessage" : "editMessageText"])
    if frame != .draft {
      #expect(after.first?.parameters["message_id"]?.integer == messages.first?.id)
    }
    #expect(rig.fake.state.value.drafts[42] == nil)
    let payers = try rig.bot.usage().map { $0["charged_to"] as String }
    #expect(payers == [end == .failed ? "house" : "user"])
  }

  @Test func ofASecondPartIsTakenAwayOnceItIsThere() async throws {
    let rig = try await StreamingRig()
    _ = try await rig.ask()
    rig.answer.say(String(repeating: "word ", count: 800))
    try await rig.waitForText("the first part") { $0.hasSuffix("word ▌") }
    let hold = Hold(.first, at: rig.fake)
    rig.answer.say(String(repeating: "more ", count: 100))
    try await rig.fake.state.wait(for: "the second part") { state in
      state.calls(of: "sendMessage").last?.parameters["text"]?.string?.hasPrefix("more ") == true
    }
    let before = requests(rig)
    rig.answer.breakOff()
    try await letOthersPass(rig)
    #expect(requests(rig) == before)
    hold.release()
    await rig.waitForEnd()
    #expect(rig.messages().count == 1)
    #expect(rig.messages().first?.text.hasSuffix("It cost you nothing.") == true)
    #expect(
      requests(rig).dropFirst(before.count).map(\.method) == ["editMessageText", "deleteMessage"])
  }
}
