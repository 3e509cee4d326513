package import JSONReading

/// Where a message stands. Bot API, *Chat*.
package struct Chat: Sendable, Equatable {
  /// A user's id in a private chat, negative elsewhere. Needs 52 bits.
  package var id: Int64
  /// `private`, `group`, `supergroup`, `channel`, or what Telegram adds.
  package var type: String

  package var isPrivate: Bool { type == "private" }
}

extension Chat: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    id = try object.read("id")
    type = try object.read("type")
  }
}
