package import Foundation
import JSONReading

/// A request whose method and JSON are fixed, so that it can be stored and sent later.
package struct BotRequest: Sendable, Equatable {
  package var method: String
  /// One object: the parameters, but for the file.
  package var json: Data
  /// With it, the request is sent as a form.
  package var attachment: Attachment?

  /// A file to upload. Bot API, *InputFile*.
  package struct Attachment: Sendable, Equatable {
    /// The parameter that it is the value of.
    package var field: String
    /// At least one character. Quotes, backslashes and control characters are replaced on the way.
    package var fileName: String
    /// The media type, such as `text/csv`.
    package var contentType: String
    /// At most 50 MB.
    package var data: Data

    package init(field: String = "document", fileName: String, contentType: String, data: Data) {
      self.field = field
      self.fileName = fileName
      self.contentType = contentType
      self.data = data
    }
  }

  package init(method: String, json: Data, attachment: Attachment? = nil) {
    self.method = method
    self.json = json
    self.attachment = attachment
  }

  /// Whether a repeat does no harm: another link to the same offer does none. Every other method, a
  /// send above all, acts once more each time.
  package var isIdempotent: Bool {
    ["get", "set", "delete", "edit", "answer"].contains { method.hasPrefix($0) }
      || ["sendChatAction", "sendMessageDraft", "createInvoiceLink"].contains(method)
  }

  /// The same request to another chat, for a group that has become a supergroup.
  ///
  /// - Throws: `.invalidRequest` if the request names no chat.
  package func addressed(to chatID: Int64) throws(TelegramError) -> BotRequest {
    let bytes = Array(json)
    guard let old = try? JSONSlicer.member("chat_id", of: bytes) else {
      throw .invalidRequest("chat_id is missing")
    }
    var moved = self
    moved.json = Data(
      bytes[..<old.lowerBound] + Array("\(chatID)".utf8) + bytes[old.upperBound...])
    return moved
  }

  /// The same request in a topic of its chat, if it sends something there and names none yet.
  package func inTopic(_ threadID: Int64?) -> BotRequest {
    let isSent = method.hasPrefix("send") || method == "copyMessage"
    guard isSent, let threadID, outsideTopics == nil else { return self }
    var moved = self
    // There is another member, the chat's, so a comma follows.
    moved.json = Data("{\"message_thread_id\":\(threadID),".utf8) + json.dropFirst()
    return moved
  }

  /// The same request to its chat itself; `nil` if it names no topic.
  package var outsideTopics: BotRequest? {
    let bytes = Array(json)
    guard let members = try? JSONSlicer.members(of: bytes) else { return nil }
    let kept = members.filter { !bytes[$0.name].elementsEqual("\"message_thread_id\"".utf8) }
    guard kept.count < members.count else { return nil }
    let pairs = kept.map { bytes[$0.name] + Array(":".utf8) + bytes[$0.value] }
    var moved = self
    moved.json = Data(Array("{".utf8) + pairs.joined(separator: Array(",".utf8)) + Array("}".utf8))
    return moved
  }
}
