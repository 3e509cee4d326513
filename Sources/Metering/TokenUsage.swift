/// What one call used, in the provider's own count: the same from its answer to the journal.
package struct TokenUsage: Sendable, Equatable {
  /// The whole prompt, cached tokens included.
  package var inputTokens: Int
  /// The part of `inputTokens` that the provider read from its cache.
  package var cachedInputTokens: Int
  /// The part of `inputTokens` that the provider put into its cache; none of them is a cached one.
  package var cacheWriteTokens: Int
  /// The whole answer, thinking included.
  package var outputTokens: Int
  /// The part of `outputTokens` that was thinking.
  package var reasoningTokens: Int
  /// Images in the answer.
  package var images: Int
  /// The part of `outputTokens` that was images.
  package var imageTokens: Int
  /// What the provider says the call cost, in USD, as decimal text with all digits it sent. `nil`
  /// if it says nothing (Gemini) or nothing that could be a cost.
  package var reportedCostUSD: String?

  /// A part that exceeds its whole is lowered to it, in the favour of who pays; what is negative
  /// counts as none.
  package init(
    inputTokens: Int, cachedInputTokens: Int = 0, cacheWriteTokens: Int = 0, outputTokens: Int,
    reasoningTokens: Int = 0, images: Int = 0, imageTokens: Int = 0,
    reportedCostUSD: String? = nil
  ) {
    self.inputTokens = max(0, inputTokens)
    self.cachedInputTokens = min(max(0, cachedInputTokens), self.inputTokens)
    self.cacheWriteTokens = min(
      max(0, cacheWriteTokens), self.inputTokens - self.cachedInputTokens)
    self.outputTokens = max(0, outputTokens)
    self.reasoningTokens = min(max(0, reasoningTokens), self.outputTokens)
    self.images = max(0, images)
    self.imageTokens = min(max(0, imageTokens), self.outputTokens - self.reasoningTokens)
    self.reportedCostUSD = reportedCostUSD
  }

  /// Larger counts are nonsense: no model takes a hundredth of it, and sums of a few stay far from
  /// overflow.
  private static let maximumCount = 1_000_000_000

  /// With each image in it once: as one, if images have a price, else as its tokens, if those are
  /// known.
  package func countingImagesOnce(imagesHavePrice: Bool) -> TokenUsage {
    guard images > 0, imageTokens > 0 else { return self }
    var usage = self
    if imagesHavePrice {
      usage.outputTokens -= imageTokens
    } else {
      usage.images = 0
    }
    usage.imageTokens = 0
    return usage
  }

  package static func isSensible(_ count: Int) -> Bool {
    (0...maximumCount).contains(count)
  }
}
