import HTTPTransport
import LanguageModels
import Metering
import TestSupport

/// What a test asks where only the answer matters.
let question = Prompt(
  system: "You are terse.", messages: [.init(.user, "What is 2 + 2?")], maximumOutputTokens: 256)

/// A key as long as real ones, so that its last four characters may be shown.
func key(_ ending: String) -> String { "test-key-of-some-length-\(ending)" }

/// All providers behind one face, for what must be true of each.
enum ProviderCase: CaseIterable {
  case gemini
  case openRouter
  case openAICompatible

  func model(
    at url: String, keys: KeyRing = KeyRing([key("abcd")]), timeout: Duration = .seconds(3_600),
    idle: Duration = .seconds(3_600)
  ) -> any LanguageModel {
    let transport = HTTPTransport.ofAllTests
    let limits = CallLimits(
      idle: idle, total: timeout, free: timeout, lookUpPauses: [.milliseconds(1), .milliseconds(1)])
    return switch self {
    case .gemini:
      GeminiModel(transport: transport, baseURL: url, keys: keys, limits: limits)
    case .openRouter:
      OpenRouterModel(transport: transport, baseURL: url, keys: keys, limits: limits)
    case .openAICompatible:
      OpenAICompatibleModel(transport: transport, baseURL: url, keys: keys, limits: limits)
    }
  }

  /// A whole answer with usage, as this provider writes it.
  var goodBody: String {
    switch self {
    case .gemini:
      #"""
      {"candidates": [{"content": {"parts": [{"text": "4"}]}, "finishReason": "STOP"}],
      "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 1, "totalTokenCount": 13}}
      """#
    case .openRouter:
      #"""
      {"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}],
      "usage": {"prompt_tokens": 12, "completion_tokens": 1, "cost": 0.00001}}
      """#
    case .openAICompatible:
      #"""
      {"choices": [{"message": {"content": "4"}, "finish_reason": "stop"}],
      "usage": {"prompt_tokens": 12, "completion_tokens": 1, "total_tokens": 13}}
      """#
    }
  }
}

extension ProviderCase {
  /// The texts of `goodEvents` in a row: each character takes several bytes.
  static let streamedText = "Grüße, 2 + 2 = 四 🚀"

  static let streamedUsage = TokenUsage(inputTokens: 12, outputTokens: 9)

  /// What the events of a whole answer hold, in the order in which this provider sends them.
  var goodEvents: [String] {
    switch self {
    case .gemini:
      [
        geminiEvent("Grüße, ", #""usageMetadata": {"promptTokenCount": 12}"#),
        geminiEvent("2 + 2 = 四", #""usageMetadata": {"promptTokenCount": 12}"#),
        geminiEvent(
          " 🚀",
          #"""
          "usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 9, \#
          "totalTokenCount": 21}
          """#, finishReason: "STOP"),
      ]
    case .openRouter:
      [
        chatChunk("Grüße, "), chatChunk("2 + 2 = 四"), chatChunk(" 🚀", finishReason: "stop"),
        chatChunk("", #", "usage": \#(chatUsage)"#, finishReason: "stop"), "[DONE]",
      ]
    case .openAICompatible:
      [
        chatChunk("Grüße, ", #", "usage": null"#), chatChunk("2 + 2 = 四", #", "usage": null"#),
        chatChunk(" 🚀", #", "usage": null"#, finishReason: "stop"),
        #"{"choices": [], "usage": \#(chatUsage)}"#, "[DONE]",
      ]
    }
  }
}

extension ProviderCase {
  func usage(input: Int, output: Int) -> String {
    switch self {
    case .gemini:
      #""usageMetadata": {"promptTokenCount": \#(input), "candidatesTokenCount": \#(output)}"#
    case .openRouter, .openAICompatible:
      #", "usage": {"prompt_tokens": \#(input), "completion_tokens": \#(output)}"#
    }
  }

  /// One without text.
  func event(usage: String) -> String {
    switch self {
    case .gemini: geminiEvent("", usage)
    case .openRouter, .openAICompatible: chatChunk("", usage)
    }
  }
}

let chatUsage = #"{"prompt_tokens": 12, "completion_tokens": 9}"#

func geminiEvent(_ text: String, _ usage: String, finishReason: String? = nil) -> String {
  let reason = finishReason.map { #", "finishReason": "\#($0)""# } ?? ""
  return #"{"candidates": [{"content": {"parts": [{"text": "\#(text)"}]}\#(reason)}], \#(usage)}"#
}

func chatChunk(
  _ text: String, _ usage: String = "", finishReason: String? = nil
) -> String {
  let reason = finishReason.map { #""\#($0)""# } ?? "null"
  return #"{"choices": [{"delta": {"content": "\#(text)"}, "finish_reason": \#(reason)}]\#(usage)}"#
}

extension LanguageModel {
  func answer(
    _ prompt: Prompt = question, model: String = "some-model"
  ) async throws(LanguageModelError) -> Answer {
    try await stream(prompt, model: model).collected()
  }

  /// The error that asking brings; `nil` where there is an answer instead.
  func failure(_ prompt: Prompt = question) async -> LanguageModelError? {
    do {
      _ = try await answer(prompt)
      return nil
    } catch {
      return error
    }
  }
}

/// Asks a server that gives this reply to everything.
func ask(_ provider: ProviderCase, replying reply: LoopbackReply) async throws -> Answer {
  let server = try LoopbackServer { _ in reply }
  return try await provider.model(at: server.url).answer()
}

/// The error that this reply to everything means.
func failure(
  _ provider: ProviderCase, replying reply: LoopbackReply
) async throws -> LanguageModelError? {
  let server = try LoopbackServer { _ in reply }
  return await provider.model(at: server.url).failure()
}
