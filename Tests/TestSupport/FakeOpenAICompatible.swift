import Foundation

package typealias FakeOpenAICompatible = FakeProvider<OpenAICompatibleDialect>

/// `/chat/completions` and `/models` of a server that speaks as OpenAI's does. It needs no key.
package enum OpenAICompatibleDialect: FakeDialect {
  package static func asksForAnswer(_ request: LoopbackRequest) -> Bool {
    request.path == "/chat/completions"
  }

  package static func reply(
    to request: LoopbackRequest, with answer: FakeAnswer, id: String, check: inout RequestCheck
  ) -> LoopbackReply {
    if let header = request.headers["authorization"] {
      check.expect(header.hasPrefix("Bearer ") && header.count > 7, "the header holds a key")
    }
    switch (request.method, request.path) {
    case ("POST", "/chat/completions"):
      checkCompletion(request, &check)
      let options = request.json["stream_options"] as? [String: Any]
      var answer = answer
      if options?["include_usage"] as? Bool != true { answer.tellsUsage = false }
      return .events(events(answer, request.json["model"] as? String ?? "", id))
    case ("GET", "/models"):
      return .json(#"{"object": "list", "data": [{"id": "fake-1", "object": "model"}]}"#)
    default:
      check.expect(false, "the method and the path are known")
      return check.refusal
    }
  }

  private static func checkCompletion(_ request: LoopbackRequest, _ check: inout RequestCheck) {
    let body = request.json
    check.expect(request.headers["content-type"] == "application/json", "the body is JSON")
    let caps = ["max_tokens", "max_completion_tokens"].filter { body[$0] != nil }
    check.expect(caps.count == 1, "the answer has one cap")
    check.expect(body, hasOnly: Set(["model", "messages", "stream", "stream_options"] + caps))
    check.expect(text: body["model"], "model")
    for cap in caps { check.expect(positive: body[cap], cap) }
    check.expect(body["stream"] as? Bool == true, "the answer comes as it is made")
    if let options = body["stream_options"] as? [String: Any] {
      check.expect(options, hasOnly: ["include_usage"])
    }
    check.expect(chatMessages: body["messages"])
  }

  /// The text in two pieces, then the usage in a chunk without a choice.
  private static func events(_ answer: FakeAnswer, _ model: String, _ id: String) -> [String] {
    func chunk(_ choices: [[String: Any]], usage: Any = NSNull()) -> String {
      jsonText([
        "id": id, "object": "chat.completion.chunk", "model": model, "choices": choices,
        "usage": usage,
      ])
    }
    func choice(_ text: String, _ finishReason: String? = nil) -> [String: Any] {
      ["index": 0, "delta": ["content": text], "finish_reason": finishReason ?? NSNull()]
    }
    let usage: [String: Any] = [
      "prompt_tokens": answer.inputTokens, "completion_tokens": answer.outputTokens,
      "total_tokens": answer.inputTokens + answer.outputTokens,
      "prompt_tokens_details": ["cached_tokens": answer.cachedInputTokens],
      "completion_tokens_details": ["reasoning_tokens": answer.reasoningTokens],
    ]
    return [
      chunk([["index": 0, "delta": ["role": "assistant", "content": ""]]]),
      chunk([choice(answer.halves.0)]), chunk([choice(answer.halves.1)]),
      chunk([choice("", answer.isCutOff ? "length" : "stop")]),
    ] + (answer.tellsUsage ? [chunk([], usage: usage)] : []) + ["[DONE]"]
  }
}
