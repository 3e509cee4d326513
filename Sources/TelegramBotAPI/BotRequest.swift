package import Foundation

/// A request whose method and JSON are fixed, so that it can be stored and sent later.
package struct BotRequest: Sendable, Equatable {
  package var method: String
  /// One object: the parameters.
  package var json: Data

  package init(method: String, json: Data) {
    self.method = method
    self.json = json
  }

  /// Whether a repeat does no harm. Every other method, a send above all, acts once more each time.
  package var isIdempotent: Bool {
    ["get", "set", "delete", "edit", "answer"].contains { method.hasPrefix($0) }
      || ["sendChatAction", "sendMessageDraft"].contains(method)
  }

  /// The same request to another chat, for a group that has become a supergroup.
  ///
  /// - Throws: `.invalidRequest` where the request names no chat.
  package func addressed(to chatID: Int64) throws(TelegramError) -> BotRequest {
    let bytes = Array(json)
    guard let old = try? JSONSlicer.member("chat_id", of: bytes) else {
      throw .invalidRequest("chat_id is missing")
    }
    let json = Data(bytes[..<old.lowerBound] + Array("\(chatID)".utf8) + bytes[old.upperBound...])
    return BotRequest(method: method, json: json)
  }

  /// The same request to the chat itself, for a topic that was deleted; `nil` where it names none.
  package func outsideTopics() -> BotRequest? {
    let object = try? JSONSerialization.jsonObject(with: json)
    guard var parameters = object as? [String: Any],
      parameters.removeValue(forKey: "message_thread_id") != nil,
      let json = try? JSONSerialization.data(
        withJSONObject: parameters, options: [.sortedKeys, .withoutEscapingSlashes])
    else { return nil }
    return BotRequest(method: method, json: json)
  }
}
