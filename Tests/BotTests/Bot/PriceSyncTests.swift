@testable import Bot
import Commands
import Foundation
import GRDB
import HTTPTransport
import LanguageModels
import Ledger
import Messaging
import Metering
import Testing
import TestSupport

@Suite("PriceSync")
struct PriceSyncTests {
  private static let administrator: Int64 = 1
  private let rig: BotRig
  private let sync: PriceSync

  init() throws {
    rig = try BotRig(model: BotRig.sonnet, administrators: [Self.administrator])
    sync = PriceSync(
      OpenRouterCatalog(transport: .ofAllTests, baseURL: rig.openRouter.url),
      models: { [settings = rig.settings] in settings.models }, alerts: rig.engine.alerts,
      writer: rig.writer)
  }

  private func list(_ models: (id: String, pricing: String)...) {
    let data = models.map { #"{"id": "\#($0.id)", "pricing": {\#($0.pricing)}}"# }
    rig.openRouter.answer.change {
      $0.modelList = #"{"data": [\#(data.joined(separator: ", "))]}"#
    }
  }

  private var sonnet: Tariff {
    get throws {
      try rig.database.read {
        try $0.pricing.active(
          ModelID(provider: "openrouter", name: "anthropic/claude-sonnet-5.5")
        ).tariff
      }
    }
  }

  private var alerts: [String] {
    get throws { try rig.replies().filter { $0.chatID == Self.administrator }.map(\.text) }
  }

  private func price(_ input: String, _ output: String) -> (id: String, pricing: String) {
    (
      "anthropic/claude-sonnet-5.5",
      #"""
      "prompt": "\#(input)", "completion": "\#(output)", "input_cache_read": "0.0000001",
      "input_cache_write": "0.0000025"
      """#
    )
  }

  private func tariff(input: String) -> Tariff {
    Tariff(input: input, output: "10", cachedInput: "0.1", cacheWrite: "2.5")
  }

  @Test func takesOverWhatHasChanged() async throws {
    list(price("0.0000021", "0.00001"), ("a/b", #""prompt": "1e-6", "completion": "1e-6""#))
    try await sync.takeOver()
    #expect(try sonnet == tariff(input: "2.1"))
    // Five percent are nothing to be told of.
    #expect(try alerts.isEmpty)
    try await sync.takeOver()
    let versions = try rig.database.read {
      try $0.pricing.list(includingClosed: true)
    }
    #expect(versions.count { $0.model.provider == "openrouter" } == 2)
  }

  @Test(arguments: [("0.0000022", 0), ("0.00000221", 1), ("0.0000018", 0), ("0.00000179", 1)])
  func tellsOfAPriceInUseThatMovesByMoreThanATenth(input: String, count: Int) async throws {
    list(price(input, "0.00001"))
    try await sync.takeOver()
    #expect(
      try alerts.count {
        $0.contains("moved by more than 10 %")
          && $0.contains("openrouter/anthropic/claude-sonnet-5.5, input: 2 → ")
      } == count)
    #expect(try alerts.count == count)
  }

  @Test func tellsOfNoPriceThatIsNotInUse() async throws {
    _ = try rig.database.write { tx in
      try tx.pricing.set(
        ModelID(provider: "openrouter", name: "a/b"), tariff: Tariff(input: "1", output: "1"))
    }
    list(price("0.000002", "0.00001"), ("a/b", #""prompt": "4e-6", "completion": "1e-6""#))
    try await sync.takeOver()
    #expect(try alerts.isEmpty)
    let price = try rig.database.read {
      try $0.pricing.active(ModelID(provider: "openrouter", name: "a/b"))
    }
    #expect(price.tariff.input == "4")
  }

  /// The list is read every day, by one process or another.
  @Test func leavesAnOddPriceAloneAndTellsOfItOnce() async throws {
    for _ in 1...2 {
      list(price("0.002", "0.00001"))
      try await sync.takeOver()
    }
    #expect(try sonnet == tariff(input: "2"))
    #expect(
      try alerts == [
        "⚠️ OpenRouter's list has odd prices for models in use, in USD per million tokens; those "
          + "there stay. openrouter/anthropic/claude-sonnet-5.5: input would move from 2 to 2000, "
          + "more than 5-fold. If a price is right, type: aidevbot pricing sync openrouter --model "
          + "NAME --yes."
      ])
    // Another price is news; one that was told is none, whatever was between.
    for input in ["0.003", "0.000002", "0.002", "0.003"] {
      list(price(input, "0.00001"))
      try await sync.takeOver()
    }
    #expect(try alerts.map { $0.contains("to 3000") } == [false, true])
    #expect(try sonnet == tariff(input: "2"))
    try rig.execute("UPDATE told_prices SET told_at = '2020-01-01 00:00:00.000'")
    try await sync.takeOver()
    #expect(try alerts.count == 3)
    #expect(try rig.count("told_prices") == 1)
  }

  @Test func tellsOfNoOddPriceThatIsNotInUseAndLeavesIt() async throws {
    let other = ModelID(provider: "openrouter", name: "a/b")
    _ = try rig.database.write { tx in
      try tx.pricing.set(other, tariff: Tariff(input: "1", output: "1"))
    }
    list(price("0.000002", "0.00001"), ("a/b", #""prompt": "9e-6", "completion": "1e-6""#))
    try await sync.takeOver()
    #expect(try alerts.isEmpty)
    #expect(try rig.database.read { try $0.pricing.active(other) }.tariff.input == "1")
  }

  @Test(arguments: [("-1", "prompt is negative"), ("0", "prompt is zero")])
  func keepsThePriceWhereTheListIsAbsurdAndTellsOfIt(
    input: String, reason: String
  ) async throws {
    list(price(input, "0.00001"))
    try await sync.takeOver()
    #expect(try sonnet == tariff(input: "2"))
    #expect(try alerts.count == 1)
    #expect(try alerts.first?.contains(reason) == true)
  }

  @Test func putsNothingBackOnSale() async throws {
    let sonnet = ModelID(provider: "openrouter", name: "anthropic/claude-sonnet-5.5")
    try rig.database.write { tx in
      let isGone = try tx.pricing.deactivate(
        sonnet)
      #expect(isGone)
    }
    list(price("0.000002", "0.00001"))
    try await sync.takeOver()
    #expect(throws: LedgerError.self) { try self.sonnet }
    #expect(try alerts.isEmpty)
  }

  @Test func tellsOfAModelInUseThatIsNotListed() async throws {
    list()
    try await sync.takeOver()
    #expect(try alerts.map { $0.contains("it is not listed") } == [true])
  }

  @Test func triesAgainAnHourAfterAFailureAndADayAfterASuccess() async throws {
    list(price("0.000003", "0.00001"))
    rig.openRouter.onCall { _ in .json("{}", status: 500) }
    for pause in [PriceSync.pauseAfterFailure, PriceSync.pause] {
      let running = Task { await sync.run(sleep: rig.writer.sleep) }
      try await rig.waits.wait(for: "a pause") { $0.contains(pause) }
      running.cancel()
      await running.value
      rig.openRouter.onCall { _ in nil }
    }
    #expect(try sonnet.input == "3")
    #expect(rig.openRouter.requests.value.map(\.path) == ["/models", "/models"])
    #expect(rig.openRouter.violations.value.isEmpty)
  }
}
