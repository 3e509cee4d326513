/// What one call used, in the provider's own count.
package struct TokenUsage: Sendable, Equatable {
  /// The whole prompt, cached tokens included.
  package var inputTokens: Int
  /// The part of `inputTokens` that the provider read from its cache.
  package var cachedInputTokens: Int
  /// Thinking included.
  package var outputTokens: Int
  /// The part of `outputTokens` that was thinking.
  package var reasoningTokens: Int
  /// Images in the answer.
  package var images: Int
  /// What the provider says the call cost, in USD, as decimal text with all digits it sent. `nil`
  /// where it says nothing (Gemini) or nothing that could be a cost.
  package var reportedCostUSD: String?

  package init(
    inputTokens: Int,
    cachedInputTokens: Int = 0,
    outputTokens: Int,
    reasoningTokens: Int = 0,
    images: Int = 0,
    reportedCostUSD: String? = nil
  ) {
    self.inputTokens = inputTokens
    self.cachedInputTokens = cachedInputTokens
    self.outputTokens = outputTokens
    self.reasoningTokens = reasoningTokens
    self.images = images
    self.reportedCostUSD = reportedCostUSD
  }
}

extension TokenUsage {
  /// Larger counts are nonsense: no model takes a hundredth of it, and sums of a few stay far from
  /// overflow.
  private static let maximumCount = 1_000_000_000

  /// A part that exceeds its whole is lowered to it, in the favour of who pays.
  ///
  /// - Returns: `nil` where a count is negative or absurd.
  static func normalised(
    input: Int, cached: Int, output: Int, reasoning: Int, images: Int, costUSD: String? = nil
  ) -> TokenUsage? {
    guard [input, cached, output, reasoning, images].allSatisfy(isSensible) else { return nil }
    return TokenUsage(
      inputTokens: input, cachedInputTokens: min(cached, input), outputTokens: output,
      reasoningTokens: min(reasoning, output), images: images, reportedCostUSD: costUSD)
  }

  static func isSensible(_ count: Int) -> Bool {
    (0...maximumCount).contains(count)
  }
}
