import Foundation
import Glibc
import Testing
import TestSupport

@Suite("SIGHUP")
struct ReloadTests {
  @Test func takesNewSettingsWithoutARestart() async throws {
    try await World.run { world in
      try world.configure("models:\n  chat: google/gemini-2.5-flash\n")
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      #expect(try await world.ask("How do I begin?").contains("Cost: 0.2325 credits"))
      try world.configure(
        """
        models:
          chat: google/gemini-3.8-flash
        billing:
          markup: 3
        stars:
          packages: ["Only: 10 for 9"]
        texts:
          terms: canary-terms
        promotions:
          codes: true
        log:
          level: debug
        """)
      let line = try await daemon.reload()
      for change in [
        " notice Settings are reloaded.",
        "models.chat: google/gemini-2.5-flash -> google/gemini-3.8-flash",
        "billing.markup: default -> 3", "stars.packages: default -> Only: 10 for 9",
        "promotions.codes: default -> true", "log.level: default -> debug", "texts.terms",
      ] {
        #expect(line.contains(change), "\(change) in \(line)")
      }
      #expect(!line.contains("canary"))
      // 1,000 and 500 tokens at 0.75 and 3.75 dollars a million, × 3 ÷ 0.01.
      #expect(try await world.ask("How do I begin?").contains("Cost: 0.7875 credits"))
      #expect(try await world.ask("/terms") == "canary-terms")
      #expect(try await world.ask("/redeem").contains("know") == false)
      try await world.ask("/buy")
      let offer = try #require(world.telegram.state.value.messages.last)
      #expect(offer.buttons == ["buy:Only"])
      let menu = try await world.telegram.state.wait(for: "the new menu") {
        ($0.commands?.array ?? []).contains { $0["command"]?.string == "redeem" }
      }
      #expect(menu.commands != nil)
      let log = try await world.stop(daemon).errors
      #expect(log.contains(" debug "))
      try await world.expectNothingLeft()
    }
  }

  @Test func showsAnswersAsTheyGrowFromTheNextOneOn() async throws {
    try await World.run { world in
      let slow = SlowAnswer()
      slow.say("Hello from")
      try world.configure("answers:\n  streaming: off\n")
      let daemon = try await world.startDaemon(changing: ["ANSWERS_STREAMING": nil])
      try await world.openAccount()
      #expect(try await world.ask("How do I begin?").hasPrefix("Hello from the fake model."))
      #expect(world.telegram.state.value.calls(of: "editMessageText").isEmpty)
      try world.configure("answers:\n  streaming: edits\n")
      #expect(try await daemon.reload().contains("answers.streaming: off -> edits"))
      world.onCall(of: .gemini) { _ in slow.reply }
      #expect(try await world.ask("How do I begin?") == "Hello from ▌")
      slow.end(" a slow one.")
      try await world.telegram.state.wait(for: "the answer") { state in
        state.sent(to: 42).last?.hasPrefix("Hello from a slow one.") == true
      }
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }

  @Test(arguments: [
    ("billing:\n  markup: canary\n", "BILLING_MARKUP must be a decimal"),
    ("telegram: [canary", "is not YAML of the form"),
    ("models:\n  chat: google/gemini-0\n", "Chat could not be sold: "),
    ("texts:\n  terms: \(String(repeating: "a", count: 4_097))\n", "TEXTS_TERMS is longer"),
  ])
  func keepsEverythingWhereOneSettingIsWrong(text: String, reason: String) async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      try world.configure("log:\n  level: trace\n" + text)
      let line = try await daemon.reload()
      #expect(line.contains(" error The settings are not reloaded; everything stays as it was."))
      #expect(line.contains(reason), "\(line)")
      #expect(!line.contains("canary"))
      #expect(try await world.ask("How do I begin?").contains("Cost: 0.39375 credits"))
      let lines = try await world.stop(daemon).errorLines
      #expect(lines.count { $0.contains("reloaded") } == 1)
      #expect(!lines.contains { $0.contains(" debug ") || $0.contains(" trace ") })
    }
  }

  @Test func namesWhatNeedsARestart() async throws {
    try await World.run { world in
      try world.configure("log:\n  level: info\n")
      // The environment comes first, so what is to change stands in the file alone.
      let unset: [String: String?] = ["DATABASE_PATH": nil, "TELEGRAM_BOT_TOKEN": nil]
      let usual = """
        telegram:
          bot_token: \(world.telegram.token)
        database:
          path: \(world.databasePath)

        """
      try world.configure(usual)
      let daemon = try await world.startDaemon(changing: unset)
      try world.configure(
        """
        telegram:
          bot_token: 1:canary
          admin_user_ids: 42
        database:
          path: /nowhere/canary.sqlite
        """)
      let line = try await daemon.reload()
      #expect(
        line.contains(
          #"needs_restart="telegram.bot_token, telegram.admin_user_ids, database.path""#),
        "\(line)")
      #expect(!line.contains("canary"))
      try await world.openAccount()
      #expect(try await world.ask("/report").contains("I do not know /report"))
      try world.configure(usual)
      #expect(try await daemon.reload().contains("nothing has changed"))
      try await world.stop(daemon)
    }
  }

  /// Whoever wants to hear of errors alone has asked for a reload.
  @Test func saysWhatChangedAtAnyLevelOfTheLog() async throws {
    try await World.run { world in
      try world.configure("log:\n  level: error\n")
      let daemon = try await world.startDaemon()
      try world.configure("log:\n  level: error\nbilling:\n  markup: 3\n  mark: 2\n")
      #expect(try await daemon.reload().contains("billing.markup: default -> 3"))
      try await daemon.state.wait(for: "the unknown key") {
        $0.errorText.contains("has a key billing.mark, which means nothing here")
      }
      try await world.stop(daemon)
    }
  }

  @Test func leavesWorkUnderWayAsItBegan() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      let mayAnswer = try await world.askWithoutAnAnswer()
      try world.configure("billing:\n  markup: 3\n")
      _ = try await daemon.reload()
      mayAnswer.change { $0 = true }
      #expect(try await world.replies(2, to: 42)[1].contains("Cost: 0.39375 credits"))
      #expect(try await world.ask("How do I begin?").contains("Cost: 0.7875 credits"))
      try await world.stop(daemon)
      try await world.expectNothingLeft()
    }
  }
}

extension ChildProcess {
  /// Has it read its settings again, and returns the line that says what came of it.
  func reload() async throws -> Substring {
    @Sendable func lines(_ state: State) -> [Substring] {
      state.errorText.split(separator: "\n").filter { $0.contains("reloaded") }
    }
    let count = lines(state.value).count
    signal(SIGHUP)
    let after = try await state.wait(for: "the reload") { lines($0).count > count }
    return lines(after)[count]
  }
}
