import Metering

/// The `usage` of a chat completion; OpenAI's names, and what others add. Each count may be
/// missing.
struct ChatUsage: Decodable {
  private struct PromptDetails: Decodable {
    private enum CodingKeys: CodingKey {
      case cachedTokens
    }

    var cachedTokens: Int?

    init(from decoder: any Decoder) throws {
      cachedTokens = try decoder.container(keyedBy: CodingKeys.self).count(.cachedTokens)
    }
  }

  private struct CompletionDetails: Decodable {
    private enum CodingKeys: CodingKey {
      case reasoningTokens, imageTokens
    }

    var reasoningTokens: Int?
    var imageTokens: Int?

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      reasoningTokens = container.count(.reasoningTokens)
      imageTokens = container.count(.imageTokens)
    }
  }

  private struct CostDetails: Decodable {
    var upstreamInferenceCost: ReportedCost?
  }

  private enum CodingKeys: CodingKey {
    case promptTokens, completionTokens, totalTokens, promptTokensDetails
    case completionTokensDetails, promptCacheHitTokens, cost, isByok, costDetails
  }

  /// Includes what came from the cache.
  var prompt: Int?
  /// Normally with the reasoning.
  var completion: Int?
  var total: Int?
  var cached: Int?
  var reasoning: Int?
  /// Of the completion.
  var imageTokens: Int?
  /// What OpenRouter says that the call cost, all in all.
  var cost: ReportedCost?

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    prompt = container.count(.promptTokens)
    completion = container.count(.completionTokens)
    total = container.count(.totalTokens)
    // DeepSeek's name for the cached tokens (api-docs.deepseek.com, "Context Caching").
    cached =
      container.lenient(.promptTokensDetails, as: PromptDetails.self)?.cachedTokens
      ?? container.count(.promptCacheHitTokens)
    let details = container.lenient(.completionTokensDetails, as: CompletionDetails.self)
    reasoning = details?.reasoningTokens
    imageTokens = details?.imageTokens
    cost = ReportedCost.total(
      container.lenient(.cost),
      upstream: container.lenient(.costDetails, as: CostDetails.self)?.upstreamInferenceCost,
      isOwnKey: container.lenient(.isByok))
  }

  /// The larger of each count: they are running totals, and some servers end with zeros. Of costs,
  /// the last that is more than nothing.
  func raised(to other: ChatUsage) -> ChatUsage {
    var usage = self
    usage.prompt.raise(to: other.prompt)
    usage.completion.raise(to: other.completion)
    usage.total.raise(to: other.total)
    usage.cached.raise(to: other.cached)
    usage.reasoning.raise(to: other.reasoning)
    usage.imageTokens.raise(to: other.imageTokens)
    if let cost = other.cost, cost.isPositive || usage.cost?.isPositive != true {
      usage.cost = cost
    }
    return usage
  }

  /// Some servers send an empty object before the end.
  var tellsAnything: Bool {
    prompt != nil || completion != nil || cost != nil
  }
}
