import Foundation
import LanguageModels
import Ledger
import Metering

/// A list of prices, of OpenRouter's form or of LiteLLM's.
enum PricesTarget {
  private static let usage = TokenUsage(
    inputTokens: 250_000, cachedInputTokens: 50_000, cacheWriteTokens: 10_000,
    outputTokens: 60_000, reasoningTokens: 20_000, images: 1)
  /// An hour of each day of a week, none of them the same.
  private static let moments = (0..<7).map { day in
    PriceMoment(Date(timeIntervalSince1970: Double(1_793_577_600 + day * 99_000)))
  }

  static func run(_ input: [UInt8]) {
    let json = Data(input)
    for allowFree in [false, true] {
      if let list = try? OpenRouterPriceList.read(json, allowFree: allowFree) {
        check(list, allowFree)
      }
      let prefixes = Provider.priceListPrefixes
      if let list = try? LiteLLMPriceList.read(json, prefixes: prefixes, allowFree: allowFree) {
        check(list, allowFree)
      }
    }
  }

  /// What is taken over can be sold, is never free by accident, and is written as it was read.
  private static func check(_ list: PriceList, _ allowFree: Bool) {
    for entry in list.entries {
      guard let rates = try? Rates(entry.tariff) else { fatalError("no rates: \(entry)") }
      demand(PriceMove.moves(from: entry.tariff, to: entry.tariff).isEmpty, "it moves: \(entry)")
      for move in PriceMove.moves(from: nil, to: entry.tariff) {
        let price = move.new.flatMap { try? USD(parsing: $0) }
        demand(price ?? .zero >= .zero, "below zero: \(entry)")
        demand(allowFree || price != .zero, "free: \(entry)")
      }
      guard let bound = try? rates.bound(inputTokens: 250_000, outputTokens: 60_000) else {
        fatalError("no bound: \(entry)")
      }
      for moment in moments {
        guard let cost = try? rates.cost(of: usage, at: moment) else {
          fatalError("no cost: \(entry)")
        }
        demand(cost >= .zero && cost <= bound, "\(cost) is not within \(bound): \(entry)")
      }
      guard let text = try? JSONEncoder().encode(entry.tariff),
        let tariff = try? JSONDecoder().decode(Tariff.self, from: text)
      else { fatalError("not written: \(entry)") }
      demand(tariff == entry.tariff, "written as another: \(entry)")
    }
    let names = list.entries.map(\.model) + list.refusals.map(\.model)
    demand(Set(names).count == names.count, "a model twice")
  }
}
