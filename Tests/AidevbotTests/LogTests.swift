import Glibc
import Testing
import TestSupport

@Suite("Log")
struct LogTests {
  /// Whatever stands in an event, such as the words of a server that is not Telegram.
  @Test func hasOneEventALine() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: ["LOG_LEVEL": "trace"])
      try await world.openAccount()
      world.telegram.fail("sendMessage", with: .badRequest("one\ntwo\u{1B}[31m \u{2028}three"))
      world.telegram.message("/status", from: 42)
      try await daemon.state.wait(for: "the failure") {
        $0.errorText.contains("A reply cannot be delivered.")
      }
      let lines = try await world.stop(daemon).errorLines
      let start = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]+Z [a-z]+\b/
      for line in lines { #expect(line.contains(start), "\(line)") }
      #expect(lines.contains { $0.contains(#"one\ntwo\u{1b}[31m \u{2028}three"#) }, "\(lines)")
    }
  }

  @Test func hasPrioritiesInPlaceOfTimesForTheJournal() async throws {
    try await World.run { world in
      let daemon = try world.start(
        ["run"], changing: ["LOG_LEVEL": "debug"],
        by: """
          JOURNAL_STREAM=$(/usr/bin/stat -L -c %d:%i /proc/$$/fd/2) exec "$0" "$@"
          """)
      try await world.openAccount()
      world.telegram.fail("getUpdates", with: .htmlBadGateway)
      world.telegram.message("/status", from: 42)
      try await daemon.state.wait(for: "a failed poll") {
        $0.errorText.contains("no updates now")
      }
      let lines = try await world.stop(daemon).errorLines
      for line in lines { #expect(line.contains(/^<[2-7]>[a-z]+\b/), "\(line)") }
      for start in ["<4>warning no updates", "<5>notice Running.", "<6>info Health.", "<7>debug "] {
        #expect(lines.contains { $0.hasPrefix(start) }, "\(start) in \(lines)")
      }
    }
  }

  /// The variable is handed on to programs whose output goes elsewhere.
  @Test func isNoJournalForTheVariableAlone() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: ["JOURNAL_STREAM": "9:12345"])
      let lines = try await world.stop(daemon).errorLines
      #expect(lines.allSatisfy { $0.hasPrefix("20") }, "\(lines)")
    }
  }

  @Test func followsARequestByItsUpdateFromThePollToTheAnswer() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon(changing: ["LOG_LEVEL": "debug"])
      try await world.openAccount()
      world.telegram.fail("sendMessage", with: .htmlBadGateway)
      let update = try #require(try world.number("SELECT max(update_id) FROM inbox")) + 1
      try await world.ask("How do I begin?")
      world.onCall(of: .openRouter) { _ in .json("{}", status: 503) }
      try await world.ask("/code a loop")
      let lines = try await world.stop(daemon).errorLines
      func expect(_ event: String, of id: Int64, _ details: String = "") {
        let line = lines.first { $0.contains(event) && $0.contains(" update=\(id)") }
        #expect(line?.contains(details) == true, "\(event), \(id): \(lines)")
      }
      expect("An update has arrived.", of: update)
      expect("A call begins.", of: update, "model=google/gemini-3.8-flash")
      expect("A call is paid for.", of: update, "request=fake-1")
      expect("A reply could not be sent; trying again.", of: update)
      expect("A reply is sent.", of: update)
      expect("An update has arrived.", of: update + 1)
      expect("A call failed.", of: update + 1, "providerOverloaded")
      expect("A reply is sent.", of: update + 1)
    }
  }

  @Test func saysHowTheBotIsDoing() async throws {
    try await World.run { world in
      let daemon = try await world.startDaemon()
      try await world.openAccount()
      world.onCall(of: .gemini) { _ in .json("{}", status: 503) }
      world.telegram.fail("sendMessage", with: .tooManyRequests(retryAfter: 1))
      try await world.ask("How do I begin?")
      world.onCall(of: .gemini) { _ in nil }
      try await world.ask("How do I begin?")
      let mayAnswer = world.holdBack(callsOf: .gemini)
      world.telegram.message("How do I go on?", from: 42)
      try await world.waitForCalls(3, to: .gemini)
      world.telegram.message("/projects", from: 42)
      try await world.telegram.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      daemon.signal(SIGTERM)
      try await daemon.state.wait(for: "the stop") { $0.errorText.contains("Stopping") }
      mayAnswer.change { $0 = true }
      let lines = try await daemon.waitForExit().errorLines
      let health = try #require(lines.last { $0.contains(" info Health. ") }, "\(lines)")
      // Two calls were answered, at 0.39375 credits each.
      for figure in [
        "conflicts_409=0", "credits_today=0.7875", "failed_calls=1", "queued_replies=0",
        "too_many_requests_429=1", "unanswered=1",
      ] {
        #expect(health.contains(figure), "\(figure) in \(health)")
      }
      #expect(
        health.contains(/last_poll=[0-9]+s newest_backup=- oldest_unanswered=[0-9]+s/), "\(health)")
    }
  }
}
