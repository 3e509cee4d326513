/// Where a message stands. Bot API, *Chat*.
package struct Chat: Decodable, Sendable, Equatable {
  /// A user's id in a private chat, negative elsewhere. Needs 52 bits.
  package var id: Int64
  /// `private`, `group`, `supergroup`, `channel`, or what Telegram adds.
  package var type: String

  package var isPrivate: Bool { type == "private" }
}
