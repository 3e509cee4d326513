import JSONReading
import Metering

/// Gemini's `usageMetadata`. A count that is absent is 0, as in all of protobuf's JSON, or is told
/// in another event of the stream.
struct GeminiUsage {
  /// Includes what came from the cache.
  private var prompt: Int?
  private var toolUse: Int?
  private var cached: Int?
  /// Normally without thoughts; on some responses with them.
  private var candidates: Int?
  private var thoughts: Int?
  /// Of all the others together, each token once.
  private var total: Int?
  /// Those of the candidates that are images.
  private var imageTokens: Int?

  init(_ usage: JSONObject) {
    prompt = usage["promptTokenCount"]?.count
    toolUse = usage["toolUsePromptTokenCount"]?.count
    cached = usage["cachedContentTokenCount"]?.count
    candidates = usage["candidatesTokenCount"]?.count
    thoughts = usage["thoughtsTokenCount"]?.count
    total = usage["totalTokenCount"]?.count
    let details = usage["candidatesTokensDetails"]?.elements?.compactMap(\.object) ?? []
    imageTokens =
      details.lazy.filter { $0["modality"]?.text == "IMAGE" }
      .compactMap { $0["tokenCount"]?.count }.first
  }

  /// The larger of each count: they are running totals, and the last event may lack some.
  func raised(to other: GeminiUsage) -> GeminiUsage {
    var usage = self
    usage.prompt.raise(to: other.prompt)
    usage.toolUse.raise(to: other.toolUse)
    usage.cached.raise(to: other.cached)
    usage.candidates.raise(to: other.candidates)
    usage.thoughts.raise(to: other.thoughts)
    usage.total.raise(to: other.total)
    usage.imageTokens.raise(to: other.imageTokens)
    return usage
  }

  /// Whether the text is counted, and not only the thoughts before it.
  var countsText: Bool {
    (candidates ?? 0) > 0 || (total ?? 0) > (prompt ?? 0) + (toolUse ?? 0) + (thoughts ?? 0)
  }

  /// - Parameter outputCap: The `maxOutputTokens` of the request, which caps thoughts and answer
  ///   together.
  /// - Returns: `nil` if it tells nothing.
  func normalised(images: Int, outputCap: Int) -> TokenUsage? {
    let counts = [prompt, toolUse, candidates, thoughts, total]
    guard counts.contains(where: { $0 != nil }) else { return nil }
    let input = (prompt ?? 0) + (toolUse ?? 0)
    return TokenUsage(
      inputTokens: input, cachedInputTokens: cached ?? 0, outputTokens: output(input, outputCap),
      reasoningTokens: thoughts ?? 0, images: images, imageTokens: imageTokens ?? 0
    ).ifSensible
  }

  /// The total tells whether `candidates` has the thoughts in it. It is also right if thoughts
  /// are counted but not listed. One beyond what the request allowed is not believed.
  private func output(_ input: Int, _ outputCap: Int) -> Int {
    let (candidates, thoughts) = (candidates ?? 0, thoughts ?? 0)
    guard let total, total - input >= candidates, total - input <= outputCap else {
      return candidates + thoughts
    }
    return total - input
  }
}
