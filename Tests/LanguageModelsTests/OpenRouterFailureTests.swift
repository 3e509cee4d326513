import LanguageModels
import Testing
import TestSupport

@Suite("OpenRouter's errors")
struct OpenRouterFailureTests {
  static func error(_ code: String, _ rest: String = #""message": "m""#) -> String {
    #"{"error": {"code": \#(code), \#(rest)}, "user_id": "u"}"#
  }

  static func metadata(_ fields: String) -> String { #""message": "m", "metadata": {\#(fields)}"# }

  @Test(arguments: [
    (400, error("400"), LanguageModelError.Reason.refusedRequest(status: 400)),
    (400, error("400", metadata(#""error_type": "context_length_exceeded""#)), .promptTooLong),
    (
      400, error("400", #""message": "This endpoint's maximum context length is 8""#),
      .promptTooLong
    ),
    (401, error("401"), .keyRejected),
    (402, error("402"), .providerOutOfFunds),
    (402, error("402", metadata(#""limit_source": "openrouter_credits""#)), .providerOutOfFunds),
    (
      402, error("402", metadata(#""limit_source": "openrouter_in_flight_budget""#)),
      .rateLimited(retryAfter: .seconds(7))
    ),
    (403, error("403", metadata(#""reasons": ["violence"]"#)), .blocked(reason: "moderation")),
    (403, error("403", #""message": "Key limit exceeded (total limit)""#), .spendLimitReached),
    (404, error("404", #""message": "No endpoints found""#), .modelUnknown),
    (408, error("408"), .timedOut),
    (413, "", .promptTooLong),
    (422, error("422"), .refusedRequest(status: 422)),
    (429, error("429"), .rateLimited(retryAfter: .seconds(7))),
    (500, error("500"), .providerFailed(status: 500)),
    (502, "<html>Bad gateway</html>", .providerFailed(status: 502)),
    (503, error("503"), .providerOverloaded),
    (524, "<html>", .timedOut),
    (529, error("529"), .providerOverloaded),
  ])
  func areToldApartByStatusAndFree(
    status: Int, body: String, reason: LanguageModelError.Reason
  ) async throws {
    let error = try await failure(
      .openRouter,
      replying: .json(
        body, status: status, headers: ["Retry-After": "7", "X-Generation-Id": "gen-1"]))
    #expect(error?.reason == reason)
    #expect(error?.mayHaveCost == false)
    #expect(error?.usage == nil)
    #expect(error?.requestID == "gen-1")
  }

  @Test(arguments: [
    (error("429"), LanguageModelError.Reason.rateLimited(retryAfter: nil)),
    (error(#""429""#), .rateLimited(retryAfter: nil)),
    (error(#""server_error""#), .providerFailed(status: 500)),
    (error(#""rate_limit_exceeded""#), .rateLimited(retryAfter: nil)),
    (error(#""new_word""#), .providerFailed(status: 502)),
    (error("200"), .providerFailed(status: 502)),
    (error("null", metadata(#""error_type": "provider_overloaded""#)), .providerOverloaded),
    (error("[]", #""metadata": 5"#), .providerFailed(status: 502)),
    (#"{"error": "broken"}"#, .providerFailed(status: 502)),
    (
      #"{"choices": [{"error": {"code": 503}, "message": {"content": "par"}}]}"#,
      .providerOverloaded
    ),
    (
      #"{"choices": [{"finish_reason": "error", "message": {"content": "partial"}}], "#
        + #""usage": {"prompt_tokens": 10, "completion_tokens": 5, "cost": 0.1}}"#,
      .providerFailed(status: 502)
    ),
  ])
  func areFoundInsideASuccessAndFree(
    body: String, reason: LanguageModelError.Reason
  ) async throws {
    let error = try await failure(.openRouter, replying: .json(body))
    #expect(error?.reason == reason)
    #expect(error?.mayHaveCost == false)
    #expect(error?.usage == nil)
  }
}
