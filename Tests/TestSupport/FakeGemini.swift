import Foundation

package typealias FakeGemini = FakeProvider<GeminiDialect>

/// `streamGenerateContent`, `countTokens` and the list of models of `v1beta`.
package enum GeminiDialect: FakeDialect {
  package static func asksForAnswer(_ request: LoopbackRequest) -> Bool {
    request.path.hasSuffix(":streamGenerateContent")
  }

  package static func reply(
    to request: LoopbackRequest, with answer: FakeAnswer, id: String, check: inout RequestCheck
  ) -> LoopbackReply {
    check.expect(text: request.headers["x-goog-api-key"], "x-goog-api-key")
    if request.method == "GET" {
      let name = request.target.dropFirst("/v1beta/models/".count)
      if request.target.hasPrefix("/v1beta/models/"), !name.contains("?") {
        return .json(
          #"{"name": "models/\#(name)", "thinking": \#(answer.takesThinkingBudget)}"#)
      }
      check.expect(request.target == "/v1beta/models?pageSize=1", "the list of models is asked for")
      return .json(#"{"models":[{"name":"models/fake-1"}],"nextPageToken":"fake"}"#)
    }
    check.expect(request.method == "POST", "the method is POST")
    check.expect(request.headers["content-type"] == "application/json", "the body is JSON")
    let parts = request.path.dropFirst("/v1beta/models/".count).split(separator: ":")
    guard request.path.hasPrefix("/v1beta/models/"), parts.count == 2 else {
      check.expect(false, "the path is /v1beta/models/MODEL:METHOD")
      return check.refusal
    }
    let model = String(parts[0])
    let query = request.target.dropFirst(request.path.count)
    switch parts[1] {
    case "streamGenerateContent":
      check.expect(query == "?alt=sse", "the query asks for events, and holds no key")
      check.expect(request.json, hasOnly: ["systemInstruction", "contents", "generationConfig"])
      checkContents(request.json, &check)
      let config = request.json["generationConfig"] as? [String: Any] ?? [:]
      check.expect(
        config,
        hasOnly: [
          "maxOutputTokens", "thinkingConfig", "responseMimeType", "responseJsonSchema",
        ])
      if let schema = config["responseJsonSchema"] {
        check.expect(schema is [String: Any], "the schema is an object")
        check.expect(
          config["responseMimeType"] as? String == "application/json", "the answer is JSON")
      }
      check.expect(positive: config["maxOutputTokens"], "maxOutputTokens")
      if let thinking = config["thinkingConfig"] as? [String: Any] {
        check.expect(thinking, hasOnly: ["thinkingBudget", "thinkingLevel"])
        check.expect(thinking.count == 1, "thinking is bounded in one way")
      }
      return .events(events(answer, model, id), lineEnd: "\r\n")
    case "countTokens":
      check.expect(query.isEmpty, "nothing is in the query")
      let inner = request.json["generateContentRequest"] as? [String: Any] ?? [:]
      check.expect(inner, hasOnly: ["model", "systemInstruction", "contents"])
      check.expect(inner["model"] as? String == "models/\(model)", "the models are the same")
      checkContents(inner, &check)
      return .json(jsonText(["totalTokens": answer.inputTokens]))
    default:
      check.expect(false, "the method is known")
      return check.refusal
    }
  }

  private static func checkContents(_ body: [String: Any], _ check: inout RequestCheck) {
    let contents = body["contents"] as? [[String: Any]] ?? []
    check.expect(conversation: contents.map { $0["role"] as? String ?? "" }, with: "model")
    if let system = body["systemInstruction"] as? [String: Any] {
      check.expect(system, hasOnly: ["parts"])
      checkParts(system, &check)
    }
    for content in contents { checkParts(content, &check) }
  }

  private static func checkParts(_ content: [String: Any], _ check: inout RequestCheck) {
    let parts = content["parts"] as? [[String: Any]] ?? []
    check.expect(!parts.isEmpty, "a content has parts")
    for part in parts { check.expect(text: part["text"], "a part") }
  }

  /// The text in two pieces. Candidates are counted without thoughts, as the provider does nearly
  /// always.
  private static func events(_ answer: FakeAnswer, _ model: String, _ id: String) -> [String] {
    func event(
      _ text: String?, _ finishReason: String? = nil, _ usage: [String: Int]? = nil
    ) -> String {
      var event: [String: Any] = ["modelVersion": model, "responseId": id]
      if let text {
        var candidate: [String: Any] = [
          "index": 0, "content": ["role": "model", "parts": [["text": text]]],
        ]
        candidate["finishReason"] = finishReason
        event["candidates"] = [candidate]
      }
      if answer.tellsUsage { event["usageMetadata"] = usage }
      return jsonText(event)
    }
    let usage = [
      "promptTokenCount": answer.inputTokens,
      "cachedContentTokenCount": answer.cachedInputTokens,
      "candidatesTokenCount": answer.outputTokens - answer.reasoningTokens,
      "thoughtsTokenCount": answer.reasoningTokens,
      "totalTokenCount": answer.inputTokens + answer.outputTokens,
    ]
    let end = answer.isCutOff ? "MAX_TOKENS" : "STOP"
    let first = event(answer.halves.0, nil, ["promptTokenCount": answer.inputTokens])
    return answer.tellsUsageApart
      ? [first, event(answer.halves.1, end), event(nil, nil, usage)]
      : [first, event(answer.halves.1, end, usage)]
  }
}
