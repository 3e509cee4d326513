import Metering

/// Gemini's `usageMetadata`. A count that is absent is 0, as in all of protobuf's JSON.
struct GeminiUsage: Decodable {
  /// Includes what came from the cache.
  var promptTokenCount: Int?
  var toolUsePromptTokenCount: Int?
  var cachedContentTokenCount: Int?
  /// Normally without thoughts; on some responses with them.
  var candidatesTokenCount: Int?
  var thoughtsTokenCount: Int?
  /// Of all the others together, each token once.
  var totalTokenCount: Int?

  /// - Parameter outputCap: The `maxOutputTokens` of the request, which caps thoughts and answer
  ///   together.
  /// - Returns: `nil` if a count is negative or absurd.
  func normalised(images: Int, outputCap: Int) -> TokenUsage? {
    let prompt = promptTokenCount ?? 0
    let toolUse = toolUsePromptTokenCount ?? 0
    let candidates = candidatesTokenCount ?? 0
    let thoughts = thoughtsTokenCount ?? 0
    let counts = [prompt, toolUse, candidates, thoughts, totalTokenCount ?? 0]
    guard counts.allSatisfy(TokenUsage.isSensible) else { return nil }
    return .checked(
      input: prompt + toolUse, cached: cachedContentTokenCount ?? 0,
      output: output(prompt + toolUse, candidates, thoughts, outputCap), reasoning: thoughts,
      images: images)
  }

  /// The total tells whether `candidates` has the thoughts in it. It is also right if thoughts
  /// are counted but not listed. One beyond what the request allowed is not believed.
  private func output(
    _ input: Int, _ candidates: Int, _ thoughts: Int, _ outputCap: Int
  ) -> Int {
    guard let total = totalTokenCount, total - input >= candidates, total - input <= outputCap
    else { return candidates + thoughts }
    return total - input
  }
}
