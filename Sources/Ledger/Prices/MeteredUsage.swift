/// What one call used, as the provider metered it.
package struct MeteredUsage: Sendable, Equatable {
  /// The whole prompt, cached tokens included.
  package var inputTokens: Int
  package var cachedInputTokens: Int
  /// Those of the prompt that the provider put into its cache; none of them is a cached one. Calls
  /// of the bot ask for no cache, so of them none is metered.
  package var cacheWriteTokens: Int
  /// The whole answer, thinking included.
  package var outputTokens: Int
  package var reasoningTokens: Int
  package var images: Int

  package init(
    inputTokens: Int, cachedInputTokens: Int = 0, cacheWriteTokens: Int = 0, outputTokens: Int,
    reasoningTokens: Int = 0, images: Int = 0
  ) {
    self.inputTokens = max(0, inputTokens)
    self.cachedInputTokens = min(max(0, cachedInputTokens), self.inputTokens)
    self.cacheWriteTokens = min(
      max(0, cacheWriteTokens), self.inputTokens - self.cachedInputTokens)
    self.outputTokens = max(0, outputTokens)
    self.reasoningTokens = min(max(0, reasoningTokens), self.outputTokens)
    self.images = max(0, images)
  }
}
