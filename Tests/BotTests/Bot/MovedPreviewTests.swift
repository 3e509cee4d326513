@testable import Bot
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// Messages keep no ids when a group becomes a supergroup: what grows is shown anew there.
@Suite("A growing answer in a group that becomes a supergroup")
struct MovedPreviewTests {
  private static let group: Int64 = -5
  private static let supergroup: Int64 = -100

  private func move(_ rig: StreamingRig) {
    rig.fake.refuse(.migrated(to: Self.supergroup), inChat: Self.group)
  }

  /// The answer that grows in the group, as far as its first word.
  private func growing() async throws -> (StreamingRig, id: Int64) {
    let rig = try await StreamingRig()
    let id = try await rig.ask("@devbot how?", chat: Self.group)
    rig.answer.say("First")
    try await rig.waitForText(in: Self.group, "the first words") { $0 == "First ▌" }
    return (rig, id)
  }

  private func expectOneAnswer(_ rig: StreamingRig, _ text: String) throws {
    let messages = rig.messages(in: Self.supergroup)
    #expect(messages.count == 1)
    #expect(messages.first?.text.hasPrefix("\(text)\n\nCost: ") == true)
    #expect(rig.fake.state.value.violations.isEmpty)
    #expect(try rig.bot.usage().map { $0["charged_to"] as String } == ["user"])
    let unsent = try rig.bot.replies().filter { $0.state != "sent" }
    #expect(unsent.map(\.method) == [])
  }

  @Test(arguments: [false, true]) func goesOnInTheSupergroup(isTold: Bool) async throws {
    let (rig, id) = try await growing()
    if isTold {
      let service: JSONValue = [
        "message_id": 9, "from": .user(42), "chat": .chat(Self.group), "date": 1_800_000_000,
        "migrate_to_chat_id": .integer(Self.supergroup),
      ]
      try await rig.bot.deliver("message", service)
    }
    move(rig)
    rig.answer.say(" and more")
    try await rig.waitForText(in: Self.supergroup, "more") { $0 == "First and more ▌" }
    rig.answer.say(", and more")
    try await rig.waitForText(in: Self.supergroup, "more") { $0 == "First and more, and more ▌" }
    let shown = try #require(rig.messages(in: Self.supergroup).first)
    rig.answer.end()
    await rig.waitForEnd()
    try expectOneAnswer(rig, "First and more, and more.")
    #expect(rig.messages(in: Self.supergroup).first?.id == shown.id)
    // What was left behind does not pass for an answer.
    #expect(rig.messages(in: Self.group).map(\.text) == ["First ▌"])
    let known = try rig.bot.database.read {
      try Int64.fetchAll(
        $0.db, sql: "SELECT message_id FROM previews WHERE update_id = ?", arguments: [id])
    }
    #expect(known == [shown.id])
  }

  @Test func beginsThereIfItsFirstMessageFindsTheGroupGone() async throws {
    let rig = try await StreamingRig()
    move(rig)
    _ = try await rig.ask("@devbot how?", chat: Self.group)
    rig.answer.say("First")
    try await rig.waitForText(in: Self.supergroup, "the first words") { $0 == "First ▌" }
    rig.answer.end()
    await rig.waitForEnd()
    try expectOneAnswer(rig, "First.")
    #expect(rig.messages(in: Self.group) == [])
  }

  /// Between the last frame and the answer.
  @Test func comesWholeThereIfItsEndFindsTheGroupGone() async throws {
    let (rig, id) = try await growing()
    rig.answer.end()
    await rig.bot.engine.dispatcher.becomeIdle()
    move(rig)
    await rig.waitForEnd()
    try expectOneAnswer(rig, "First.")
    // A frame with the last words may have been under way.
    let left = rig.messages(in: Self.group)
    #expect(left.count == 1 && left.first?.text.hasSuffix("▌") == true)
    let rows = try rig.bot.database.read {
      try Row.fetchAll($0.db, sql: "SELECT chat_id, message_id, state FROM previews")
    }
    #expect(rows.count == 1 && rows.first?["chat_id"] == Self.supergroup)
    #expect(rows.first?["message_id"] as Int64? == nil && rows.first?["state"] == "replaced")
    #expect(try rig.bot.replies(to: id).map(\.chatID) == [Self.supergroup])
  }

  @Test func isStoppedThere() async throws {
    let (rig, id) = try await growing()
    move(rig)
    rig.answer.say(" and more")
    try await rig.waitForText(in: Self.supergroup, "more") { $0 == "First and more ▌" }
    try await rig.bot.deliver("callback_query", .press("stop:\(id)"))
    await rig.bot.engine.dispatcher.becomeIdle()
    await rig.delivering.send()
    #expect(rig.messages(in: Self.supergroup).count == 1)
    #expect(rig.messages(in: Self.supergroup).first?.text.hasPrefix("First and more\n\n(") == true)
  }

  /// Telegram would have to say so again and again.
  @Test func comesWholeWhereTheGroupIsNeverFound() async throws {
    let rig = try await StreamingRig()
    let hops = Watched(0)
    rig.fake.onCall { call in
      guard call.method == "sendMessage", call.parameters["text"]?.string?.hasSuffix("▌") == true
      else { return nil }
      return .migrated(
        to: Self.supergroup
          - Int64(
            hops.change {
              $0 += 1; return $0
            }))
    }
    _ = try await rig.ask("@devbot how?", chat: Self.group)
    rig.answer.say("First")
    try await hops.wait(for: "some hops") { $0 >= 3 }
    rig.answer.end()
    await rig.waitForEnd()
    #expect(hops.value == 3)
    #expect(rig.fake.state.value.messages.count { $0.chatID < 0 } == 1)
  }
}
