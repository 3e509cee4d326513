import Foundation

/// What a response of Gemini's with another status than 200 means. Its body may be
/// `{"error":…}`, `[{"error":…}]`, or no JSON at all where a proxy answered.
struct GeminiFailure {
  private struct Body: Decodable {
    struct Status: Decodable {
      var message: String?
      var details: [Detail]?
    }

    /// `google.rpc.RetryInfo`, `QuotaFailure` and `ErrorInfo` in one: no field means two things.
    struct Detail: Decodable {
      var retryDelay: String?
      var violations: [Violation]?
      var reason: String?
    }

    struct Violation: Decodable {
      var quotaId: String?
    }

    var error: Status
  }

  private let status: Int
  private let message: String
  private let details: [Body.Detail]
  private let retryAfter: Duration?

  init(_ reply: ProviderReply) {
    let decoder = JSONDecoder()
    let error =
      (try? decoder.decode(Body.self, from: reply.body))?.error
      ?? (try? decoder.decode([Body].self, from: reply.body))?.first?.error
    status = reply.status
    message = error?.message ?? ""
    details = error?.details ?? []
    retryAfter = reply.retryAfter
  }

  /// Free: "If your request fails with a 400 or 500 error, you won't be charged for the tokens
  /// used" (ai.google.dev/gemini-api/docs/billing).
  var error: LanguageModelError {
    LanguageModelError(reason)
  }

  private var reason: LanguageModelError.Reason {
    switch status {
    case 400 where details.contains { $0.reason == "API_KEY_INVALID" }: .keyRejected
    // "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
    case 400 where message.contains("token count") && message.contains("exceeds"): .promptTooLong
    case 429 where isDailyQuota: .quotaExhausted
    default: .init(status: status, retryAfter: retryDelay ?? retryAfter)
    }
  }

  /// As in `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
  private var isDailyQuota: Bool {
    details.flatMap { $0.violations ?? [] }.contains { $0.quotaId?.contains("PerDay") ?? false }
  }

  /// A protobuf duration, `22s` or `8.94s`.
  private var retryDelay: Duration? {
    details.compactMap(\.retryDelay).first
      .flatMap { $0.hasSuffix("s") ? ProviderReply.seconds($0.dropLast()) : nil }
  }
}
