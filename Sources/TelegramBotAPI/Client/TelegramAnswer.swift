import Foundation
import HTTPTransport
import JSONReading

/// The envelope of every answer: `result`, or why there is none. Bot API, *Making requests*.
struct TelegramAnswer {
  /// The whole body.
  let bytes: [UInt8]
  /// Where in it the result stands.
  let result: Range<Int>
  private let head: HTTPResponseHead

  /// When it was given, by the server's clock, as HTTP writes it.
  var date: String? { head.header("Date") }

  /// If a 429 says nothing of how long to wait.
  static let defaultRetryAfter = Duration.seconds(5)
  /// No longer than this, whatever a 429 says, lest one odd number silence the bot.
  static let maximumRetryAfter = Duration.seconds(3600)
  /// Characters of Telegram's words that an error keeps: its sentences are shorter.
  static let maximumDescriptionLength = 200

  init(_ response: HTTPResponse, to method: String, hiding token: String) throws(TelegramError) {
    let bytes = Array(response.body)
    let isSuccess = 200..<300 ~= response.head.status
    guard let members = try? JSONSlicer.members(of: bytes),
      let ok = JSONSlicer.value(of: "ok", among: members, in: bytes)
    else {
      throw isSuccess ? .answerMalformed(method: method) : Self.error(response.head, nil)
    }
    guard bytes[ok].elementsEqual("true".utf8) else {
      let body = try? JSONDecoder().decode(Failure.self, from: response.body)
      throw Self.error(response.head, body?.hiding(token))
    }
    guard isSuccess else { throw .serverFailed(status: response.head.status) }
    guard let result = JSONSlicer.value(of: "result", among: members, in: bytes) else {
      throw .answerMalformed(method: method)
    }
    self.bytes = bytes
    self.result = result
    head = response.head
  }

  func decoded<Value: Decodable>(_ method: String) throws(TelegramError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(bytes[result]))
    } catch {
      throw .answerMalformed(method: method)
    }
  }

  /// Of the message that a send or an edit returns.
  var messageID: Int64? {
    guard let id = try? JSONSlicer.member("message_id", of: bytes, in: result) else { return nil }
    return JSONSlicer.integer(bytes, in: id)
  }

  /// If the result is a string.
  var text: String? {
    guard bytes[result].first == UInt8(ascii: "\"") else { return nil }
    return try? JSONDecoder().decode(String.self, from: Data(bytes[result]))
  }

  func updates(_ method: String) throws(TelegramError) -> UpdateBatch {
    guard let elements = try? JSONSlicer.elements(of: bytes, in: result) else {
      throw .answerMalformed(method: method)
    }
    let updates = elements.compactMap(update)
    return UpdateBatch(updates: updates, unreadableCount: elements.count - updates.count)
  }

  private func update(_ element: Range<Int>) -> ReceivedUpdate? {
    guard let member = try? JSONSlicer.member("update_id", of: bytes, in: element),
      let id = JSONSlicer.integer(bytes, in: member), id < Int64.max  // Its successor is an offset.
    else { return nil }
    // The inbox keeps text: what is no UTF-8 is mended before anybody reads it, so that a later
    // start reads the same.
    let text = String(decoding: bytes[element], as: UTF8.self)
    return ReceivedUpdate(id: id, json: Data(text.utf8))
  }
}

// MARK: - Errors

extension TelegramAnswer {
  private struct Failure: Decodable {
    struct Parameters: Decodable {
      var retry_after: Int64?
      var migrate_to_chat_id: Int64?
    }
    var error_code: Int?
    var description: String?
    var parameters: Parameters?

    /// Telegram repeats no token; what answers in its place might.
    func hiding(_ token: String) -> Failure {
      var failure = self
      // By code points: as characters, a token is not found if an accent follows it.
      let words = description?.replacingOccurrences(of: token, with: "…", options: .literal)
      failure.description = words.map { String($0.prefix(maximumDescriptionLength)) }
      return failure
    }
  }

  /// - Parameter failure: `nil` if the body is not Telegram's.
  private static func error(_ head: HTTPResponseHead, _ failure: Failure?) -> TelegramError {
    let code = failure?.error_code ?? head.status
    if code == 429 {
      let seconds =
        failure?.parameters?.retry_after
        ?? head.header("Retry-After").flatMap { Int64($0) }
      return .tooManyRequests(retryAfter: retryAfter(seconds))
    }
    guard let failure else { return .serverFailed(status: head.status) }
    if let chat = failure.parameters?.migrate_to_chat_id { return .chatMigrated(to: chat) }
    let words = failure.description ?? "no reason given"
    return switch code {
    case 401: .unauthorized
    case 404: .notFound
    case 403: .forbidden(words)
    // "terminated by setWebhook request" means the same as "while webhook is active".
    case 409: .conflict(webhook: words.lowercased().contains("webhook"))
    // 421 is for a connection that leads to the wrong server: a repeat may go to another.
    case 400..<500 where code != 421: .badRequest(words)
    default: .serverFailed(status: code)
    }
  }

  private static func retryAfter(_ seconds: Int64?) -> Duration {
    guard let seconds, seconds >= 0 else { return defaultRetryAfter }
    return min(.seconds(max(seconds, 1)), maximumRetryAfter)
  }
}
