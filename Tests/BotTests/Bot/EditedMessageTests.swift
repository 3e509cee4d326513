import Bot
import Foundation
@testable import Messaging
import Testing
import TestSupport

@Suite("An edit")
struct EditedMessageTests {
  private let rig: BotRig

  init() async throws {
    rig = try BotRig()
    try await rig.say("/start")
  }

  private func deliver(
    _ kind: String, _ text: String, message: Int64, date: Int64 = 1_800_000_000
  ) async throws -> [String] {
    let id = try await rig.deliver(
      kind,
      .message(text, adding: ["message_id": .integer(message), "edit_date": .integer(date)]))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.inboxState(id) == "done")
    return try rig.texts(of: id).map { String($0.prefix(37)) }
  }

  private static let answer = "I answer messages as they were first "

  @Test func thatChangesNoWordIsNotAnswered() async throws {
    _ = try await deliver("message", "/help https://a.example", message: 20)
    _ = try await deliver("message", "/help", message: 21)
    #expect(try await deliver("edited_message", "/help https://a.example", message: 20) == [])
    #expect(try await deliver("edited_message", "/status", message: 20) == [Self.answer])
    // What it was edited to is what it was before the next edit.
    #expect(try await deliver("edited_message", "/status", message: 20) == [])
    #expect(try await deliver("edited_message", "/help https://a.example", message: 20).count == 1)
    #expect(try await deliver("edited_message", "/help", message: 21) == [])
  }

  @Test func ofWhatIsNotKnownAnyMoreIsAnswered() async throws {
    #expect(try await deliver("edited_message", "/help", message: 30) == [Self.answer])
    _ = try await deliver("message", "/help", message: 31)
    try rig.execute("UPDATE inbox SET payload = '' WHERE state = 'done'")
    #expect(try await deliver("edited_message", "/help", message: 31) == [Self.answer])
  }

  @Test func isComparedWithTheMessageInItsOwnChat() async throws {
    _ = try await rig.deliver(
      "message", .message("/help", chat: -100, adding: ["message_id": 40]))
    _ = try await rig.deliver(
      "message", .message("/help", from: 43, adding: ["message_id": 40]))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try await deliver("edited_message", "/help", message: 40) == [Self.answer])
  }
}
