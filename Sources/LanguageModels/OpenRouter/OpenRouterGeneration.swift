import Foundation
import Metering

/// What `GET /generation` tells of an earlier request; OpenRouter's names.
struct OpenRouterGeneration: Decodable {
  private struct Body: Decodable {
    var data: OpenRouterGeneration
  }

  var nativeTokensPrompt: Int?
  var nativeTokensCompletion: Int?
  var nativeTokensReasoning: Int?
  var nativeTokensCached: Int?
  var totalCost: ReportedCost?
  var upstreamInferenceCost: ReportedCost?
  var isByok: Bool?

  static func read(_ reply: ProviderReply) -> OpenRouterGeneration? {
    (try? JSONDecoder.snakeCase.decode(Body.self, from: reply.body))?.data
  }

  /// Counts of a request that was cancelled early are `null`. The result is `nil` if one is
  /// negative or absurd, or nothing at all is told.
  var usage: TokenUsage? {
    guard nativeTokensPrompt != nil || totalCost != nil else { return nil }
    return .checked(
      input: nativeTokensPrompt ?? 0, cached: nativeTokensCached ?? 0,
      output: nativeTokensCompletion ?? 0, reasoning: nativeTokensReasoning ?? 0,
      images: 0,  // Told in tokens alone, which are among those of the completion.
      costUSD: ReportedCost.total(
        totalCost, upstream: upstreamInferenceCost, isOwnKey: isByok))
  }
}
