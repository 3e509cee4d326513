import Testing
import TestSupport

/// A message to everybody reaches everybody, whatever happens on its way.
@Suite("Broadcasts")
struct BroadcastKillTests {
  private static let words = "We have a new model."
  /// More than two of the bites in which it is sent.
  private static let people = Set(Int64(101)...145)

  @Test func reachEverybodyThoughTheProcessIsKilled() async throws {
    try await World.run { world in
      let first = try await world.openShop()
      try await world.openAccounts(Self.people)
      let id = try await world.previewBroadcast(Self.words, to: 45)
      let (sends, lost) = (Watched(0), Watched<Int64>(0))
      world.telegram.onCall { call in
        guard call.isBroadcast(Self.words), let chat = call.parameters["chat_id"]?.integer else {
          return nil
        }
        let number = sends.change { number in
          number += 1
          return number
        }
        // In the midst of the second bite, one loses its answer, and the others get none.
        if number == 26 { lost.change { $0 = chat } }
        if chat == lost.value { return .loseAnswer }
        return number < 26 ? nil : .hang
      }
      try await world.press("broadcast:send 1", onMessage: id, by: World.administrator)
      try await sends.wait(for: "the second bite on its way") { $0 >= 40 }
      try await world.wait(
        for: "what has come so far",
        untilThereIs: """
          SELECT count(*) = 25 FROM outbox WHERE purpose = 'broadcast:1' AND state = 'sent'
          """)
      try await world.telegram.state.wait(for: "the lost answer") {
        $0.messages.count { $0.text == Self.words && Self.people.contains($0.chatID) } >= 26
      }
      try await world.kill(first)
      world.telegram.onCall { _ in nil }

      let second = try await world.openShop()
      let end = try await world.message(with: "📣 Done: 45 have it.")
      #expect(end.id == id)
      #expect(end.text == "📣 Done: 45 have it.")
      #expect(end.buttons.isEmpty)
      try await world.waitUntilAllIsDone()
      try await world.stop(second)
      for user in Self.people {
        let copies = world.telegram.state.value.messages(to: user, with: Self.words).count
        #expect(copies == 1 || user == lost.value && copies > 1, "\(copies) to \(user)")
      }
      #expect(try world.number("SELECT sent FROM broadcasts") == 45)
      try await world.expectNothingLeft()
    }
  }

  @Test func leaveOutWhoeverIsBlockedOrHasLeft() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccounts(Set(101...104))
      // One has told by an update that they left, one only by an error, and one is blocked here.
      world.telegram.block(by: 101)
      try await world.wait(
        for: "the block",
        untilThereIs: "SELECT count(*) FROM users WHERE unreachable_since IS NOT NULL")
      try await world.ask("/user 102", from: World.administrator)
      try await world.press(
        "user:block 102", onMessage: try await world.message(with: "Since").id,
        by: World.administrator)
      try await world.message(with: "blocked\n")
      world.telegram.onCall { call in
        call.parameters["chat_id"] == 103 ? .forbiddenBlocked : nil
      }
      let id = try await world.previewBroadcast(Self.words, to: 2)
      try await world.press("broadcast:send 1", onMessage: id, by: World.administrator)
      let end = try await world.message(with: "📣 Done:")
      #expect(end.text == "📣 Done: 1 have it. 1 could not be reached.")
      let got = world.telegram.state.value.messages.filter { $0.text == Self.words }.map(\.chatID)
      #expect(got == [World.administrator, 104])
      // Whoever could not be reached is no recipient of the next one.
      try await world.previewBroadcast("And another one.", to: 1)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      try await world.expectLedgerAndQueues()
    }
  }

  @Test func stopAtAPress() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccounts(Self.people)
      let id = try await world.previewBroadcast(Self.words, to: 45)
      let (sends, mayGoOn) = (Watched(0), Watched(false))
      world.telegram.onCall { call in
        guard call.isBroadcast(Self.words) else { return nil }
        let number = sends.change { number in
          number += 1
          return number
        }
        if number > 20 { _ = mayGoOn.block { $0 } }
        return nil
      }
      try await world.press("broadcast:send 1", onMessage: id, by: World.administrator)
      try await sends.wait(for: "the second bite") { $0 == 40 }
      try await world.press("broadcast:stop 1", onMessage: id, by: World.administrator)
      try await world.message(with: "📣 Stopped: 20 have it.")
      mayGoOn.change { $0 = true }
      // What was on its way arrives.
      let end = try await world.message(with: "📣 Stopped: 40 have it.")
      #expect(end.buttons.isEmpty)
      try await world.press("broadcast:send 1", onMessage: id, by: World.administrator)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      let got = world.telegram.state.value.messages.filter {
        $0.text == Self.words && Self.people.contains($0.chatID)
      }
      #expect(got.count == 40)
      try await world.expectNothingLeft()
    }
  }

  @Test func areSentOnlyAfterALookAndByAdministrators() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.openAccounts([101, 102])
      #expect(
        try await world.ask("/broadcast \(Self.words)", from: 101).hasPrefix("I do not know"))
      let id = try await world.previewBroadcast(Self.words, to: 2)
      try await world.press("broadcast:send 1", onMessage: id, by: 101)
      try await world.press("broadcast:stop 1", onMessage: id, by: World.administrator)
      try await world.message(with: "📣 Stopped: 0 have it.")
      try await world.press("broadcast:send 1", onMessage: id, by: World.administrator)
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      let got = world.telegram.state.value.messages.filter { $0.text == Self.words }.map(\.chatID)
      #expect(got == [World.administrator])
      try await world.expectNothingLeft()
    }
  }
}

extension FakeTelegramState.Call {
  /// To somebody else than its author.
  fileprivate func isBroadcast(_ words: String) -> Bool {
    method == "sendMessage" && parameters["text"] == .string(words)
      && parameters["chat_id"] != .integer(World.administrator)
  }
}

extension World {
  fileprivate func openAccounts(_ users: Set<Int64>) async throws {
    for user in users { telegram.message("/start", from: user) }
    for user in users { try await replies(1, to: user) }
    try await waitUntilAllIsDone()
  }

  /// - Returns: The id of the message that asks whether to send it.
  @discardableResult
  fileprivate func previewBroadcast(_ words: String, to count: Int) async throws -> Int64 {
    telegram.message("/broadcast \(words)", from: Self.administrator)
    let people = count == 1 ? "1 person" : "\(count) people"
    let question = try await message(with: "📣 The message above goes to \(people).")
    let state = telegram.state.value
    #expect(state.sent(to: Self.administrator).dropLast().last == words)
    let number = state.messages(to: Self.administrator, with: "📣").count
    #expect(question.buttons == ["broadcast:send \(number)", "broadcast:stop \(number)"])
    return question.id
  }
}
