/// How the fake mistreats a request.
package enum FakeTelegramFault: Sendable {
  case reply(LoopbackReply)
  case tooManyRequests(retryAfter: Int)
  case htmlBadGateway
  case reset
  case hang
  /// Acts, then answers with half of its JSON, as a whole HTTP response.
  case truncated
  /// Acts, then resets the connection without an answer.
  case loseAnswer
  case conflict(webhook: Bool)
  case unauthorized
  case forbiddenBlocked
  case badRequest(String)
  /// The group has become the supergroup of that id.
  case migrated(to: Int64)

  /// What is done with the reply of the method itself; `nil` where the method is not to act.
  var distortion: (@Sendable (String) -> LoopbackReply)? {
    switch self {
    case .truncated: { .json(String($0.prefix($0.count / 2))) }
    case .loseAnswer: { _ in .reset }
    default: nil
    }
  }

  var reply: LoopbackReply {
    switch self {
    case .reply(let reply): reply
    case .tooManyRequests(let seconds):
      .telegramError(
        429, "Too Many Requests: retry after \(seconds)",
        parameters: ["retry_after": .integer(Int64(seconds))],
        headers: ["Retry-After": "\(seconds)"])
    case .htmlBadGateway: .html("<html><h1>502 Bad Gateway</h1></html>", status: 502)
    case .reset, .loseAnswer, .truncated: .reset
    case .hang: .hang
    case .conflict(webhook: true): FakeTelegramAPI.webhookConflict.reply
    case .conflict(webhook: false): FakeTelegramAPI.pollConflict.reply
    case .unauthorized: .telegramError(401, "Unauthorized")
    case .forbiddenBlocked: .telegramError(403, "Forbidden: bot was blocked by the user")
    case .badRequest(let words): .telegramError(400, "Bad Request: " + words)
    case .migrated(let chat):
      .telegramError(
        400, "Bad Request: group chat was upgraded to a supergroup chat",
        parameters: ["migrate_to_chat_id": .integer(chat)])
    }
  }
}

extension LoopbackReply {
  package static func telegramError(
    _ code: Int, _ description: String, parameters: [String: JSONValue]? = nil,
    headers: [String: String] = [:]
  ) -> LoopbackReply {
    var body: [String: JSONValue] = [
      "ok": false, "error_code": .integer(Int64(code)), "description": .string(description),
    ]
    if let parameters { body["parameters"] = .object(parameters) }
    return .json(JSONValue.object(body).json, status: code, headers: headers)
  }
}
