import LanguageModels
import Testing
import TestSupport

@Suite("Gemini's errors")
struct GeminiFailureTests {
  static func error(_ rest: String) -> String { #"{"error": {"code": 1, \#(rest)}}"# }

  static let retry =
    #"{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "8.94s"}"#
  static let help =
    #"{"@type": "type.googleapis.com/google.rpc.Help", "links": [{"description": "d"}]}"#

  static func quota(_ id: String) -> String {
    #"""
    {"@type": "type.googleapis.com/google.rpc.QuotaFailure",
    "violations": [{"quotaId": "\#(id)", "quotaDimensions": {"model": "m"}, "quotaValue": "250"}]}
    """#
  }

  static let keyInvalid =
    #"{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}"#

  @Test(arguments: [
    (400, error(#""message": "Bad field""#), LanguageModelError.Reason.refusedRequest(status: 400)),
    (400, error(#""details": [\#(keyInvalid)]"#), .keyRejected),
    (400, "[" + error(#""details": [\#(keyInvalid)]"#) + "]", .keyRejected),
    (
      400, error(#""message": "The input token count (9) exceeds the maximum number of tokens""#),
      .promptTooLong
    ),
    (401, "{}", .keyRejected),
    (403, error(#""status": "PERMISSION_DENIED""#), .keyRejected),
    (404, error(#""status": "NOT_FOUND""#), .modelUnknown),
    (413, "<html>too large</html>", .promptTooLong),
    (429, error(#""details": [\#(help), \#(retry)]"#), .rateLimited(retryAfter: .seconds(8.94))),
    (429, error(#""details": [\#(help)]"#), .rateLimited(retryAfter: nil)),
    (
      429, "[" + error(#""details": [\#(quota("PerMinute-X")), \#(retry)]"#) + "]",
      .rateLimited(retryAfter: .seconds(8.94))
    ),
    (
      429, error(#""details": [\#(quota("GenerateRequestsPerDayPerProject")), \#(retry)]"#),
      .quotaExhausted
    ),
    (429, error(#""details": [{"retryDelay": "-5s"}]"#), .rateLimited(retryAfter: nil)),
    (429, error(#""details": [{"retryDelay": "nans"}]"#), .rateLimited(retryAfter: nil)),
    (
      429, error(#""details": [{"retryDelay": "1e300s"}]"#),
      .rateLimited(retryAfter: .seconds(86_400))
    ),
    (429, error(#""details": "none""#), .rateLimited(retryAfter: nil)),
    (500, "", .providerFailed(status: 500)),
    (502, "<html><h1>502</h1></html>", .providerFailed(status: 502)),
    (503, error(#""status": "UNAVAILABLE""#), .providerOverloaded),
    (504, error(#""status": "DEADLINE_EXCEEDED""#), .providerFailed(status: 504)),
    (302, "", .notTheAPI(status: 302)),
  ])
  func areToldApartAndFree(
    status: Int, body: String, reason: LanguageModelError.Reason
  ) async throws {
    let error = try await failure(.gemini, replying: .json(body, status: status))
    #expect(error?.reason == reason)
    #expect(error?.mayHaveCost == false)
    #expect(error?.usage == nil)
    #expect(error?.keyIdentifier == "…abcd")
  }

  @Test func takeTheWaitFromTheHeaderWhereTheBodyNamesNone() async throws {
    let error = try await failure(
      .gemini, replying: .json("{}", status: 429, headers: ["Retry-After": "42"]))
    #expect(error?.reason == .rateLimited(retryAfter: .seconds(42)))
  }
}
