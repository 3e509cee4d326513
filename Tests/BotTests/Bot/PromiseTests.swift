@testable import Bot
import Foundation
import GRDB
import HTTPTransport
import Ledger
@testable import Messaging
import Replication
import TelegramBotAPI
import Testing
import TestSupport

/// What is promised has to be on the replica first.
@Suite("A promise")
struct PromiseTests {
  let rig: BotRig
  let fake: FakeTelegram
  /// The rig's; however slow the machine is, nothing grows old meanwhile.
  private let database: LedgerDatabase
  /// Whether the replica can be reached.
  let isThere = Watched(true)
  let attempts = Watched(0)
  /// What Telegram was told although the replica was away.
  let broken = Watched<[String]>([])

  struct Away: Error {}

  init() throws {
    rig = try BotRig()
    var database = rig.database
    database.clock = { [now = Date()] in now }
    self.database = database
    fake = try FakeTelegram()
    // No poll ends by itself, so that none has to be promised anew when the replica goes.
    fake.state.change { $0.lengthOfPolls = .seconds(3_600) }
    let (isThere, broken) = (isThere, broken)
    fake.onCall { call in
      let isPromise =
        switch call.method {
        case "getUpdates": call.parameters["offset"] != nil && call.parameters["timeout"] != 0
        case "sendMessage", "sendInvoice": true
        case "answerPreCheckoutQuery": call.parameters["ok"] == true
        default: false
        }
      if isPromise, !isThere.value { broken.change { $0.append(call.method) } }
      return nil
    }
  }

  /// Runs the bot beside a person.
  private func run(_ person: () async throws -> Void) async throws {
    let (isThere, attempts) = (isThere, attempts)
    let replica = Replica(
      sync: {
        attempts.change { $0 += 1 }
        if !isThere.value { throw Away() }
      },
      sleep: { wait in
        // Pauses after a failure pass at once, limits only while the replica is away: else it is a
        // race whether those who wait give up before they are told that all is there.
        guard wait > Replica.longestPause else { return await Task.yield() }
        try await isThere.wait(for: "an outage", within: .seconds(3_600)) { !$0 }
      })
    let bot = TelegramBot(
      client: .patient(with: fake), database: database, llm: rig.llm, settings: rig.settings,
      workshop: .closed, replica: replica, logger: .silent)
    let isOver = Watched(false)
    let running = Task {
      try await bot.run {
        _ = try? await isOver.wait(for: "the end", within: .seconds(3_600)) { $0 }
      }
    }
    try await person()
    isOver.change { $0 = true }
    try await running.value
    // Nobody is left to wait for an outage.
    isThere.change { $0 = false }
    #expect(broken.value == [])
    #expect(fake.state.value.violations == [])
  }

  /// The replica goes, and is missed for some time.
  private func loseTheReplica(until condition: String) async throws {
    let reader = rig.database
    try await rig.commits.wait(for: condition) { _ in
      (try? reader.read { try Bool.fetchOne($0.db, sql: "SELECT \(condition)") }) == true
    }
    let missed = attempts.value
    try await attempts.wait(for: "some attempts") { $0 > missed + 20 }
  }

  @Test func isKeptForTheReplica() async throws {
    try await run {
      fake.message("/start", from: 42)
      try await fake.state.wait(for: "the welcome") { $0.messages.count == 1 }
      try await fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 && $0.isPolled }
      isThere.change { $0 = false }
      fake.message("How are you?", from: 42)
      // The poll that is under way brings it; the answer is made and paid for.
      try await loseTheReplica(
        until: """
          (SELECT count(*) FROM outbox WHERE state = 'queued') = 1
            AND (SELECT count(*) FROM credit_holds WHERE state = 'settled') = 1
          """)
      #expect(fake.state.value.messages.count == 1)
      #expect(fake.state.value.pendingCount == 1)
      isThere.change { $0 = true }
      try await fake.state.wait(for: "the answer") { $0.messages.count == 2 }
      try await fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 }
    }
  }

  @Test func isNotMadeToWhoPaysWhileTheReplicaIsAway() async throws {
    try await run {
      fake.message("/start", from: 42)
      try await fake.state.wait(for: "the welcome") { $0.messages.count == 1 }
      fake.callback("buy:Starter", from: 42)
      let invoice = try #require(
        try await fake.state.wait(for: "an invoice") { !$0.invoices.isEmpty }.invoices.first)
      try await fake.state.wait(for: "the confirmation") { $0.pendingCount == 0 && $0.isPolled }
      isThere.change { $0 = false }
      fake.preCheckout(payload: invoice.payload, amount: invoice.amount, from: 42)
      let refusal = try #require(
        try await fake.state.wait(for: "an answer") {
          !$0.calls(of: "answerPreCheckoutQuery").isEmpty
        }.calls(of: "answerPreCheckoutQuery").first)
      #expect(refusal.parameters["ok"] == false)
      #expect(
        refusal.parameters["error_message"]
          == "I cannot take payments right now. Please try again in a minute.")
      isThere.change { $0 = true }
      fake.preCheckout(payload: invoice.payload, amount: invoice.amount, from: 42)
      let answer = try await fake.state.wait(for: "another answer") {
        $0.calls(of: "answerPreCheckoutQuery").count == 2
      }.calls(of: "answerPreCheckoutQuery").last
      #expect(answer?.parameters["ok"] == true)
    }
  }

  /// What an earlier life has stored, a first poll would confirm.
  @Test func isNotMadeByTheFirstPollOfALife() async throws {
    try await rig.engine.receive([], nextOffset: 7)
    isThere.change { $0 = false }
    try await run {
      try await attempts.wait(for: "some attempts") { $0 > 20 }
      #expect(fake.state.value.calls(of: "getUpdates").isEmpty)
      isThere.change { $0 = true }
      try await fake.state.wait(for: "a poll") { !$0.calls(of: "getUpdates").isEmpty }
    }
  }
}
