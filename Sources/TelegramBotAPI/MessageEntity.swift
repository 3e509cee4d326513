/// A stretch of a text with a meaning, such as `bot_command`. Bot API, *MessageEntity*.
package struct MessageEntity: Decodable, Sendable, Equatable {
  package var type: String
  /// UTF-16 units from the start of the text.
  package var offset: Int
  /// UTF-16 units.
  package var length: Int
}
