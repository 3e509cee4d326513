import TelegramBotAPI

/// What tells whether a message goes on with the one before. The apps cut a long paste into several
/// messages, which arrive within a second, and an album is a message for each of its pictures: to
/// whoever sends them, they are one.
struct MessagePart: Equatable {
  /// How long the next part is waited for.
  static let wait = Duration.milliseconds(1_500)
  /// The same after a start of the process: the next part may still be at Telegram.
  static let waitAfterStart = Duration.seconds(5)

  /// The apps cut at 4,096, or at the last good place before. UTF-16 units.
  private static let leastLengthOfPaste = 3_500
  /// Between two parts of a paste, by Telegram's clock. Seconds.
  private static let longestGap: Int64 = 2
  private static let mostPartsOfPaste = 8
  /// Bot API, *sendMediaGroup*.
  private static let mostPartsOfAlbum = 10

  private var person: Int64
  private var chatID: Int64
  private var threadID: Int64?
  private var date: Int64
  private var album: String?
  private var mayFollow: Bool
  /// Whether something may go on with it.
  let begins: Bool

  /// `nil` for what is no part of anything.
  init?(_ update: Update, bot: User) {
    guard case .message(let message) = update.content, message.text ?? message.mediaGroupID != nil
    else { return nil }
    let text = message.text ?? ""
    person = Route.lane(of: update)
    chatID = message.chat.id
    threadID = message.topicID
    date = message.date
    album = message.text == nil ? message.mediaGroupID : nil
    // In a group, what somebody else wrote is no word to the bot.
    let isTheirs = message.chat.isPrivate || !message.isForwarded && !message.isFromInlineBot
    let words = Route.wordsAfterMention(of: bot, in: text) ?? text
    mayFollow = isTheirs && BotCommandText(words) == nil
    // Among what others say in a group, nothing is waited for.
    begins =
      album != nil
      || text.utf16.count >= Self.leastLengthOfPaste && !Route(update, bot: bot).isIgnored
  }

  var mostParts: Int { album == nil ? Self.mostPartsOfPaste : Self.mostPartsOfAlbum }

  /// Whether it goes on with the part before it.
  func goesOn(with previous: MessagePart) -> Bool {
    guard person == previous.person, chatID == previous.chatID, threadID == previous.threadID,
      album == previous.album
    else { return false }
    return album != nil || mayFollow && 0...Self.longestGap ~= date - previous.date
  }
}
