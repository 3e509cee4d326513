import LanguageModels
import Metering
import Testing
import TestSupport

/// An answer that the provider broke off is sold as what it is.
@Suite("How an answer ends")
struct EndingTests {
  private func events(_ provider: ProviderCase, _ text: String, _ reasons: String) -> [String] {
    switch provider {
    case .gemini:
      let candidate = #"{"content": {"parts": [{"text": "\#(text)"}]}, \#(reasons)}"#
      return [
        #"{"candidates": [\#(candidate)], "#
          + #""usageMetadata": {"promptTokenCount": 12, "candidatesTokenCount": 9}}"#
      ]
    case .openRouter, .openAICompatible:
      let choice = #"{"delta": {"content": "\#(text)"}, \#(reasons)}"#
      return [#"{"choices": [\#(choice)], "usage": \#(chatUsage)}"#, "[DONE]"]
    }
  }

  static let gemini: [(String, Answer.Ending)] = [
    ("STOP", .complete), ("MAX_TOKENS", .lengthLimit), ("SAFETY", .brokenOff(.safety)),
    ("PROHIBITED_CONTENT", .brokenOff(.safety)), ("SPII", .brokenOff(.safety)),
    ("BLOCKLIST", .brokenOff(.safety)), ("RECITATION", .brokenOff(.recitation)),
    ("OTHER", .brokenOff(.other(codeWord: "OTHER"))),
    ("LANGUAGE", .brokenOff(.other(codeWord: "LANGUAGE"))),
    ("A_NEW_ONE", .brokenOff(.other(codeWord: "A_NEW_ONE"))),
    ("It says \\n secret things", .brokenOff(.other(codeWord: "OTHER"))),
  ]

  @Test(arguments: gemini)
  func isReadFromGeminisWord(word: String, ending: Answer.Ending) async throws {
    let stream = events(.gemini, "Half a te", #""finishReason": "\#(word)""#)
    let answer = try await ask(.gemini, replying: .events(stream))
    #expect(answer.ending == ending)
    #expect(answer.text == "Half a te")
    #expect(answer.usage == ProviderCase.streamedUsage)
    #expect(!answer.usageIsEstimate)
  }

  static let chat: [(String, Answer.Ending)] = [
    (#""finish_reason": "stop""#, .complete), (#""finish_reason": "end_turn""#, .complete),
    (#""finish_reason": "eos""#, .complete), (#""finish_reason": "length""#, .lengthLimit),
    (#""finish_reason": "max_tokens""#, .lengthLimit),
    (#""finish_reason": "model_context_window_exceeded""#, .lengthLimit),
    (#""finish_reason": "content_filter""#, .brokenOff(.safety)),
    (#""finish_reason": "sensitive""#, .brokenOff(.safety)),
    (#""finish_reason": "network_error""#, .brokenOff(.connection)),
    (#""finish_reason": "insufficient_system_resource""#, .brokenOff(.capacity)),
    (#""finish_reason": "abort""#, .brokenOff(.other(codeWord: "ABORT"))),
    (#""finish_reason": "stop", "native_finish_reason": "STOP""#, .complete),
    (#""finish_reason": "stop", "native_finish_reason": "end_turn""#, .complete),
    (#""finish_reason": "stop", "native_finish_reason": "a new one""#, .complete),
    (#""finish_reason": "stop", "native_finish_reason": null"#, .complete),
    (#""finish_reason": "stop", "native_finish_reason": "SAFETY""#, .brokenOff(.safety)),
    (#""finish_reason": "stop", "native_finish_reason": "network error""#, .brokenOff(.connection)),
    (
      #""finish_reason": "stop", "native_finish_reason": "OTHER""#,
      .brokenOff(.other(codeWord: "OTHER"))
    ),
    (#""finish_reason": "stop", "native_finish_reason": "MAX_TOKENS""#, .lengthLimit),
    (
      #""finish_reason": "content_filter", "native_finish_reason": "RECITATION""#,
      .brokenOff(.recitation)
    ),
    (
      #""finish_reason": "content_filter", "native_finish_reason": "OTHER""#, .brokenOff(.safety)
    ),
    (#""finish_reason": "length", "native_finish_reason": "SAFETY""#, .lengthLimit),
  ]

  @Test(arguments: [ProviderCase.openRouter, .openAICompatible], chat)
  func isReadFromBothWordsOfAChat(
    provider: ProviderCase, end: (reasons: String, ending: Answer.Ending)
  ) async throws {
    let answer = try await ask(
      provider, replying: .events(events(provider, "Half a te", end.reasons)))
    #expect(answer.ending == end.ending)
    #expect(answer.text == "Half a te")
    #expect(answer.usage == ProviderCase.streamedUsage)
  }

  @Test func isSaidInOnePlainSentence() {
    #expect(Answer.Ending.complete.userMessage == nil)
    let others: [Answer.Ending] = [
      .lengthLimit, .timeLimit, .brokenOff(.safety), .brokenOff(.recitation),
      .brokenOff(.connection), .brokenOff(.capacity), .brokenOff(.other(codeWord: "SPOILED")),
    ]
    let sentences = others.compactMap(\.userMessage)
    #expect(Set(sentences).count == others.count)
    for sentence in sentences {
      #expect(sentence.hasSuffix(".") && sentence.count { $0 == "." } == 1)
    }
    #expect(sentences.last?.contains("SPOILED") == true)
  }

  @Test func isABlockThatComesAfterAText() async throws {
    let answer = try await ask(
      .gemini,
      replying: .events([
        ProviderCase.gemini.goodEvents[0],
        #"{"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"totalTokenCount": 21}}"#,
      ]))
    #expect(answer.ending == .brokenOff(.safety))
    #expect(answer.text == "Grüße, ")
  }

  /// What shows nothing is no answer; what it took is the house's to know.
  @Test(arguments: [
    (ProviderCase.gemini, #""finishReason": "SAFETY""#, "SAFETY"),
    (.gemini, #""finishReason": "RECITATION""#, "RECITATION"),
    (.openRouter, #""finish_reason": "content_filter""#, "content_filter"),
    (.openRouter, #""finish_reason": "stop", "native_finish_reason": "SAFETY""#, "SAFETY"),
    (.openAICompatible, #""finish_reason": "sensitive""#, "sensitive"),
  ])
  func isABlockWhereNothingIsShown(
    provider: ProviderCase, reasons: String, word: String
  ) async throws {
    let error = try await failure(provider, replying: .events(events(provider, " ", reasons)))
    #expect(error?.reason == .blocked(reason: word))
    #expect(error?.usage == ProviderCase.streamedUsage)
  }

  @Test(arguments: [ProviderCase.openRouter, .openAICompatible])
  func isNotInAnEmptyWord(provider: ProviderCase) async throws {
    let stream = events(provider, "4", #""finish_reason": """#)
    let error = try await failure(provider, replying: .events(stream))
    #expect(error?.reason == .connectionLost)
    #expect(error?.usage == ProviderCase.streamedUsage)
  }

  @Test func isNotInAnEmptyWordOfGeminis() async throws {
    let stream = events(.gemini, "4", #""finishReason": """#)
    let error = try await failure(.gemini, replying: .events(stream))
    #expect(error?.reason == .connectionLost)
    #expect(error?.usage == ProviderCase.streamedUsage)
  }
}

// MARK: - What is shown

extension EndingTests {
  @Test(arguments: [ProviderCase.openRouter, .openAICompatible], ["delta", "message"])
  func declinesInTheModelsOwnWords(provider: ProviderCase, name: String) async throws {
    let answer = try await ask(
      provider,
      replying: .events([
        #"{"choices": [{"\#(name)": {"content": null, "refusal": "I can't "}}]}"#,
        #"""
        {"choices": [{"\#(name)": {"content": [{"type": "refusal", "refusal": "help."}]}, \#
        "finish_reason": "stop"}], "usage": \#(chatUsage)}
        """#,
      ]))
    #expect(answer.text == "I can't help.")
  }

  @Test(arguments: [ProviderCase.openRouter, .openAICompatible])
  func showsNoReasoning(provider: ProviderCase) async throws {
    let answer = try await ask(
      provider,
      replying: .json(
        #"""
        {"choices": [{"message": {"content": [{"type": "reasoning", "text": "secret"}, \#
        {"type": "thinking", "thinking": "secret", "text": "secret"}, \#
        {"type": "text", "text": "4"}, {"type": "a_new_one", "text": "secret"}], \#
        "reasoning": "secret", "reasoning_content": "secret"}, "finish_reason": "stop"}], \#
        "usage": \#(chatUsage)}
        """#))
    #expect(answer.text == "4")
  }
}

// MARK: - A prompt that is too long

extension EndingTests {
  /// Where it hides: in another status, in the words of a server behind the server, in a text in
  /// the place of an object, in a stream that had begun, in the word for the end.
  @Test(arguments: [
    (
      ProviderCase.openRouter,
      LoopbackReply.json(
        #"""
        {"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": \#
        "{\"type\":\"error\",\"error\":{\"message\":\"prompt is too long: 213462 tokens > 200000\#
         maximum\"}}", "provider_name": "Anthropic"}}}
        """#, status: 400)
    ),
    (
      .openRouter,
      .events([
        #"""
        {"error": {"code": 400, "message": "Provider returned error", \#
        "metadata": {"raw": "Prompt is too long"}}}
        """#
      ])
    ),
    (
      .openRouter,
      .events([
        #"{"choices": [{"delta": {}, "finish_reason": "length", "#
          + #""native_finish_reason": "model_context_window_exceeded"}]}"#
      ])
    ),
    (
      .openAICompatible,
      .json(#"{"error": "the input is longer than the model's context length"}"#, status: 400)
    ),
    (.openAICompatible, .json(#"{"detail": "Prompt is too long"}"#, status: 422)),
    (
      .openAICompatible,
      .json(
        #"{"error": {"type": "exceed_context_size_error", "message": "m", "code": 400}}"#,
        status: 400)
    ),
    (
      .openAICompatible,
      .json(#"{"error": {"message": "litellm.ContextWindowExceededError: m"}}"#, status: 500)
    ),
    (.openAICompatible, .events([#"{"error": {"code": 400, "message": "prompt is too long"}}"#])),
    (
      .gemini,
      .json(
        #"{"error": {"code": 400, "message": "Request payload size exceeds the limit: 1 bytes."}}"#,
        status: 400)
    ),
    (.gemini, .events([#"{"error": {"code": 400, "message": "Prompt is too long"}}"#])),
  ])
  func isToldAsAPromptThatIsTooLong(provider: ProviderCase, reply: LoopbackReply) async throws {
    #expect(try await failure(provider, replying: reply)?.reason == .promptTooLong)
  }

  @Test(arguments: ProviderCase.allCases)
  func isAnotherErrorWhereNothingSaysSo(provider: ProviderCase) async throws {
    let refusal = LoopbackReply.json(
      #"{"error": {"code": 400, "message": "The temperature is too high"}}"#, status: 400)
    #expect(
      try await failure(provider, replying: refusal)?.reason == .refusedRequest(status: 400))
  }
}
