@testable import LanguageModels
import Metering

/// A response of Gemini's that comes in one piece.
enum GeminiTarget {
  static func run(_ input: [UInt8]) {
    let answer = ProviderChecks.run(Response(input).reply) { reply throws(LanguageModelError) in
      guard reply.isSuccess else { throw GeminiFailure(reply).error }
      return try ProviderChecks.answer(
        of: reply, GeminiReader(outputCap: ProviderChecks.prompt.maximumOutputTokens), "model")
    }
    guard let usage = answer?.usage else { return }
    demand(usage.inputTokens > 0, "a prompt for nothing")
    demand(usage.reportedCostUSD == nil, "Gemini reports no cost")
  }
}
