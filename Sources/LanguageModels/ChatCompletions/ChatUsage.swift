import JSONReading
import Metering

/// The `usage` of a chat completion; OpenAI's names, and what others add. Each count may be
/// missing.
struct ChatUsage {
  /// Includes what came from the cache.
  var prompt: Int?
  /// Normally with the reasoning.
  var completion: Int?
  var total: Int?
  var cached: Int?
  /// Of the prompt, what was put into the cache; none of it is in `cached`
  /// (openrouter.ai/docs, "Usage Accounting").
  var cacheWrite: Int?
  var reasoning: Int?
  /// Of the completion.
  var imageTokens: Int?
  /// What OpenRouter says that the call cost, all in all.
  var cost: ReportedCost?

  init(_ usage: JSONObject) {
    prompt = usage["prompt_tokens"]?.count
    completion = usage["completion_tokens"]?.count
    total = usage["total_tokens"]?.count
    // DeepSeek's name for the cached tokens (api-docs.deepseek.com, "Context Caching").
    cached =
      usage["prompt_tokens_details"]?.object?["cached_tokens"]?.count
      ?? usage["prompt_cache_hit_tokens"]?.count
    cacheWrite = usage["prompt_tokens_details"]?.object?["cache_write_tokens"]?.count
    let details = usage["completion_tokens_details"]?.object
    reasoning = details?["reasoning_tokens"]?.count
    imageTokens = details?["image_tokens"]?.count
    cost = ReportedCost.total(
      usage["cost"].flatMap(ReportedCost.init),
      upstream: usage["cost_details"]?.object?["upstream_inference_cost"]
        .flatMap(ReportedCost.init),
      isOwnKey: usage["is_byok"]?.boolean)
  }

  /// The larger of each count: they are running totals, and some servers end with zeros. Of costs,
  /// the last that is more than nothing.
  func raised(to other: ChatUsage) -> ChatUsage {
    var usage = self
    usage.prompt.raise(to: other.prompt)
    usage.completion.raise(to: other.completion)
    usage.total.raise(to: other.total)
    usage.cached.raise(to: other.cached)
    usage.cacheWrite.raise(to: other.cacheWrite)
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
