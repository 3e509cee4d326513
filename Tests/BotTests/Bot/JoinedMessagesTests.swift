@testable import Bot
import GRDB
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// A long paste, which the apps cut into several messages, is one question.
@Suite("Messages that are one")
struct JoinedMessagesTests {
  /// Waits for the next part until it is cancelled.
  private static func patient() throws -> BotRig {
    try BotRig { _ in await untilCancelled() }
  }

  private static let long = String(repeating: "word ", count: 699) + "words"
  private static let full = String(repeating: "x", count: 4_096)

  private func part(
    _ text: String, after seconds: Int64 = 0, from user: Int64 = 42, chat: Int64? = nil,
    adding more: [String: JSONValue] = [:]
  ) -> JSONValue {
    let date = ["date": JSONValue.integer(1_800_000_000 + seconds)]
    return .message(text, from: user, chat: chat, adding: date.merging(more) { $1 })
  }

  /// The words of each paid call, without those of before.
  private func questions(_ rig: BotRig) -> [String] {
    rig.gemini.paidCalls.map { call in
      let contents = call.json["contents"] as? [[String: Any]] ?? []
      let parts = contents.last?["parts"] as? [[String: Any]] ?? []
      return "\(parts.first?["text"] ?? "")"
    }
  }

  private func joined(_ rig: BotRig) throws -> [Int64: Int64] {
    let rows = try rig.database.read {
      try Row.fetchAll(
        $0.db, sql: "SELECT update_id, joined_to FROM inbox WHERE joined_to IS NOT NULL")
    }
    return Dictionary(uniqueKeysWithValues: rows.map { ($0["update_id"], $0["joined_to"]) })
  }

