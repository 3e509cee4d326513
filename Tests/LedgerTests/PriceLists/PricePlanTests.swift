import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("PricePlan")
struct PricePlanTests {
  private static let model = ModelID(provider: "openrouter", name: "a/b")
  private let file: LedgerFile

  init() throws {
    file = try LedgerFile()
  }

  private func list(
    _ tariff: Tariff, of models: [ModelID] = [model], endsOn: String? = nil
  ) -> PriceList {
    var list = PriceList(source: "A list", provider: "openrouter")
    for model in models { list.add(model, endsOn: endsOn) { tariff } }
    return list
  }

  private func plan(
    _ list: PriceList, _ scope: PricePlan.Scope, believingAll: Bool = false
  ) throws -> PricePlan {
    try file.database.read { try PricePlan(list, scope, believingAll: believingAll, in: $0) }
  }

  private func apply(_ plan: PricePlan) throws {
    try file.write { try plan.apply(in: $0) }
  }

  private func versions() throws -> [ModelPrice] {
    try file.write { try $0.pricing.versions(of: "a/b") }
  }

  @Test func takesModelsThatHaveAPriceOrAreInUseAndNoOthers() throws {
    let others = ["c/d", "e/f", "g/h"].map { ModelID(provider: "openrouter", name: $0) }
    _ = try file.price(provider: "openrouter", model: "a/b")
    _ = try file.price(provider: "openrouter", model: "i/j")
    _ = try file.price()
    let list = list(Tariff(input: "1", output: "2"), of: [Self.model] + others)
    let known = try plan(list, .known(inUse: [others[0]]))
    #expect(known.changes.map(\.model.name) == ["a/b", "c/d"])
    // Models of another provider are not this list's business.
    #expect(known.unlisted.map(\.name) == ["i/j"])
    #expect(try plan(list, .only(others[2])).changes.map(\.model.name) == ["g/h"])
    #expect(try plan(list, .all).changes.count == 4)
    #expect(try plan(list, .all).unlisted.isEmpty)
    let missing = ModelID(provider: "openrouter", name: "x/y")
    #expect(try plan(list, .only(missing)).whyNot(missing) == "it is not in the list")
  }

  @Test func changesNothingWhereEveryCallCostsTheSame() throws {
    let old = try file.price(
      Tariff(input: "2.0", output: "10"), provider: "openrouter", model: "a/b")
    let same = Tariff(
      input: "2", output: "10.00", cachedInput: "2",
      longPrompt: .init(
        threshold: 9, input: "2", output: "10"))
    let plan = try plan(list(same), .all)
    #expect(plan.changes.isEmpty && plan.unchanged == 1)
    try apply(plan)
    #expect(try versions() == [old])
  }

