/// A tariff, parsed and found usable: exact amounts per token and per image.
package struct Rates: Sendable, Equatable {
  private struct Tier: Equatable {
    var input: USD
    var cachedInput: USD
    var output: USD
    var reasoning: USD
  }

  private let base: Tier
  private let longPrompt: Tier?
  private let longPromptThreshold: Int
  private let perImage: USD

  /// No published price comes near a million dollars per million tokens; a figure above it is a
  /// typing error, such as a price per token in a field per million.
  private static let mostPerMillion = USD(units: 1_000_000 * 1_000_000_000_000_000_000_000_000)

  /// - Throws: `LedgerError.malformedAmount` for a price that is negative, absurd, no decimal, or
  ///   has more than 18 decimals.
  package init(_ tariff: Tariff) throws(LedgerError) {
    let output = try Self.perToken(tariff.output)
    base = Tier(
      input: try Self.perToken(tariff.input),
      cachedInput: try Self.perToken(tariff.cachedInput ?? tariff.input),
      output: output,
      reasoning: try tariff.reasoning.map(Self.perToken) ?? output)
    // A model with images is priced per image it makes, or, if it makes none, per image it reads.
    let image = try tariff.imageInput.map(Self.price)
    perImage = try tariff.imageOutput.map(Self.price) ?? image ?? .zero
    if let tier = tariff.longPrompt {
      guard tier.threshold >= 0 else { throw .malformedAmount(String(tier.threshold)) }
      let output = try Self.perToken(tier.output)
      longPrompt = Tier(
        input: try Self.perToken(tier.input),
        cachedInput: try Self.perToken(tier.cachedInput ?? tier.input),
        output: output,
        reasoning: try tariff.reasoning.map(Self.perToken) ?? output)
      longPromptThreshold = tier.threshold
    } else {
      longPrompt = nil
      longPromptThreshold = .max
    }
  }

  /// The exact cost: (input − cached) × input price + cached × cached price + (output − thinking) ×
  /// output price + thinking × thinking price + images. Above the long-prompt threshold, by prompt
  /// tokens alone, all tokens take the tier's prices.
  ///
  /// - Throws: `LedgerError.amountTooLarge`.
  package func cost(of usage: MeteredUsage) throws(LedgerError) -> USD {
    let tier = usage.inputTokens > longPromptThreshold ? longPrompt ?? base : base
    let input = try tier.input.times(usage.inputTokens - usage.cachedInputTokens)
    let cached = try tier.cachedInput.times(usage.cachedInputTokens)
    let output = try tier.output.times(usage.outputTokens - usage.reasoningTokens)
    let reasoning = try tier.reasoning.times(usage.reasoningTokens)
    let tokens = try (try input + cached) + (try output + reasoning)
    return try tokens + (try perImage.times(usage.images))
  }

  /// An upper bound of what a call can cost: every token at the dearest rate that may apply to it,
  /// and one image where the model makes them.
  package func bound(inputTokens: Int, outputTokens: Int) throws(LedgerError) -> USD {
    var input = max(base.input, base.cachedInput)
    var output = max(base.output, base.reasoning)
    if let longPrompt, inputTokens > longPromptThreshold {
      input = max(input, longPrompt.input, longPrompt.cachedInput)
      output = max(output, longPrompt.output, longPrompt.reasoning)
    }
    let tokens = try (try input.times(inputTokens)) + (try output.times(outputTokens))
    return try tokens + perImage
  }

  private static func price(_ text: String) throws(LedgerError) -> USD {
    let price = try USD(parsing: text)
    guard price.units >= 0, price <= mostPerMillion else { throw .malformedAmount(text) }
    return price
  }

  private static func perToken(_ perMillion: String) throws(LedgerError) -> USD {
    let (units, rest) = try price(perMillion).units.quotientAndRemainder(dividingBy: 1_000_000)
    guard rest == 0 else { throw .malformedAmount(perMillion) }
    return USD(units: units)
  }
}