  @Test func areOneQuestionWithOneAnswer() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let ids = try await rig.deliverTogether([
      part(Self.long), part(Self.full, after: 1), part("the end", after: 2),
    ])
    await rig.engine.dispatcher.becomeIdle()
    // Where the apps cut within a line, nothing was left out.
    #expect(questions(rig) == ["\(Self.long)\n\(Self.full)the end"])
    #expect(try rig.texts(of: ids[0]).count == 1)
    #expect(try ids.dropFirst().allSatisfy { try rig.texts(of: $0).isEmpty })
    #expect(try ids.allSatisfy { try rig.inboxState($0) == "done" })
    #expect(try joined(rig) == [ids[1]: ids[0], ids[2]: ids[0]])
    #expect(try rig.usage().count == 1)
  }

  @Test func goWithTheirCommand() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.deliverTogether([part("/code " + Self.long), part("the end")])
    await rig.engine.dispatcher.becomeIdle()
    #expect(questions(rig) == [Self.long + "\nthe end"])
    #expect(try rig.usage().map { $0["task_type"] as String } == ["coding"])
  }

  @Test func areOneInAGroupWithOneMention() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.deliverTogether([
      part("@devbot " + Self.long, chat: -100), part("the end", chat: -100),
    ])
    await rig.engine.dispatcher.becomeIdle()
    #expect(questions(rig) == [Self.long + "\nthe end"])
  }

  @Test func areSeveralWhereTheNextIsACommandBehindAMention() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.deliverTogether([
      part("@devbot " + Self.long, chat: -100), part("@devbot /plan a shop", chat: -100),
    ])
    await rig.engine.dispatcher.becomeIdle()
    #expect(questions(rig) == [Self.long, "a shop"])
    #expect(try rig.usage().map { $0["task_type"] as String } == ["chat", "planning"])
  }

  @Test func areSeveralWhereTheFirstIsShort() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let short = String(repeating: "x", count: 3_499)
    _ = try await rig.deliverTogether([part(short), part("the end")])
    await rig.engine.dispatcher.becomeIdle()
    #expect(questions(rig) == [short, "the end"])
  }

  static let others: [(String, JSONValue)] = [
    ("three seconds later", .message("no", adding: ["date": 1_800_000_003])),
    ("of before", .message("no", adding: ["date": 1_799_999_999])),
    ("in another chat", .message("@devbot no", chat: -100)),
    (
      "in a topic",
      .message("no", adding: ["is_topic_message": true, "message_thread_id": 5])
    ),
  ]

  @Test(arguments: others)
  func areOthersWhereTheyDoNotFit(name: String, other: JSONValue) async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.deliverTogether([part(Self.long), other])
    await rig.engine.dispatcher.becomeIdle()
    #expect(questions(rig) == [Self.long, "no"], "\(name)")
  }

  @Test func areEightAtMost() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    _ = try await rig.deliverTogether(
      [part(Self.long)] + (2...9).map { part("\($0)") })
    await rig.engine.dispatcher.becomeIdle()
    #expect(questions(rig) == [Self.long + "\n2\n3\n4\n5\n6\n7\n8", "9"])
  }

  @Test func endWithACommandAndKeepNobodyWaiting() async throws {
    let rig = try Self.patient()
    for person in [42, 43] as [Int64] { try await rig.say("/start", from: person) }
    let first = try await rig.deliver("message", part(Self.long))
    let second = try await rig.deliver("message", part("the end"))
    // Somebody else does not wait for what may come of this one.
    let other = try await rig.deliver("message", .message("And I?", from: 43))
    try await rig.commits.wait(for: "another's answer") { _ in
      (try? rig.inboxState(other)) == "done"
    }
    #expect(try rig.inboxState(first) == "pending")
    let command = try await rig.deliver("message", .message("/status"))
    try await rig.commits.wait(for: "the answers") { _ in
      (try? rig.inboxState(command)) == "done" && (try? rig.inboxState(first)) == "done"
    }
    #expect(try rig.inboxState(second) == "done")
    #expect(questions(rig).contains(Self.long + "\nthe end"))
    await rig.engine.dispatcher.cancel()
  }

  @Test func goOnAfterASecondAndAHalf() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let before = rig.waits.value.count
    try await rig.deliver("message", part(Self.long))
    await rig.engine.dispatcher.becomeIdle()
    #expect(questions(rig) == [Self.long])
    #expect(rig.waits.value.dropFirst(before).first == .milliseconds(1_500))
  }

  /// The first part is in the file, the second still at Telegram.
  @Test func areOneAfterAKillBetweenThem() async throws {
    let rig = try Self.patient()
    try await rig.say("/start")
    let first = try await rig.deliver("message", part(Self.long))
    await rig.engine.dispatcher.cancel()
    let engine = try rig.restarted()
    try await engine.resume()
    let second = rig.nextUpdateID()
    let last = rig.nextUpdateID()
    try await engine.receive(
      [.update(second, "message", part("the end")), .update(last, "message", part("/help"))],
      nextOffset: nil)
    try await rig.commits.wait(for: "the answer") { _ in
      (try? rig.inboxState(first)) == "done" && (try? rig.inboxState(last)) == "done"
    }
    #expect(questions(rig) == [Self.long + "\nthe end"])
    #expect(try rig.inboxState(second) == "done")
    await engine.dispatcher.cancel()
  }

  /// What belongs together is kept with the hold: what comes later is another question.
  @Test func stayOneAfterAKillDuringTheCall() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let isOpen = Watched(false)
    rig.gemini.onCall { _ in
      _ = isOpen.block { $0 }
      return nil
    }
    let ids = try await rig.deliverTogether([part(Self.long), part("the end")])
    try await rig.gemini.requests.wait(for: "the call") { !$0.isEmpty }
    #expect(try joined(rig) == [ids[1]: ids[0]])
    let copy = try rig.restarted()
    let (pending, _) = try rig.database.write { try copy.inbox.resume(in: $0) }
    #expect(pending.map(\.id) == [ids[0]] && pending.map(\.parts) == [[ids[1]]])
    let whole = try rig.database.read { try copy.inbox.load(pending[0], in: $0) }
    #expect(whole.message?.text == Self.long + "\nthe end")
    isOpen.change { $0 = true }
    await rig.engine.dispatcher.becomeIdle()
    #expect(try ids.allSatisfy { try rig.inboxState($0) == "done" })
    #expect(try rig.texts(of: ids[0]).count == 1)
  }

  @Test func endTogetherWhereTheCallFails() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    rig.gemini.onCall { _ in .json("{}", status: 500) }
    let ids = try await rig.deliverTogether([part(Self.long), part("the end")])
    await rig.engine.dispatcher.becomeIdle()
    #expect(try ids.allSatisfy { try rig.inboxState($0) == "done" })
    #expect(try rig.texts(of: ids[0]).first?.hasSuffix("It cost you nothing.") == true)
    #expect(try rig.holds().map(\.state) == [.voided])
  }

  @Test func areSetApartTogether() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try rig.execute("ALTER TABLE conversation_messages RENAME TO lost")
    let ids = try await rig.deliverTogether([part(Self.long), part("the end")])
    await rig.engine.dispatcher.becomeIdle()
    #expect(try ids.allSatisfy { try rig.inboxState($0) == "quarantined" })
    #expect(try rig.texts(of: ids[0]).count == 1)
  }
}
