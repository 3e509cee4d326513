import Foundation
import InMemoryLogging
import Logging
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Poller, when Telegram or the network fails")
struct PollerFailureTests {
  @Test func removesAWebhookAndKeepsWhatWaits() async throws {
    let rig = try PollerRig()
    rig.fake.setWebhook("https://example.org/hook")
    rig.fake.fail("getWebhookInfo", with: .reset, .htmlBadGateway)
    rig.fake.fail("deleteWebhook", with: .tooManyRequests(retryAfter: 7))
    let first = rig.fake.message("one", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      #expect(rig.waits.value == [.seconds(1), .seconds(2), .seconds(7)])
      #expect(
        rig.fake.state.value.calls(of: "deleteWebhook").allSatisfy {
          $0.parameters == ["drop_pending_updates": false]
        })
    }
  }

  @Test func asksForNoRemovalWhereThereIsNoWebhook() async throws {
    let rig = try PollerRig()
    try await rig.polling { _ in
      try await rig.waitForPoll()
      #expect(rig.fake.state.value.calls(of: "deleteWebhook").isEmpty)
    }
  }

  @Test func backsOffFromEveryPassingFaultAndLosesNothing() async throws {
    let rig = try PollerRig()
    // A reset is noticed on a new connection alone; on a used one, curl repeats what is idempotent.
    rig.fake.fail(
      "getUpdates", with: .htmlBadGateway, .truncated,
      .reply(.cut(#"{"ok":true,"result":[]}"#, after: 9)), .reset, .loseAnswer,
      .reply(.json("", status: 503)), .badRequest("odd"),
      .reply(.html("<h1>Sign in</h1>", status: 200)))
    let first = rig.fake.message("one", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      #expect(rig.waits.value == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
      // A success ends the streak.
      try await rig.waitForPoll()
      rig.fake.fail("getUpdates", with: .htmlBadGateway)
      let second = rig.fake.message("two", from: 42)
      try await rig.waitForUpdates([first, second])
      try await rig.waits.wait(for: "the wait") { $0.count == 9 }
      #expect(rig.waits.value.last == .seconds(1))
    }
  }

  @Test func waitsAsLongAsTelegramAsks() async throws {
    let rig = try PollerRig()
    rig.fake.fail("getUpdates", with: .tooManyRequests(retryAfter: 17))
    try await rig.polling { _ in
      try await rig.waitForPoll()
      #expect(rig.waits.value == [.seconds(17)])
    }
  }

  @Test func givesUpAPollThatHangsAndPollsAgain() async throws {
    let rig = try PollerRig(pollTimeout: 0, pollMargin: .milliseconds(200))
    rig.fake.fail("getUpdates", with: .hang)
    let first = rig.fake.message("one", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      #expect(rig.waits.value.first == .seconds(1))
    }
  }

  @Test func stopsWhenTheTokenIsRefused() async throws {
    let rig = try PollerRig()
    rig.fake.fail("getUpdates", with: .htmlBadGateway, .unauthorized)
    try await rig.polling { task in
      await #expect(throws: Poller.Stop.unauthorized) { try await task.value }
    }
  }

  @Test func removesAWebhookThatIsSetWhileItPolls() async throws {
    let rig = try PollerRig()
    try await rig.polling { _ in
      try await rig.waitForPoll()
      rig.fake.setWebhook("https://example.org/hook")
      let first = rig.fake.message("one", from: 42)
      try await rig.waitForUpdates([first])
      #expect(rig.fake.state.value.webhookURL.isEmpty)
      #expect(rig.waits.value.isEmpty)
    }
  }

  @Test func slowsDownWhenTheWebhookComesBack() async throws {
    let rig = try PollerRig()
    rig.fake.fail(
      "getUpdates", with: .conflict(webhook: true), .conflict(webhook: true),
      .conflict(webhook: true))
    try await rig.polling { _ in
      try await rig.waitForPoll()
      #expect(rig.waits.value == [.seconds(2), .seconds(4)])
    }
  }

  @Test func waitsForAnotherPollerAndWarnsOfIt() async throws {
    let rig = try PollerRig()
    try await rig.polling { _ in
      try await rig.waitForPoll()
      let other = Task { try await rig.client.getUpdates(offset: nil, timeout: 50) }
      try await rig.waits.wait(for: "the wait") { !$0.isEmpty }
      #expect(rig.waits.value == [.seconds(3)])
      // The poller's next poll ends the other's in turn.
      await #expect(throws: TelegramError.conflict(webhook: false)) { try await other.value }
      #expect(rig.logged.contains("warning no updates now"))
      #expect(rig.logged.contains("another program polls with this bot's token"))
    }
  }

  @Test func stopsWhenAnotherPollerStaysForTenMinutes() async throws {
    let rig = try PollerRig()
    for _ in 0..<20 { rig.fake.fail("getUpdates", with: .conflict(webhook: false)) }
    try await rig.polling { task in
      await #expect(throws: Poller.Stop.conflictPersists) { try await task.value }
      let waits = rig.waits.value
      #expect(waits == ([3, 5, 10, 20, 40] + Array(repeating: 60, count: 9)).map { .seconds($0) })
      #expect(waits.reduce(.zero, +) >= .seconds(600))
      // For a minute and a half it may be an old life of ours that ends.
      let conflicts = rig.log.entries.filter { "\($0.message)" == "no updates now; trying again" }
      #expect(conflicts.prefix { $0.level == .warning }.count == 5)
      #expect(conflicts.dropFirst(5).allSatisfy { $0.level == .error })
    }
  }

  /// Cut on the way, or whole to HTTP and cut in its JSON.
  @Test(arguments: [true, false])
  func losesNothingWhereverABatchIsCut(onTheWay: Bool) async throws {
    let rig = try PollerRig()
    let first = rig.fake.message("Grüße 🚀", from: 42)
    let batch = #"{"ok":true,"result":[{"update_id":\#(first),"message":{"text":"Grüße 🚀"}}]}"#
    let bytes = Data(batch.utf8)
    for count in 0..<bytes.count {
      rig.fake.fail(
        "getUpdates",
        with: .reply(
          onTheWay
            ? .cut(batch, after: count) : .response(status: 200, body: bytes.prefix(count))))
    }
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      #expect(rig.waits.value.count == bytes.count)
      #expect(rig.offsets.dropLast().allSatisfy { $0 == nil })
    }
  }

  @Test func readsNoEndlessAnswer() async throws {
    let rig = try PollerRig()
    rig.fake.fail(
      "getUpdates",
      with: .reply(
        .written { write in
          guard write(Data("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n".utf8))
          else { return }
          let megabyte = Data(repeating: UInt8(ascii: " "), count: 1 << 20)
          for _ in 0..<1_024 { guard write(megabyte) else { return } }
        }))
    let first = rig.fake.message("one", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      #expect(rig.logged.contains("the answer is longer than 16777216 bytes"))
    }
  }

  @Test func givesUpAnAnswerThatDrips() async throws {
    let rig = try PollerRig(pollTimeout: 0, pollMargin: .milliseconds(200))
    let never = Watched(false)
    rig.fake.fail(
      "getUpdates",
      with: .reply(
        .written { write in
          guard write(Data("HTTP/1.1 200 OK\r\n\r\n".utf8)) else { return }
          while write(Data(" ".utf8)) { _ = never.block(within: .milliseconds(5)) { $0 } }
        }))
    let first = rig.fake.message("one", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      #expect(rig.logged.contains("no complete answer in time"))
    }
  }

  /// The token is in the path: nothing may carry it elsewhere.
  @Test func followsNoRedirect() async throws {
    let elsewhere = try LoopbackServer { _ in .json(#"{"ok":true,"result":[]}"#) }
    let rig = try PollerRig()
    for status in [301, 302, 307, 308] {
      rig.fake.fail(
        "getUpdates", with: .reply(.json("", status: status, headers: ["Location": elsewhere.url])))
    }
    let first = rig.fake.message("one", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      #expect(elsewhere.connectionCount == 0)
    }
  }
}
