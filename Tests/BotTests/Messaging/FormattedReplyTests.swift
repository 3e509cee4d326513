import Commands
import Foundation
import GRDB
import HTTPTransport
import Ledger
import Markdown
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// What a model writes, in Telegram.
@Suite("Formatted replies")
final class FormattedReplyTests {
  private let rig: BotRig
  private let fake: FakeTelegram
  private let sender: OutboxDelivery
  private let wake: AsyncStream<Void>.Continuation

  init() throws {
    rig = try BotRig()
    fake = try FakeTelegram()
    let (wakeUps, wake) = AsyncStream<Void>.makeStream()
    self.wake = wake
    sender = OutboxDelivery(
      outbox: Outbox(channel: .telegram),
      client: .patient(with: fake),
      writer: rig.writer, rates: rig.settings.sendRates, ended: { _, _, _ in false },
      wakeUps: wakeUps)
  }

  private func ask(_ answer: String) async throws {
    rig.gemini.answer.change { $0.text = answer }
    try await rig.say("/start")
    try await rig.say("How?")
    let running = Task { [sender] in await sender.run() }
    await sender.becomeIdle()
    running.cancel()
    await running.value
    fake.stop()
    #expect(fake.state.value.violations.isEmpty)
  }

  private var messages: [FakeTelegramState.Call] {
    Array(fake.state.value.calls.filter { $0.method == "sendMessage" }.dropFirst())
  }

  @Test func areTextWithEntities() async throws {
    try await ask("# Title\n\nSome **bold** text.")
    let last = try #require(messages.last)
    let footer = "Cost: 0.2325 credits · Left: 99.7675 credits"
    #expect(last.parameters["text"]?.string == "Title\n\nSome bold text.\n\n\(footer)")
    #expect(last.parameters["parse_mode"] == nil)
    #expect(
      last.parameters["entities"] == [
        ["type": "bold", "offset": 0, "length": 5], ["type": "bold", "offset": 12, "length": 4],
      ])
  }

  @Test func areBareTextWhereTelegramRefusesTheEntities() async throws {
    fake.onCall { call in
      call.parameters["entities"] == nil ? nil : .badRequest("ENTITY_BOUNDS_INVALID")
    }
    try await ask("Some **bold** text.")
    let last = try #require(messages.last)
    #expect(last.parameters["text"]?.string?.hasPrefix("Some bold text.\n\n") == true)
    #expect(last.parameters["entities"] == nil)
  }

  @Test func bringLongCodeAsAFileAsWell() async throws {
    let code = (0..<300).map { "line number \($0)" }.joined(separator: "\n")
    try await ask("Put this into `run.py`:\n```python\n\(code)\n```")
    let file = try #require(fake.state.value.documents.first)
    #expect(file.fileName == "run.py")
    #expect(String(decoding: file.data, as: UTF8.self) == code + "\n")
    // What is above it, and its two parts.
    #expect(messages.count == 3)
  }

  @Test func areAFileWhereTheyTakeMoreThanFiveMessages() async throws {
    let answer = "# My shop\n\n" + (1...3_000).map { "Line \($0)." }.joined(separator: "\n")
    try await ask(answer)
    #expect(messages.count == 3)
    let footer = "Cost: 0.2325 credits · Left: 99.7675 credits"
    #expect(
      messages.last?.parameters["text"]?.string
        == "The whole answer is in the file my-shop.md.\n\n\(footer)")
    let file = try #require(fake.state.value.documents.first)
    #expect(file.fileName == "my-shop.md")
    #expect(String(decoding: file.data, as: UTF8.self) == answer)
  }

  @Test func areAFileFromSixMessagesOn() {
    func answer(_ messages: Int) -> String {
      let full = String(repeating: "a", count: TelegramLimits.messageText)
      return (1..<messages).map { _ in full }.joined(separator: "\n\n") + "\n\nThe end."
    }
    let five = RenderedReply(Reply(markdown: answer(5), below: "Cost: 1 credit"))
    #expect(five.messages.count == 5)
    #expect(five.messages.last?.text == "The end.\n\nCost: 1 credit")
    #expect(five.files.isEmpty)
    let six = RenderedReply(Reply(markdown: answer(6), below: "Cost: 1 credit"))
    #expect(six.messages.count == 3)
    #expect(
      six.messages.last?.text
        == "The whole answer is in the file answer.md.\n\nCost: 1 credit")
    #expect(six.files.map(\.content) == [answer(6)])
  }

  /// Both may be saved in one folder.
  @Test func areAFileOfANameThatNoneOfTheirCodeHas() {
    let code = String(repeating: "word\n", count: 5_000)
    let answer = "# Readme\n\nIn `README.md`:\n```markdown\n\(code)```"
    let reply = RenderedReply(Reply(markdown: answer, below: "Cost: 1 credit"))
    #expect(reply.files.map(\.name) == ["readme-2.md", "README.md"])
    #expect(reply.messages.last?.text.contains("in the file readme-2.md.") == true)
  }
}
