import Foundation

package typealias FakeOpenRouter = FakeProvider<OpenRouterDialect>

/// `/chat/completions`, `/generation`, `/key` and `/models`, which alone needs no key. Its base URL
/// is the server's own, without `/api/v1`.
package enum OpenRouterDialect: FakeDialect {
  package static func asksForAnswer(_ request: LoopbackRequest) -> Bool {
    request.path == "/chat/completions"
  }

  package static func reply(
    to request: LoopbackRequest, with answer: FakeAnswer, id: String, check: inout RequestCheck
  ) -> LoopbackReply {
    let bearer = request.headers["authorization"] ?? ""
    check.expect(
      request.path == "/models" || bearer.hasPrefix("Bearer ") && bearer.count > 7,
      "a key is in the header")
    switch (request.method, request.path) {
    case ("POST", "/chat/completions"):
      checkCompletion(request, &check)
      let model = request.json["model"] as? String ?? ""
      return .events(events(answer, model, id), headers: ["X-Generation-Id": id])
    case ("GET", "/generation"):
      let id = URLComponents(string: request.target)?.queryItems?.first { $0.name == "id" }?.value
      check.expect(text: id, "id")
      return .json(generation(answer, id ?? ""))
    case ("GET", "/models"):
      check.expect(bearer.isEmpty, "no key is given away for what needs none")
      return .json(answer.modelList)
    case ("GET", "/key"):
      return .json(
        #"{"data":{"label":"fake","usage":1.5,"limit":null,"limit_remaining":null,"#
          + #""is_free_tier":false}}"#)
    default:
      check.expect(false, "the method and the path are known")
      return check.refusal
    }
  }

  private static func checkCompletion(_ request: LoopbackRequest, _ check: inout RequestCheck) {
    let body = request.json
    check.expect(request.headers["content-type"] == "application/json", "the body is JSON")
    check.expect(
      body,
      hasOnly: [
        "model", "messages", "max_completion_tokens", "stream", "provider", "reasoning",
        "response_format",
      ])
    if let format = body["response_format"] as? [String: Any] {
      let schema = format["json_schema"] as? [String: Any] ?? [:]
      check.expect(format, hasOnly: ["type", "json_schema"])
      check.expect(format["type"] as? String == "json_schema", "the answer follows a schema")
      check.expect(schema, hasOnly: ["name", "strict", "schema"])
      check.expect(text: schema["name"], "json_schema.name")
      check.expect(schema["schema"] is [String: Any], "the schema is an object")
    }
    if let reasoning = body["reasoning"] as? [String: Any] {
      check.expect(reasoning, hasOnly: ["max_tokens"])
      let (budget, cap) = (reasoning["max_tokens"], body["max_completion_tokens"] as? Int ?? 0)
      check.expect(positive: budget, "reasoning.max_tokens")
      check.expect((budget as? Int ?? 0) < cap, "thoughts leave room for an answer")
    }
    check.expect(text: body["model"], "model")
    check.expect(positive: body["max_completion_tokens"], "max_completion_tokens")
    check.expect(body["stream"] as? Bool == true, "the answer comes as it is made")
    let isAnthropics = (body["model"] as? String)?.hasPrefix("anthropic/") == true
    check.expect(chatMessages: body["messages"], takesMarks: isAnthropics)
    if let provider = body["provider"] as? [String: Any] {
      check.expect(provider, hasOnly: ["max_price"])
      let prices = provider["max_price"] as? [String: Any] ?? [:]
      check.expect(prices, hasOnly: ["prompt", "completion"])
      for name in ["prompt", "completion"] {
        let price = (prices[name] as? String).flatMap { Decimal(string: $0) }
        check.expect((price ?? -1) >= 0, "max_price.\(name) is a decimal string")
      }
    }
  }

  /// The text in two pieces, then the usage in a chunk of its own that says again why it ends. The
  /// cost is put in as it is: `JSONSerialization` would take it through a `Double`.
  private static func events(_ answer: FakeAnswer, _ model: String, _ id: String) -> [String] {
    func chunk(_ text: String, _ finishReason: String? = nil, _ usage: String = "null") -> String {
      let choice: [String: Any] = [
        "index": 0, "finish_reason": finishReason ?? NSNull(),
        "delta": ["role": "assistant", "content": text],
      ]
      return """
        {"id": "\(id)", "provider": "Fake", "model": "\(model)", \
        "choices": \(jsonText([choice])), "usage": \(usage)}
        """
    }
    let end = answer.isCutOff ? "length" : "stop"
    let usage = """
      {"prompt_tokens": \(answer.inputTokens), "cost": \(answer.cost), "is_byok": false, \
      "completion_tokens": \(answer.outputTokens), \
      "total_tokens": \(answer.inputTokens + answer.outputTokens), \
      "prompt_tokens_details": {"cached_tokens": \(answer.cachedInputTokens), \
      "cache_write_tokens": \(answer.cacheWriteTokens)}, \
      "completion_tokens_details": {"reasoning_tokens": \(answer.reasoningTokens)}}
      """
    return [chunk(answer.halves.0), chunk(answer.halves.1, end)]
      + (answer.tellsUsage ? [chunk("", end, usage)] : []) + ["[DONE]"]
  }

  private static func generation(_ answer: FakeAnswer, _ id: String) -> String {
    """
    {"data": {"id": "\(id)", "total_cost": \(answer.cost), "is_byok": false,
    "native_tokens_prompt": \(answer.inputTokens),
    "native_tokens_completion": \(answer.outputTokens),
    "native_tokens_reasoning": \(answer.reasoningTokens),
    "native_tokens_cached": \(answer.cachedInputTokens),
    "native_tokens_cache_write": \(answer.cacheWriteTokens)}}
    """
  }
}
