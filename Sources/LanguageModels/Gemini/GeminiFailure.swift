import Foundation

/// What a refusal of Gemini's means: a response with another status than 200, or an event within a
/// stream that had begun well. Its body may be `{"error":…}`, `[{"error":…}]`, or no JSON at all
/// if a proxy answered.
struct GeminiFailure {
  private struct Body: Decodable {
    struct Status: Decodable {
      var code: Int?
      var message: String?
      /// As in `RESOURCE_EXHAUSTED`.
      var status: String?
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
  private let statusWord: String?
  private let details: [Body.Detail]
  private let retryAfter: Duration?

  init(_ reply: ProviderReply) {
    self.init(Self.error(in: reply.body), status: reply.status, reply.retryAfter)
  }

  /// For what came with status 200; `nil` if it is no error.
  init?(inSuccess body: Data) {
    guard let error = Self.error(in: body) else { return nil }
    let code = error.code.flatMap { 400..<600 ~= $0 ? $0 : nil }
    self.init(error, status: code ?? 500, nil)
  }

  private init(_ error: Body.Status?, status: Int, _ retryAfter: Duration?) {
    self.status = status
    message = error?.message ?? ""
    statusWord = error?.status
    details = error?.details ?? []
    self.retryAfter = retryAfter
  }

  private static func error(in body: Data) -> Body.Status? {
    let decoder = JSONDecoder()
    return (try? decoder.decode(Body.self, from: body))?.error
      ?? (try? decoder.decode([Body].self, from: body))?.first?.error
  }

  /// Free: "If your request fails with a 400 or 500 error, you won't be charged for the tokens
  /// used" (ai.google.dev/gemini-api/docs/billing).
  var error: LanguageModelError {
    let known = KnownFault.find(words: words, sentences: [message])
    var error = LanguageModelError(known?.reason ?? reason)
    error.report = .init(status: status, words: words, sentence: known?.sentence)
    return error
  }

  private var reason: LanguageModelError.Reason {
    // As in `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
    if status == 429, quotas.contains(where: { $0.contains("PerDay") }) { return .quotaExhausted }
    return .init(status: status, retryAfter: retryDelay ?? retryAfter)
  }

  private var words: [String] {
    [statusWord].compactMap(\.self) + details.compactMap(\.reason) + quotas
  }

  private var quotas: [String] { details.flatMap { $0.violations ?? [] }.compactMap(\.quotaId) }

  /// A protobuf duration, `22s` or `8.94s`.
  private var retryDelay: Duration? {
    details.compactMap(\.retryDelay).first
      .flatMap { $0.hasSuffix("s") ? ProviderReply.seconds($0.dropLast()) : nil }
  }
}
