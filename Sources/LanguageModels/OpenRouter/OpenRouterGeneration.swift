import Foundation
import Metering

/// What `GET /generation` tells of an earlier request; OpenRouter's names.
struct OpenRouterGeneration: Decodable {
  private struct Body: Decodable {
    var data: OpenRouterGeneration
  }

  private enum CodingKeys: CodingKey {
    case nativeTokensPrompt, nativeTokensCompletion, nativeTokensReasoning, nativeTokensCached
    case nativeTokensCacheWrite
    case totalCost, upstreamInferenceCost, isByok
  }

  /// Counts of a request that was cancelled early are `null`. `nil` if nothing at all is told.
  let usage: TokenUsage?

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let prompt = container.count(.nativeTokensPrompt)
    let cost = ReportedCost.total(
      container.lenient(.totalCost), upstream: container.lenient(.upstreamInferenceCost),
      isOwnKey: container.lenient(.isByok))
    guard prompt != nil || cost != nil else {
      usage = nil
      return
    }
    usage = TokenUsage(
      inputTokens: prompt ?? 0, cachedInputTokens: container.count(.nativeTokensCached) ?? 0,
      cacheWriteTokens: container.count(.nativeTokensCacheWrite) ?? 0,
      outputTokens: container.count(.nativeTokensCompletion) ?? 0,
      reasoningTokens: container.count(.nativeTokensReasoning) ?? 0,
      images: 0,  // Told in tokens alone, which are among those of the completion.
      reportedCostUSD: cost?.description)
  }

  static func read(_ reply: ProviderReply) -> OpenRouterGeneration? {
    ProviderJSON.decode(Body.self, from: reply.body, with: .snakeCase)?.data
  }
}
