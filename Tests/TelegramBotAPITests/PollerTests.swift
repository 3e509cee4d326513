import Foundation
import JSONReading
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Poller")
struct PollerTests {
  @Test func storesUpdatesInOrderWithTheirOwnBytesAndThenConfirmsThem() async throws {
    let rig = try PollerRig()
    try await rig.polling { _ in
      let first = rig.fake.message("one", from: 42)
      try await rig.waitForUpdates([first])
      let raw = rig.fake.deliverRaw { #"{ "new_kind": {"a":[1,"}"]},  "update_id":\#($0) }"# }
      try await rig.waitForUpdates([first, raw])
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      #expect(
        rig.inbox.value.batches.last?.map { String(decoding: $0.json, as: UTF8.self) }
          == [#"{ "new_kind": {"a":[1,"}"]},  "update_id":\#(raw) }"#])
      #expect(rig.inbox.value.nextOffset == raw + 1)
    }
  }

  @Test func confirmsNothingBeforeItIsStored() async throws {
    let rig = try PollerRig()
    rig.fake.message("one", from: 42)
    rig.fake.message("two", from: 42)
    try await rig.polling { _ in
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      #expect(rig.inbox.value.pendingAtStore == [2])
    }
  }

  @Test func goesOnFromTheStoredOffset() async throws {
    let rig = try PollerRig(nextOffset: 500_000_002)
    rig.fake.message("known", from: 42)
    let new = rig.fake.message("new", from: 42)
    try await rig.polling { _ in try await rig.waitForUpdates([new]) }
  }

  @Test func asksForAllItsKindsInTheFirstPollAlone() async throws {
    let rig = try PollerRig()
    try await rig.polling { _ in
      let first = rig.fake.message("one", from: 42)
      try await rig.waitForUpdates([first])
      try await rig.waitForPoll()
      let polls = try await rig.fake.state.wait(for: "two polls") {
        $0.calls(of: "getUpdates").count >= 2
      }.calls(of: "getUpdates")
      #expect(
        polls[0].parameters["allowed_updates"] == [
          "message", "edited_message", "callback_query", "pre_checkout_query", "my_chat_member",
          "subscription", "stopped_message_generation",
        ])
      #expect(polls[1].parameters["allowed_updates"] == nil)
      #expect(polls[1].parameters["timeout"] == 50)
    }
  }

  @Test func followsIdsThatStartAgainLower() async throws {
    let rig = try PollerRig()
    try await rig.polling { _ in
      let old = rig.fake.message("before the quiet week", from: 42)
      try await rig.waitForUpdates([old])
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      rig.fake.resetIDs(to: 1000)
      rig.fake.message("after it", from: 42)
      try await rig.waitForUpdates([old, 1000])
      rig.fake.message("and on", from: 42)
      try await rig.waitForUpdates([old, 1000, 1001])
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      #expect(rig.inbox.value.nextOffset == 1002)
    }
  }

  @Test func handsOnWhatIsServedTwice() async throws {
    let rig = try PollerRig()
    try await rig.polling { _ in
      let first = rig.fake.message("one", from: 42)
      let second = rig.fake.message("two", from: 42)
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      rig.fake.deliverAgain(second, first)
      try await rig.waitForUpdates([first, second, second, first])
      // Past the last of the batch, not past the highest.
      #expect(rig.inbox.value.nextOffset == first + 1)
    }
  }

  @Test(arguments: [
    #"{"update_id":"text","message":{}}"#, "{}", "null", "[[[]]]", #"{"update_id":1.5}"#,
    #"{"update_id":9223372036854775807}"#, #"{"update_id":99999999999999999999}"#,
    #"{"message":{"update_id":7}}"#,
  ])
  func skipsAnUpdateWithoutAReadableIDAndTakesThoseAroundIt(poison: String) async throws {
    let rig = try PollerRig()
    let first = rig.fake.message("one", from: 42)
    rig.fake.deliverRaw { _ in poison }
    let last = rig.fake.message("three", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first, last])
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      #expect(rig.logged.contains("without a readable update_id"))
      #expect(rig.waits.value.isEmpty)
    }
  }

  /// Its borders are clear, so it is stored like any other; who decodes it finds the fault.
  @Test func storesAnUpdateThatCannotBeDecoded() async throws {
    let rig = try PollerRig()
    let poison = rig.fake.deliverRaw { #"{"update_id":\#($0),"message":{"text":"\ud800\q"}}"# }
    let good = rig.fake.message("two", from: 42)
    try await rig.polling { _ in try await rig.waitForUpdates([poison, good]) }
    let stored = rig.inbox.value.batches.joined().map(\.json)
    #expect(throws: (any Error).self) {
      try Update(json: stored[0])
    }
    #expect(try Update(json: stored[1]).id == good)
  }

  @Test func waitsLongerAndLongerWhileABatchHasNoReadableID() async throws {
    let rig = try PollerRig()
    rig.fake.deliverRaw { _ in "{}" }
    try await rig.polling { _ in
      try await rig.waits.wait(for: "two waits") { $0.count >= 2 }
      let good = rig.fake.message("saved", from: 42)
      try await rig.waitForUpdates([good])
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      #expect(rig.waits.value.prefix(2) == [.seconds(1), .seconds(2)])
    }
  }

  @Test func asksAgainFromTheSameOffsetWhenABatchCannotBeStored() async throws {
    let rig = try PollerRig()
    rig.inbox.change { $0.failuresToCome = 2 }
    let first = rig.fake.message("one", from: 42)
    try await rig.polling { _ in
      try await rig.waitForUpdates([first])
      try await rig.fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
      #expect(rig.inbox.value.pendingAtStore == [1, 1, 1])
      #expect(rig.offsets.prefix(3) == [nil, nil, nil])
      #expect(rig.waits.value == [.seconds(1), .seconds(2)])
      #expect(rig.logged.contains("error no updates now"))
    }
  }

  @Test func endsAWaitingPollAtOnceWhenCancelled() async throws {
    let rig = try PollerRig(pollTimeout: 0)
    rig.fake.fail("getUpdates", with: .hang)
    try await rig.polling { task in
      try await rig.fake.state.wait(for: "the poll") { !$0.calls(of: "getUpdates").isEmpty }
      let start = ContinuousClock.now
      task.cancel()
      try await task.value
      // The poll itself would take two hours.
      #expect(start.duration(to: .now) < .seconds(3_600))
    }
  }

  @Test func endsAWaitAtOnceWhenCancelled() async throws {
    let rig = try PollerRig()
    let isWaiting = Watched(false)
    let poller = Poller(
      client: rig.client, storage: Poller.Storage(nextOffset: { nil }, store: { _, _ in }),
      jitter: {
        isWaiting.change { $0 = true }
        return 7200  // That is an hour, by the clock of the live sleep.
      }, logger: rig.logger)
    rig.fake.fail("getWebhookInfo", with: .htmlBadGateway)
    let task = Task { try await poller.run() }
    try await isWaiting.wait(for: "the wait") { $0 }
    task.cancel()
    try await task.value
  }

  @Test func confirmsNothingAtTheEndThatAPollHasConfirmed() async throws {
    let rig = try PollerRig()
    rig.fake.message("one", from: 42)
    try await rig.polling { task in
      try await rig.waitForPoll()
      task.cancel()
      try await task.value
      let polls = rig.offsets
      #expect(polls == [nil, 500_000_002])
      await rig.poller.confirm()
      #expect(rig.offsets == polls)
    }
  }

  @Test func confirmsAtTheEndABatchThatNoPollHasConfirmed() async throws {
    let rig = try PollerRig()
    rig.fake.message("one", from: 42)
    // Cancelled after the batch is stored and before the next poll begins.
    let stored = Watched(false)
    let released = Watched(false)
    let poller = Poller(
      client: rig.client,
      storage: Poller.Storage(
        nextOffset: { nil },
        store: { _, _ in
          stored.change { $0 = true }
          try await released.wait(for: "the cancellation") { $0 }
        }), logger: rig.logger)
    let task = Task { try await poller.run() }
    try await stored.wait(for: "the batch") { $0 }
    task.cancel()
    released.change { $0 = true }
    try await task.value
    #expect(rig.fake.state.value.pendingCount == 1)
    await poller.confirm()
    #expect(rig.fake.state.value.pendingCount == 0)
    #expect(rig.fake.state.value.calls.last?.parameters["limit"] == 1)
    #expect(rig.fake.state.value.calls.last?.parameters["timeout"] == 0)
  }
}
