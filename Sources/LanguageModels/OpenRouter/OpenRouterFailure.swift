import Foundation

/// What an error of OpenRouter's means: with a status of its own, or inside a response with 200.
struct OpenRouterFailure {
  /// The `error` object. Whatever in it is not as documented is left out.
  struct Details: Decodable {
    struct Metadata: Decodable {
      var errorType: String?
      var limitSource: String?
    }

    private enum CodingKeys: CodingKey {
      case code, message, metadata
    }

    /// Documented as a number; streams show words such as `server_error` too.
    var code = ""
    var message = ""
    var metadata: Metadata?

    /// For a response that says only that it is an error.
    init() {}

    init(from decoder: any Decoder) throws {
      guard let container = try? decoder.container(keyedBy: CodingKeys.self) else { return }
      code =
        (try? container.decode(Int.self, forKey: .code)).map(String.init)
        ?? (try? container.decode(String.self, forKey: .code)) ?? ""
      message = (try? container.decode(String.self, forKey: .message)) ?? ""
      metadata = try? container.decode(Metadata.self, forKey: .metadata)
    }
  }

  private struct Body: Decodable {
    var error: Details
  }

  private let status: Int
  private let details: Details
  private let retryAfter: Duration?

  init(_ reply: ProviderReply) {
    let body = try? JSONDecoder.openRouter.decode(Body.self, from: reply.body)
    status = reply.status
    details = body?.error ?? Details()
    retryAfter = reply.retryAfter
  }

  /// For an error that came with status 200.
  init(_ details: Details, _ retryAfter: Duration?) {
    let words = [details.metadata?.errorType, details.code].compactMap(\.self)
    status =
      Int(details.code).flatMap { (400..<600).contains($0) ? $0 : nil }
      ?? words.compactMap { Self.statuses[$0] }.first ?? 502
    self.details = details
    self.retryAfter = retryAfter
  }

  /// Free: a finish by error is never billed (openrouter.ai/docs, zero completion insurance).
  var error: LanguageModelError {
    LanguageModelError(reason)
  }

  private var reason: LanguageModelError.Reason {
    let isTooLong =
      details.metadata?.errorType == "context_length_exceeded"
      // "This endpoint's maximum context length is 131072 tokens. However, you requested…"
      || (status == 400 && details.message.contains("maximum context length"))
    if isTooLong { return .promptTooLong }
    return switch status {
    // Our own calls under way hold all that is left; it comes back as they end.
    case 402 where details.metadata?.limitSource == "openrouter_in_flight_budget":
      .rateLimited(retryAfter: retryAfter)
    // "Key limit exceeded (total limit)": what the operator lets this key spend.
    case 403 where details.message.hasPrefix("Key limit exceeded"): .providerOutOfFunds
    case 403: .blocked(codeWord: "moderation")
    default: .init(status: status, retryAfter: retryAfter)
    }
  }

  /// What the words for errors stand for.
  private static let statuses = [
    "payment_required": 402, "content_policy_violation": 403, "refusal": 403, "timeout": 408,
    "context_length_exceeded": 413, "rate_limit_exceeded": 429, "server": 500,
    "server_error": 500, "provider_unavailable": 503, "provider_overloaded": 529,
  ]
}
