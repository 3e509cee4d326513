import Foundation
import JSONReading

/// The `error` object of a chat completion, or one sentence in its place. Whatever in it is not as
/// documented is left out.
struct ChatError: Decodable {
  private enum CodingKeys: CodingKey {
    case code, type, status, message, detail, details, metadata
  }

  /// Google's, where it speaks as OpenAI does.
  private struct Detail: Decodable {
    var reason: String?
    var violations: [Violation]?
  }

  private struct Violation: Decodable {
    var quotaId: String?
  }

  /// A number or a word, such as `server_error`.
  var code = ""
  /// OpenRouter's alone.
  var metadata: OpenRouterErrorMetadata?
  /// All code words but a number.
  private(set) var words: [String] = []
  /// The message, and what it was made of by a provider behind the one that answers.
  private(set) var sentences: [String] = []

  /// For a response that says only that it is an error.
  init() {}

  /// `nil` if it is nothing that could be read.
  init?(_ value: JSONValue) {
    guard let error = ProviderJSON.decode(Self.self, from: value.json, with: .snakeCase) else {
      return nil
    }
    self = error
  }

  init(from decoder: any Decoder) throws {
    guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
      let text = try? decoder.singleValueContainer().decode(String.self)
      sentences = [text].compactMap(\.self)
      return
    }
    func text(_ key: CodingKeys) -> String? { try? container.decode(String.self, forKey: key) }
    let number = (try? container.decode(Int.self, forKey: .code)).map(String.init)
    code = number ?? text(.code) ?? ""
    metadata = try? container.decode(OpenRouterErrorMetadata.self, forKey: .metadata)
    let details = (try? container.decode([Detail].self, forKey: .details)) ?? []
    words =
      [
        number == nil ? text(.code) : nil, text(.type), text(.status), metadata?.errorType,
        metadata?.limitSource,
      ].compactMap(\.self) + details.compactMap(\.reason)
      + details.flatMap { $0.violations ?? [] }.compactMap(\.quotaId)
    sentences = [text(.message), text(.detail)].compactMap(\.self)
    guard let raw = metadata?.raw else { return }
    let inner = ChatFailure.errors(in: Data(raw.utf8))
    words += inner.flatMap(\.words)
    sentences += inner.isEmpty ? [raw] : inner.flatMap(\.sentences)
  }
}

/// A chat completion that failed: with a status of its own, or inside a response with 200.
struct ChatFailure {
  private struct Body: Decodable {
    var error: ChatError
  }

  let status: Int
  let retryAfter: Duration?
  /// Whether it came with status 200.
  let isInSuccess: Bool
  private let errors: [ChatError]

  init(_ reply: ProviderReply) {
    status = reply.status
    errors = Self.errors(in: reply.body)
    retryAfter = reply.retryAfter
    isInSuccess = false
  }

  init(inSuccess error: ChatError, _ retryAfter: Duration?) {
    let words = [error.metadata?.errorType, error.code].compactMap(\.self)
    status =
      Int(error.code).flatMap { (400..<600).contains($0) ? $0 : nil }
      ?? words.compactMap { Self.statuses[$0] }.first ?? 502
    errors = [error]
    self.retryAfter = retryAfter
    isInSuccess = true
  }

  var words: [String] { errors.flatMap(\.words) }
  var metadata: OpenRouterErrorMetadata? { errors.lazy.compactMap(\.metadata).first }

  /// What is known of such a failure wherever it comes from.
  var known: KnownFault.Match? {
    KnownFault.find(words: words, sentences: errors.flatMap(\.sentences))
  }

  /// - Parameter reason: If the fault is none of those that are known.
  func error(
    unlessKnown reason: LanguageModelError.Reason, mayHaveCost: Bool = false
  ) -> LanguageModelError {
    let known = known
    var error = LanguageModelError(known?.reason ?? reason, mayHaveCost: mayHaveCost)
    error.report = .init(status: status, words: words, sentence: known?.sentence)
    return error
  }

  /// Most servers write `{"error": {…}}`, Google's a list of one, xAI and Ollama `{"error": "…"}`;
  /// vLLM before 0.10.1, Mistral and FastAPI put nothing around it.
  static func errors(in body: Data) -> [ChatError] {
    let decoder = JSONDecoder.snakeCase
    let inside =
      (try? decoder.decode(Body.self, from: body))
      ?? (try? decoder.decode([Body].self, from: body))?.first
    let outside = try? decoder.decode(ChatError.self, from: body)
    return [inside?.error, outside].compactMap(\.self)
  }

  /// What the words for errors stand for.
  private static let statuses = [
    "payment_required": 402, "content_policy_violation": 403, "refusal": 403, "timeout": 408,
    "context_length_exceeded": 413, "rate_limit_exceeded": 429, "server": 500,
    "server_error": 500, "provider_unavailable": 503, "provider_overloaded": 529,
  ]
}