  @Test func opensANewVersionWithWhereItIsFrom() throws {
    let old = try file.price(
      Tariff(input: "2", output: "10", imageOutput: "0.03"), provider: "openrouter", model: "a/b")
    let plan = try plan(
      list(Tariff(input: "3", output: "9", cachedInput: "0.3"), endsOn: "2027-02-01"), .all)
    try apply(plan)
    let prices = try versions()
    #expect(prices.map(\.isActive) == [true, false])
    #expect(prices.last?.id == old.id)
    // The list tells nothing of images, so they are not free from now on.
    #expect(
      prices.first?.tariff
        == Tariff(input: "3", output: "9", cachedInput: "0.3", imageOutput: "0.03"))
    #expect(prices.first?.notes == "A list, 2027-01-15; the model ends on 2027-02-01")
    #expect(
      plan.changes.first?.moves.map { "\($0.part) \($0.percentText) \($0.isLarge)" } == [
        "input +50.0 % true", "output -10.0 % false", "cached input -85.0 % false",
      ])
  }

  @Test func writesAllOfItOrNothing() throws {
    let models = [Self.model, ModelID(provider: "openrouter", name: "c/d")]
    _ = try file.price(provider: "openrouter", model: "c/d")
    let plan = try plan(list(Tariff(input: "1", output: "2"), of: models), .all)
    let newer = try file.price(
      Tariff(input: "5", output: "6"), provider: "openrouter", model: "c/d")
    #expect(throws: PriceListError.changedMeanwhile(models[1])) { try apply(plan) }
    #expect(try versions().isEmpty)
    #expect(
      try file.write { try $0.pricing.versions(of: "c/d") }.first == newer)
  }

  /// OpenRouter sells models of Google's under names such as google/gemini-2.5-flash.
  @Test func tellsModelsOfOneNameFromEachOther() throws {
    let google = ModelID(provider: "google", name: "gemini-2.5-flash")
    let resold = ModelID(provider: "openrouter", name: google.description)
    let old = try file.price(provider: resold.provider, model: resold.name)
    var list = PriceList(source: "A list")
    for model in [google, resold] {
      list.add(model, endsOn: nil) { Tariff(input: "7", output: "8") }
    }
    try apply(try plan(list, .only(google), believingAll: true))
    let active = try file.write { try $0.pricing.list() }
    #expect(active.map(\.tariff.input) == ["7", old.tariff.input])
    try apply(try plan(list, .only(resold), believingAll: true))
    #expect(
      try file.write { try $0.pricing.list() }.map(\.tariff.input) == ["7", "7"])
  }

  @Test(arguments: [
    ("2", "10", nil), ("2", "0.4", nil), ("2", "2", nil), ("0.001", "0.002", nil),
    ("2", "10.000001", "input would move from 2 to 10.000001, more than 5-fold"),
    ("2", "0.3999999", "input would move from 2 to 0.3999999, more than 5-fold"),
    ("2", "2000", "input would move from 2 to 2000, more than 5-fold"),
    ("2", "0", "input would be zero"), ("0.0", "2", "input would move from 0.0 to 2"),
    (
      "0.002", "0.0009999",
      "input, 0.0009999, looks like a price per token; these are per million"
    ),
  ])
  func leavesAnOddPriceToAPersonsWord(old: String, new: String, doubt: String?) throws {
    let before = try file.price(
      Tariff(input: old, output: "1"), provider: "openrouter", model: "a/b")
    let list = list(Tariff(input: new, output: "1"))
    let plan = try plan(list, .all)
    #expect(plan.doubtful.isEmpty == (doubt == nil))
    if let doubt {
      #expect(plan.changes.isEmpty)
      #expect(plan.doubtful.first?.doubts.count == 1)
      #expect(plan.doubtful.first?.doubts.first?.hasPrefix(doubt) == true)
      try apply(plan)
      #expect(try versions() == [before])
      try apply(try self.plan(list, .all, believingAll: true))
      #expect(try versions().first?.tariff.input == new)
    }
  }

  @Test func findsNothingOddInACheaperPriceOfItsOwnOrInTheFirstPrice() {
    let old = Tariff(input: "3", output: "15")
    func doubts(_ new: Tariff, after old: Tariff?) -> [String] {
      PriceMove.moves(from: old, to: new).compactMap(\.doubt)
    }
    let cached = Tariff(input: "3", output: "15", cachedInput: "0.3")
    #expect(doubts(cached, after: old).isEmpty)
    #expect(doubts(cached, after: nil).isEmpty)
    // Without it, cached tokens cost ten times as much.
    #expect(
      doubts(old, after: cached)
        == ["cached input would lose its own price, 0.3"])
    #expect(
      doubts(Tariff(input: "3", output: "15", cachedInput: "300"), after: old)
        == ["cached input would move from 3 to 300, more than 5-fold"])
    #expect(
      doubts(Tariff(input: "0", output: "0.000015", imageOutput: "0.00004"), after: nil)
        == [
          "input would be zero",
          "output, 0.000015, looks like a price per token; these are per million",
        ])
    #expect(
      doubts(
        Tariff(
          input: "3", output: "15", longPrompt: .init(threshold: 9, input: "3", output: "1500")),
        after: old)
        == ["output, over 9 tokens would move from 15 to 1500, more than 5-fold"])
  }

  @Test(arguments: [
    ("2", "2.2", "+10.0 %", false), ("2", "2.2000001", "+10.1 %", true),
    ("2", "1.8", "-10.0 %", false), ("2", "1.7999", "-10.1 %", true), ("2", "6", "+200.0 %", true),
    ("3", "2", "-33.4 %", true), ("0", "2", "new", true), ("2", "0", "-100.0 %", true),
  ])
  func tellsByHowMuchAPriceMoves(
    old: String, new: String, percent: String, isLarge: Bool
  ) throws {
    let moves = PriceMove.moves(
      from: Tariff(input: old, output: "1"), to: Tariff(input: new, output: "1"))
    #expect(moves.map(\.part) == ["input"])
    #expect(moves.map(\.percentText) == [percent] && moves.map(\.isLarge) == [isLarge])
  }

  @Test func comparesWithThePriceThatStandsInForAMissingOne() throws {
    let old = Tariff(input: "2", output: "10", cachedInput: "0.2")
    let night = DailyHours(
      from: try #require(ClockTime(parsing: "22:00")), to: try #require(ClockTime(parsing: "06:00"))
    )
    let new = Tariff(
      input: "2", output: "10", cacheWrite: "2.5",
      longPrompt: .init(threshold: 200_000, input: "4", output: "10", cachedInput: "0.2"),
      conditions: [.init(hours: night, input: "1")])
    let moves = PriceMove.moves(from: old, to: new)
    func lines(_ moves: [PriceMove]) -> [String] {
      moves.map { "\($0.part) \($0.old ?? "-") \($0.new ?? "-") \($0.percentText) \($0.isLarge)" }
    }
    #expect(
      lines(moves) == [
        "cache write - 2.5 +25.0 % true", "input, over 200000 tokens - 4 +100.0 % true",
        "cache write, over 200000 tokens - 4 +100.0 % true",
        "input, 22:00-06:00 UTC - 1 -50.0 % false", "cached input 0.2 - +900.0 % true",
      ])
    #expect(
      lines(PriceMove.moves(from: nil, to: Tariff(input: "1", output: "2"))) == [
        "input - 1 new false", "output - 2 new false",
      ])
  }
}
