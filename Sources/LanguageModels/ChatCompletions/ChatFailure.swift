import Foundation

/// The `error` object of a chat completion. Whatever in it is not as documented is left out.
struct ChatError: Decodable {
  private enum CodingKeys: CodingKey {
    case code, message, metadata
  }

  /// A number or a word, such as `server_error`.
  var code = ""
  var message = ""
  /// OpenRouter's alone.
  var metadata: OpenRouterErrorMetadata?

  /// For a response that says only that it is an error.
  init() {}

  init(from decoder: any Decoder) throws {
    guard let container = try? decoder.container(keyedBy: CodingKeys.self) else { return }
    code =
      (try? container.decode(Int.self, forKey: .code)).map(String.init)
      ?? (try? container.decode(String.self, forKey: .code)) ?? ""
    message = (try? container.decode(String.self, forKey: .message)) ?? ""
    metadata = try? container.decode(OpenRouterErrorMetadata.self, forKey: .metadata)
  }
}

/// A chat completion that failed: with a status of its own, or inside a response with 200.
struct ChatFailure {
  private struct Body: Decodable {
    var error: ChatError?
  }

  let status: Int
  let error: ChatError
  let retryAfter: Duration?
  /// Whether it came with status 200.
  let isInSuccess: Bool

  init(_ reply: ProviderReply) {
    let decoder = JSONDecoder.snakeCase
    status = reply.status
    error =
      (try? decoder.decode(Body.self, from: reply.body))?.error
      // vLLM before 0.10.1 puts it around nothing.
      ?? (try? decoder.decode(ChatError.self, from: reply.body)) ?? ChatError()
    retryAfter = reply.retryAfter
    isInSuccess = false
  }

  init(inSuccess error: ChatError, _ retryAfter: Duration?) {
    let words = [error.metadata?.errorType, error.code].compactMap(\.self)
    status =
      Int(error.code).flatMap { (400..<600).contains($0) ? $0 : nil }
      ?? words.compactMap { Self.statuses[$0] }.first ?? 502
    self.error = error
    self.retryAfter = retryAfter
    isInSuccess = true
  }

  /// What the words for errors stand for.
  private static let statuses = [
    "payment_required": 402, "content_policy_violation": 403, "refusal": 403, "timeout": 408,
    "context_length_exceeded": 413, "rate_limit_exceeded": 429, "server": 500,
    "server_error": 500, "provider_unavailable": 503, "provider_overloaded": 529,
  ]
}
