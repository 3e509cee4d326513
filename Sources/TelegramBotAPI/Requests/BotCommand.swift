/// An entry of the bot's command menu. Bot API, *BotCommand*.
package struct BotCommand: Sendable, Equatable {
  /// 1 to 32 of a–z, 0–9 and the underscore, without the slash.
  package var command: String
  /// 1 to 256 UTF-16 units.
  package var description: String

  package init(command: String, description: String) {
    self.command = command
    self.description = description
  }
}
