package import Metering

/// A tariff, parsed and found usable: exact amounts per token and per image.
package struct Rates: Sendable, Equatable {
  /// Prices of which each may be left to another.
  private struct Prices: Equatable {
    var input: USD?
    var output: USD?
    var cachedInput: USD?
    var cacheWrite: USD?
    var reasoning: USD?

    var dearestInput: USD { [input, cachedInput, cacheWrite].compactMap(\.self).max() ?? .zero }
    var dearestOutput: USD { [output, reasoning].compactMap(\.self).max() ?? .zero }

    mutating func giveWay(to other: Prices) {
      input = other.input ?? input
      output = other.output ?? output
      cachedInput = other.cachedInput ?? cachedInput
      cacheWrite = other.cacheWrite ?? cacheWrite
      reasoning = other.reasoning ?? reasoning
    }
  }

  private struct Condition: Equatable {
    var promptOver: Int?
    var hours: DailyHours?
    var days: [Int]?
    var prices: Prices

    func mayApply(to inputTokens: Int) -> Bool {
      promptOver.map { inputTokens > $0 } ?? true
    }

    func applies(to inputTokens: Int, at moment: PriceMoment) -> Bool {
      mayApply(to: inputTokens) && hours?.contain(minute: moment.minute) ?? true
        && days?.contains(moment.day) ?? true
    }
  }

  private let base: Prices
  private let conditions: [Condition]
  private let perImage: USD

  /// No published price comes near a million dollars per million tokens; a figure above it is a
  /// typing error, such as a price per token in a field per million.
  private static let maximumPerMillion = USD(units: 1_000_000 * 1_000_000_000_000_000_000_000_000)

  /// - Throws: `LedgerError.malformedAmount` for a price that is negative, absurd, no decimal, or
  ///   has more than 18 decimals, and for a negative threshold or a day that is none.
  package init(_ tariff: Tariff) throws(LedgerError) {
    base = try Self.prices(
      tariff.input, tariff.output, tariff.cachedInput, tariff.cacheWrite, tariff.reasoning)
    // A model with images is priced per image it makes, or, if it makes none, per image it reads.
    let image = try tariff.imageInput.map(Self.price)
    perImage = try tariff.imageOutput.map(Self.price) ?? image ?? .zero
    conditions = try tariff.allConditions.map { condition throws(LedgerError) in
      if let threshold = condition.promptOver, threshold < 0 {
        throw .malformedAmount(String(threshold))
      }
      if let day = condition.days?.first(where: { !(1...7).contains($0) }) {
        throw .malformedAmount(String(day))
      }
      return Condition(
        promptOver: condition.promptOver, hours: condition.hours, days: condition.days,
        prices: try Self.prices(
          condition.input, condition.output, condition.cachedInput, condition.cacheWrite,
          condition.reasoning))
    }
  }

  /// The exact cost: (input − cached − written) × input price + cached × cached price + written ×
  /// cache-write price + (output − thinking) × output price + thinking × thinking price + images.
  /// If conditions are met, by prompt tokens and the moment alone, all tokens take their prices.
  ///
  /// - Throws: `LedgerError.amountTooLarge`.
  package func cost(
    of usage: TokenUsage, at moment: PriceMoment
  ) throws(LedgerError) -> USD {
    var prices = base
    for condition in conditions where condition.applies(to: usage.inputTokens, at: moment) {
      prices.giveWay(to: condition.prices)
    }
    let (inputPrice, outputPrice) = (prices.input ?? .zero, prices.output ?? .zero)
    let plain = usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens
    let input = try inputPrice.times(plain)
    let cached = try (prices.cachedInput ?? inputPrice).times(usage.cachedInputTokens)
    let written = try (prices.cacheWrite ?? inputPrice).times(usage.cacheWriteTokens)
    let output = try outputPrice.times(usage.outputTokens - usage.reasoningTokens)
    let reasoning = try (prices.reasoning ?? outputPrice).times(usage.reasoningTokens)
    let tokens = try (try (try input + cached) + written) + (try output + reasoning)
    return try tokens + (try perImage.times(usage.images))
  }

  /// An upper bound of what a call can cost, at any hour: every token at the dearest rate that may
  /// apply to it, and one image if the model makes them.
  package func bound(inputTokens: Int, outputTokens: Int) throws(LedgerError) -> USD {
    let all = [base] + conditions.filter { $0.mayApply(to: inputTokens) }.map(\.prices)
    let input = all.map(\.dearestInput).max() ?? .zero
    let output = all.map(\.dearestOutput).max() ?? .zero
    let tokens = try (try input.times(inputTokens)) + (try output.times(outputTokens))
    return try tokens + perImage
  }

  private static func prices(
    _ input: String?, _ output: String?, _ cachedInput: String?, _ cacheWrite: String?,
    _ reasoning: String?
  ) throws(LedgerError) -> Prices {
    Prices(
      input: try input.map(perToken), output: try output.map(perToken),
      cachedInput: try cachedInput.map(perToken), cacheWrite: try cacheWrite.map(perToken),
      reasoning: try reasoning.map(perToken))
  }

  private static func price(_ text: String) throws(LedgerError) -> USD {
    let price = try USD(parsing: text)
    guard price.units >= 0, price <= maximumPerMillion else { throw .malformedAmount(text) }
    return price
  }

  private static func perToken(_ perMillion: String) throws(LedgerError) -> USD {
    let (units, rest) = try price(perMillion).units.quotientAndRemainder(dividingBy: 1_000_000)
    guard rest == 0 else { throw .malformedAmount(perMillion) }
    return USD(units: units)
  }
}
