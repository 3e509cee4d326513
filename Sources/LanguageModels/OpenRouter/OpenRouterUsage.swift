import Metering

/// The `usage` of a chat completion, in the native tokens that are billed; OpenRouter's names.
struct OpenRouterUsage: ChatUsage {
  struct CostDetails: Decodable {
    var upstreamInferenceCost: ReportedCost?
  }

  /// Includes what came from the cache.
  var promptTokens: Int
  /// Includes reasoning.
  var completionTokens: Int
  var promptTokensDetails: ChatPromptDetails?
  var completionTokensDetails: ChatCompletionDetails?
  var cost: ReportedCost?
  var isByok: Bool?
  var costDetails: CostDetails?

  /// `nil` if a count is negative or absurd.
  func normalised(images: Int) -> TokenUsage? {
    .checked(
      input: promptTokens, cached: promptTokensDetails?.cachedTokens ?? 0,
      output: completionTokens, reasoning: completionTokensDetails?.reasoningTokens ?? 0,
      images: images,
      costUSD: ReportedCost.total(
        cost, upstream: costDetails?.upstreamInferenceCost, isOwnKey: isByok))
  }
}
