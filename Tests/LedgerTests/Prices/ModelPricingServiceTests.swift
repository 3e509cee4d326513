import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("ModelPricingService")
struct ModelPricingServiceTests {
  let file: LedgerFile
  let night: DailyHours

  init() throws {
    file = try LedgerFile()
    night = DailyHours(
      from: try #require(ClockTime(parsing: "22:30")), to: try #require(ClockTime(parsing: "06:00"))
    )
  }

  @Test func getsTheActivePriceAlone() throws {
    let first = try file.price(Tariff(input: "1", output: "2"))
    let second = try file.price(Tariff(input: "3", output: "4"))
    try file.write { (tx: LedgerTransaction) throws in
      #expect(
        try tx.pricing.active(ModelID(provider: "google", name: "gemini-2.5-flash")) == second)
      #expect(try tx.pricing.price(id: first.id)?.isActive == false)
      #expect(throws: LedgerError.noActivePrice(ModelID(provider: "google", name: "other"))) {
        try tx.pricing.active(ModelID(provider: "google", name: "other"))
      }
    }
  }

  @Test func createsAPriceWithEveryPartOfItsTariff() throws {
    let tariff = Tariff(
      input: "1.25", output: "10.00", cachedInput: "0.125", cacheWrite: "1.5", reasoning: "11",
      imageInput: "0.001", imageOutput: "0.039",
      longPrompt: .init(
        threshold: 200_000, input: "2.50", output: "15", cachedInput: "0.25", cacheWrite: "3"),
      conditions: [
        .init(
          promptOver: 500_000, hours: night, days: [6, 7], input: "1", output: "2",
          cachedInput: "3", cacheWrite: "4", reasoning: "5"), .init(hours: night, output: "0"),
      ])
    let price = try file.price(tariff)
    #expect(price.tariff == tariff)
    #expect(price.isActive)
    #expect(price.createdAt == now)
  }

  @Test func takesATierThatAHandLeftWithoutAPriceForUnsellable() throws {
    try file.write { tx in
      try tx.db.execute(
        sql: """
          INSERT INTO model_pricing (model_provider, model_name, input_cost_per_million_tokens,
            output_cost_per_million_tokens, long_prompt_threshold_tokens, is_active, created_at,
            updated_at)
          VALUES ('google', 'm', '1', '2', 200000, 1, '2026-01-01', '2026-01-01')
          """)
      let price = try tx.pricing.active(ModelID(provider: "google", name: "m"))
      #expect(throws: LedgerError.malformedAmount("")) { try Rates(price.tariff) }
    }
  }

  @Test(arguments: ["", "[", "[1]", #"[{"hours": {"from": "24:00", "to": "01:00"}}]"#])
  func takesConditionsThatAHandHasSpoiltForUnsellable(json: String) throws {
    _ = try file.price()
    try file.damage("UPDATE model_pricing SET conditional_prices = '\(json)'")
    let price = try file.write {
      try $0.pricing.active(ModelID(provider: "google", name: "gemini-2.5-flash"))
    }
    #expect(throws: LedgerError.malformedAmount("")) { try Rates(price.tariff) }
  }

  @Test func saysWhyAModelCannotBeSold() throws {
    let sold = try file.price().model
    let spoilt = try file.price(model: "spoilt").model
    let unknown = ModelID(provider: "google", name: "unknown")
    let painters = [
      try file.price(model: "gemini-9-image").model,
      try file.price(Tariff(input: "1", output: "2", imageOutput: "0.1"), model: "painter").model,
    ]
    try file.damage(
      "UPDATE model_pricing SET conditional_prices = '[' WHERE model_name = 'spoilt'")
    try file.write { (tx: LedgerTransaction) throws in
      #expect(try tx.pricing.whyNotSold(sold) == nil)
      #expect(try tx.pricing.whyNotSold(unknown) == .noActivePrice(unknown))
      for model in painters {
        #expect(try tx.pricing.whyNotSold(model) == .makesImages(model))
        #expect(throws: LedgerError.makesImages(model)) { try tx.pricing.sold(model) }
      }
      guard case .unusablePrice(spoilt, _) = try tx.pricing.whyNotSold(spoilt) else {
        Issue.record("its price is taken for usable")
        return
      }
    }
  }

  @Test func findsTheVersionsOfAModelByEitherName() throws {
    let google = try file.price()
    let newer = try file.price(Tariff(input: "1", output: "2"))
    let other = try file.price(provider: "openrouter", model: "gemini-2.5-flash")
    try file.write { (tx: LedgerTransaction) throws in
      func ids(_ name: String) throws -> [Int64] {
        try tx.pricing.versions(of: name).map(\.id)
      }
      #expect(try ids("gemini-2.5-flash") == [newer.id, google.id, other.id])
      #expect(try ids("google/gemini-2.5-flash") == [newer.id, google.id])
      #expect(try ids("openrouter/gemini-2.5-flash") == [other.id])
      #expect(try ids("gemini").isEmpty)
    }
  }

  @Test func updatesByANewVersionAndKeepsTheOldOne() throws {
    let old = try file.price(Tariff(input: "1", output: "2"))
    let new = try file.price(Tariff(input: "1", output: "3"))
    #expect(new.id != old.id)
    let versions = try file.write { try $0.pricing.list(includingClosed: true) }
    #expect(versions.map(\.id) == [new.id, old.id])
    #expect(versions.map(\.tariff.output) == ["3", "2"])
  }

  @Test func listsActivePricesByProviderAndModel() throws {
    _ = try file.price(provider: "openrouter", model: "b/b")
    _ = try file.price(provider: "google", model: "z")
    _ = try file.price(provider: "google", model: "a")
    _ = try file.price(provider: "google", model: "gone")
    try file.write { (tx: LedgerTransaction) throws in
      #expect(try tx.pricing.deactivate(ModelID(provider: "google", name: "gone")))
      #expect(try !tx.pricing.deactivate(ModelID(provider: "google", name: "gone")))
      #expect(try tx.pricing.list().map(\.model.name) == ["a", "z", "b/b"])
    }
  }

  @Test func keepsTheOldPriceWhenTheNewOneIsUnusable() throws {
    let old = try file.price()
    #expect(throws: LedgerError.self) { try file.price(Tariff(input: "-1", output: "2")) }
    #expect(
      try file.write { try $0.pricing.active(old.model) } == old)
  }

  @Test(arguments: [
    "UPDATE model_pricing SET input_cost_per_million_tokens = '0'",
    "UPDATE model_pricing SET conditional_prices = NULL",
    "UPDATE model_pricing SET cache_write_cost_per_million_tokens = '0'",
    "DELETE FROM model_pricing",
    "UPDATE model_pricing SET is_active = 1",
  ])
  func letsNobodyEditAPrice(sql: String) throws {
    _ = try file.price()
    _ = try file.price()
    #expect(throws: DatabaseError.self) { try file.write { try $0.db.execute(sql: sql) } }
  }

  @Test func loadsTheShippedListIntoAnEmptyTableOnce() throws {
    try file.write { (tx: LedgerTransaction) throws in
      try StarterPrices.shipped().load(in: tx)
      for (provider, model, input, output) in [
        ("google", "gemini-3.8-flash", "0.75", "3.75"),
        ("google", "gemini-3.1-pro-preview", "2", "12"),
        ("openrouter", "anthropic/claude-sonnet-5.5", "2", "10"),
      ] {
        let tariff = try tx.pricing.active(
          ModelID(provider: ModelProvider(rawValue: provider), name: model)
        ).tariff
        #expect(tariff.input == input && tariff.output == output)
      }
      let loaded = try tx.pricing.list()
      for price in loaded {
        try tx.pricing.deactivate(price.model)
      }
      try StarterPrices.shipped().load(in: tx)
      #expect(try tx.pricing.list().isEmpty)
    }
  }
}
