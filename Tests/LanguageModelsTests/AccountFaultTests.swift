import Foundation
import LanguageModels
import Metering
import Testing
import TestSupport

/// A refusal as a provider really writes it, and what it is.
struct Refusal: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var provider: ProviderCase
  var reply: LoopbackReply
  var reason: LanguageModelError.Reason
  /// What may be logged.
  var report: String?

  init(
    _ provider: ProviderCase, _ status: Int, _ body: String, _ reason: LanguageModelError.Reason,
    _ report: String? = nil
  ) {
    testDescription = "\(provider) \(status) \(body.prefix(60))"
    self.provider = provider
    reply = .json(body, status: status)
    self.reason = reason
    self.report = report
  }

  static func gemini(
    _ status: Int, _ word: String, _ message: String, details: String = "",
    _ reason: LanguageModelError.Reason, _ report: String? = nil
  ) -> Refusal {
    Refusal(
      .gemini, status,
      #"""
      {"error": {"code": \#(status), "message": "\#(message)", "status": "\#(word)", \#
      "details": [\#(details)]}}
      """#, reason, report)
  }

  static let page =
    "<!DOCTYPE html>\n<html><head><title>Attention Required! | Cloudflare</title></head></html>"
}

@Suite("Faults of the account")
struct AccountFaultTests {
  private static let gemini: [Refusal] = [
    .gemini(
      400, "FAILED_PRECONDITION", "User location is not supported for the API use.",
      .locationRefused,
      "status 400, FAILED_PRECONDITION: “User location is not supported for the API use”"),
    .gemini(
      400, "FAILED_PRECONDITION",
      "Gemini API free tier is not available in your country. Please enable billing.",
      .locationRefused),
    .gemini(
      400, "FAILED_PRECONDITION", "Enable something first.", .accessDenied,
      "status 400, FAILED_PRECONDITION"),
    .gemini(
      400, "INVALID_ARGUMENT",
      #"* GenerateContentRequest.model: unexpected model name format\n"#, .modelUnknown),
    .gemini(
      404, "NOT_FOUND",
      "models/gemini-9 is not found for API version v1beta, or is not supported.",
      .modelUnknown, "status 404, NOT_FOUND: “models/…is not found for API version”"),
    .gemini(
      429, "RESOURCE_EXHAUSTED",
      "Your prepayment credits are depleted. Please go to AI Studio at https://ai.studio/projects.",
      .providerOutOfFunds,
      "status 429, RESOURCE_EXHAUSTED: “Your prepayment credits are depleted”"),
    .gemini(
      429, "RESOURCE_EXHAUSTED",
      "Your project has exceeded its monthly spending cap. Please go to AI Studio.",
      .spendLimitReached,
      "status 429, RESOURCE_EXHAUSTED: “Your project has exceeded its monthly spending cap”"),
    .gemini(
      429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan.",
      details: GeminiFailureTests.quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
      .quotaExhausted,
      "status 429, RESOURCE_EXHAUSTED, GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
    .gemini(
      429, "RESOURCE_EXHAUSTED",
      #"You exceeded your current quota, please check.\n* Quota exceeded for metric: m, limit: 0, "#
        + "model: gemini-3-pro",
      details: GeminiFailureTests.quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
      .accessDenied),
    .gemini(
      403, "PERMISSION_DENIED",
      "Generative Language API has not been used in project 77 before or it is disabled.",
      details: #"{"reason": "SERVICE_DISABLED"}"#, .accessDenied,
      "status 403, PERMISSION_DENIED, SERVICE_DISABLED: "
        + "“Generative Language API has not been used in project”"),
    .gemini(
      403, "PERMISSION_DENIED",
      "Permission denied: Consumer 'api_key:AIzaSyCanary' has been suspended.", .accessDenied,
      "status 403, PERMISSION_DENIED: “Permission denied: Consumer…has been suspended”"),
    .gemini(
      403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key.",
      .keyRejected),
    Refusal(.gemini, 403, Refusal.page, .notTheAPI(status: 403), "status 403"),
    Refusal(.gemini, 400, "\n<html><title>Error 400 (Bad Request)!!1", .notTheAPI(status: 400)),
    Refusal(.gemini, 200, Refusal.page, .notTheAPI(status: 200), "status 200"),
    Refusal(.gemini, 301, "", .notTheAPI(status: 301), "status 301"),
    Refusal(.gemini, 451, "", .locationRefused, "status 451"),
  ]

  private static let region =
    #"{\"error\": {\"code\": \"unsupported_country_region_territory\", \"message\": \"Country, "#
    + #"region, or territory not supported\", \"type\": \"request_forbidden\"}}"#

  private static let openRouter: [Refusal] = [
    Refusal(
      .openRouter, 400, #"{"error": {"message": "a/b is not a valid model ID", "code": 400}}"#,
      .modelUnknown, "status 400: “…is not a valid model ID”"),
    Refusal(
      .openRouter, 403,
      #"""
      {"error": {"message": "Provider returned error", "code": 403, \#
      "metadata": {"raw": "\#(region)", "provider_name": "OpenAI"}}}
      """#, .locationRefused,
      "status 403, unsupported_country_region_territory, request_forbidden: "
        + "“Country, region, or territory not supported”"),
    Refusal(
      .openRouter, 403,
      #"{"error": {"code": 403, "metadata": {"raw": {"__kind": "OK", "data": "\#(region)"}}}}"#,
      .locationRefused),
    Refusal(
      .openRouter, 403,
      #"{"error": {"message": "The model a/b is not available in your region.", "code": 403}}"#,
      .locationRefused),
    Refusal(
      .openRouter, 403,
      #"{"error": {"message": "Key limit exceeded (monthly limit).", "code": 403}}"#,
      .spendLimitReached, "status 403: “Key limit exceeded”"),
    Refusal(
      .openRouter, 403, #"{"error": {"message": "Key limit exceeded (daily limit)", "code": 403}}"#,
      .quotaExhausted),
    Refusal(
      .openRouter, 403, #"{"error": {"message": "Forbidden", "code": 403}}"#, .keyRejected),
    Refusal(
      .openRouter, 402,
      #"{"error": {"message": "Insufficient credits. Add more using https://o", "code": 402}}"#,
      .providerOutOfFunds, "status 402: “Insufficient credits”"),
    Refusal(
      .openRouter, 404,
      #"{"error": {"message": "No endpoints found matching your data policy.", "code": 404}}"#,
      .accessDenied),
    Refusal(
      .openRouter, 429,
      #"""
      {"error": {"message": "Rate limit exceeded: free-models-per-day. Add 10 credits", \#
      "code": 429, "metadata": {"headers": {"X-RateLimit-Remaining": "0"}, \#
      "limit_source": "openrouter_free_tier_daily"}}}
      """#, .quotaExhausted,
      "status 429, openrouter_free_tier_daily: “Rate limit exceeded: free-models-per-day”"),
    Refusal(
      .openRouter, 429, #"{"error": {"message": "Rate limit exceeded: free-models-per-min."}}"#,
      .rateLimited(retryAfter: nil), "status 429"),
    Refusal(.openRouter, 403, Refusal.page, .notTheAPI(status: 403), "status 403"),
    Refusal(.openRouter, 403, "error code: 1020", .notTheAPI(status: 403)),
    Refusal(.openRouter, 404, "<!doctype html><title>Not Found</title>", .notTheAPI(status: 404)),
  ]

  private static let others: [Refusal] = [
    Refusal(
      .openAICompatible, 403,
      #"""
      {"error": {"code": "unsupported_country_region_territory", "message": "Country, region, or \#
      territory not supported", "param": null, "type": "request_forbidden"}}
      """#, .locationRefused),
    Refusal(
      .openAICompatible, 403,
      #"{"error": {"message": "Access denied. Please check your network settings."}}"#,
      .locationRefused),
    Refusal(
      .openAICompatible, 429,
      #"""
      {"error": {"message": "You exceeded your current quota, please check your plan.", \#
      "type": "insufficient_quota", "param": null, "code": "insufficient_quota"}}
      """#, .providerOutOfFunds, "status 429, insufficient_quota"),
    Refusal(
      .openAICompatible, 400,
      #"{"error": {"message": "Billing hard limit has been reached", "code": null}}"#,
      .spendLimitReached),
    Refusal(
      .openAICompatible, 429,
      #"{"code": "exhausted", "error": "Your team 1-2 has either used all available credits or "#
        + #"reached its monthly spending limit."}"#, .providerOutOfFunds,
      "status 429, exhausted: “Your team…has either used all available credits or reached its "
        + "monthly spending limit”"),
    Refusal(
      .openAICompatible, 429,
      #"{"error": {"message": "Rate limit reached for model m in organization o on tokens per day "#
        + #"(TPD): Limit 100000, Used 99999", "code": "rate_limit_exceeded"}}"#, .quotaExhausted),
    Refusal(
      .openAICompatible, 400,
      #"{"message": "Invalid model: m", "type": "invalid_model", "code": "1500"}"#,
      .modelUnknown, "status 400, 1500, invalid_model: “Invalid model:”"),
    Refusal(
      .openAICompatible, 404,
      #"{"error": "model \"m\" not found, try pulling it first"}"#, .modelUnknown),
    Refusal(
      .openAICompatible, 400,
      #"""
      [{"error": {"code": 400, "message": "User location is not supported for the API use.", \#
      "status": "FAILED_PRECONDITION"}}]
      """#, .locationRefused,
      "status 400, FAILED_PRECONDITION: “User location is not supported for the API use”"),
    Refusal(
      .openAICompatible, 429,
      #"[{"error": {"details": [\#(GeminiFailureTests.quota("RequestsPerDay-Free"))]}}]"#,
      .quotaExhausted, "status 429, RequestsPerDay-Free"),
    Refusal(.openAICompatible, 200, Refusal.page, .notTheAPI(status: 200)),
  ]

  @Test(arguments: gemini + openRouter + others)
  func areToldApart(refusal: Refusal) async throws {
    let error = try #require(try await failure(refusal.provider, replying: refusal.reply))
    #expect(error.reason == refusal.reason)
    #expect(error.mayHaveCost == false)
    if let report = refusal.report { #expect(error.report.text == report) }
    // A person cannot help it.
    let words = error.userMessage()
    #expect(!words.contains("differently") && (!words.contains("busy") || refusal.isPassing))
  }

  @Test func areTheOperatorsToMendAndLetTheKeyRestLong() async throws {
    for refusal in Self.gemini where refusal.reason != .modelUnknown {
      let clock = Watched(ContinuousClock.now)
      let used = Watched<[String]>([])
      let server = try LoopbackServer { request in
        let key = request.headers["x-goog-api-key"] ?? ""
        used.change { $0.append(String(key.suffix(4))) }
        return key.hasSuffix("aaaa") ? refusal.reply : .json(ProviderCase.gemini.goodBody)
      }
      defer { server.stop() }
      let model = ProviderCase.gemini.model(
        at: server.url, keys: KeyRing([key("aaaa"), key("bbbb")], now: { clock.value }))
      _ = try await model.answer()
      clock.change { $0 += KeyRing.rejectedRest - .milliseconds(1) }
      _ = try await model.answer()
      clock.change { $0 += .milliseconds(1) }
      _ = try await model.answer()
      #expect(used.value == ["aaaa", "bbbb", "bbbb", "aaaa", "bbbb"], "\(refusal.testDescription)")
      #expect(refusal.reason.needsTheOperator)
    }
  }
}

extension Refusal {
  /// Whether it ends by itself, and soon.
  fileprivate var isPassing: Bool {
    if case .rateLimited = reason { true } else { false }
  }
}

// MARK: - What is told of them

extension AccountFaultTests {
  /// A prompt, a key, an organisation and a project that a provider repeats.
  @Test(arguments: ProviderCase.allCases)
  func nothingOfAProvidersProseIsKeptButWhatIsKnown(provider: ProviderCase) async throws {
    let canary = "My secret plan"
    for body in [
      #"{"error": {"code": 400, "message": "Bad content: \#(canary)", "status": "\#(canary)"}}"#,
      #"{"error": {"code": "\#(canary)", "type": "sk-or-v1-secret7890123456789012345678901234"}}"#,
      #"{"error": {"message": "Your prepayment credits are depleted, \#(canary)", "code": 429}}"#,
      #"{"error": {"message": "\#(canary): Your prepayment credits are depleted", "code": 400}}"#,
      #"{"error": "\#(canary)", "detail": "\#(canary)"}"#, canary,
    ] {
      let error = try #require(
        try await failure(provider, replying: .json(body, status: 400)))
      let model = ModelID(provider: "google", name: "m")
      for text in ["\(error)", error.operatorMessage(model: model), error.userMessage()] {
        #expect(!text.contains("secret"), "\(text)")
      }
    }
  }

  /// Whoever has a prompt echoed cannot make the house believe in a fault of its account.
  @Test func aPromptThatIsEchoedIsNoFaultOfTheAccount() async throws {
    let message = "Invalid value: 'User location is not supported for the API use.'"
    let error = try await failure(
      .openAICompatible, replying: .json(jsonText(["error": ["message": message]]), status: 400))
    #expect(error?.reason == .refusedRequest(status: 400))
  }

  @Test(arguments: [
    (
      LanguageModelError.Reason.keyRejected,
      "Gemini rejects the key …abcd in calls to google/m",
      "Make a new key at https://aistudio.google.com/apikey, set GEMINI_API_KEY and type: sudo "
        + "systemctl restart aidevbot."
    ),
    (
      .locationRefused, "Gemini refuses calls to google/m from where this machine is",
      "type: sudo systemctl reload aidevbot."
    ),
    (.spendLimitReached, "A spending limit at Gemini is reached", "type: aidevbot doctor."),
    (
      .providerOutOfFunds, "The account at Gemini has no money left for calls to google/m",
      "Top up at https://aistudio.google.com/apikey; then type: aidevbot doctor."
    ),
    (
      .notTheAPI(status: 403), "A web page or a redirect answers calls to google/m",
      "Check GEMINI_BASE_URL and the network, and type: aidevbot doctor."
    ),
    (.modelUnknown, "Gemini has no model for calls to google/m", "aidevbot pricing set."),
    (.accessDenied, "Gemini denies the key …abcd the use of google/m", "type: aidevbot doctor."),
    (.quotaExhausted, "The day's quota of the key …abcd at Gemini is used up", "ends with the day"),
    (.refusedRequest(status: 400), "Gemini refuses a request to google/m", "type journalctl"),
  ])
  func theOperatorReadsWhatHappenedAndWhatToType(
    reason: LanguageModelError.Reason, cause: String, advice: String
  ) {
    var error = LanguageModelError(reason, keyIdentifier: "…abcd")
    error.report.status = 403
    error.report.words = ["PERMISSION_DENIED"]
    let text = error.operatorMessage(model: ModelID(provider: "google", name: "m"))
    #expect(text.hasPrefix(cause), "\(text)")
    #expect(text.contains(advice), "\(text)")
    #expect(text.contains(" (status 403, PERMISSION_DENIED). "), "\(text)")
    #expect(reason.needsTheOperator)
  }
}

// MARK: - Length

extension AccountFaultTests {
  private static let raw =
    #"{\"type\": \"error\", \"error\": {\"type\": \"invalid_request_error\", "#
    + #"\"message\": \"prompt is too long: 214850 tokens > 200000 maximum\"}}"#

  @Test(arguments: [
    Refusal.gemini(
      400, "INVALID_ARGUMENT",
      "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
      .promptTooLong),
    .gemini(
      400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens allowed",
      .promptTooLong),
    .gemini(
      400, "INVALID_ARGUMENT",
      "Request payload size exceeds the limit: 20971520 bytes.", .promptTooLong),
    Refusal(
      .openRouter, 400,
      #"{"error": {"message": "Provider returned error", "metadata": {"raw": "\#(raw)"}}}"#,
      .promptTooLong),
    Refusal(
      .openRouter, 500,
      #"{"error": {"message": "Provider returned error", "metadata": {"raw": "\#(raw)"}}}"#,
      .promptTooLong),
    Refusal(
      .openRouter, 200,
      #"{"error": {"code": 400, "message": "Provider error", "metadata": {"raw": "\#(raw)"}}}"#,
      .promptTooLong),
    Refusal(
      .openAICompatible, 400,
      #"{"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}}"#, .promptTooLong),
    Refusal(
      .openAICompatible, 400,
      #"{"code": "invalid", "error": "This model's maximum prompt length is 8 but it has 9"}"#,
      .promptTooLong),
    Refusal(
      .openAICompatible, 400, #"{"detail": "Prompt is too long."}"#, .promptTooLong),
    Refusal(
      .openAICompatible, 500,
      #"{"error": "Trying to keep the first 9 tokens, greater than the context length"}"#,
      .promptTooLong),
    Refusal(
      .openAICompatible, 429,
      #"{"error": {"message": "Request too large for gpt in organization o on tokens per min"}}"#,
      .promptTooLong),
    Refusal(
      .openAICompatible, 400, #"{"error": {"code": "string_above_max_length", "message": "m"}}"#,
      .promptTooLong),
  ])
  func aPromptThatIsTooLongIsToldAsThatWhereverItHides(refusal: Refusal) async throws {
    let error = try await failure(refusal.provider, replying: refusal.reply)
    #expect(error?.reason == .promptTooLong)
    #expect(error?.userMessage().hasPrefix("That is too long for this model") == true)
  }
}

// MARK: - Requests

extension AccountFaultTests {
  @Test func requestsHaveTheirKeysInOneOrder() async throws {
    let gemini = try FakeGemini()
    let openRouter = try FakeOpenRouter()
    _ = try await ProviderCase.gemini.model(at: gemini.url).answer()
    _ = try await ProviderCase.openRouter.model(at: openRouter.url).answer(model: "a/b")
    for request in gemini.requests.value + openRouter.requests.value {
      let sorted = jsonText(request.json).replacing("\\/", with: "/")
      #expect(String(decoding: request.body, as: UTF8.self) == sorted)
    }
    #expect(gemini.violations.value + openRouter.violations.value == [])
  }
}
