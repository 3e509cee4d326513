package import Foundation
import Ledger
package import Messaging
package import TelegramBotAPI

/// What an update asks for, found out without any state: a pure function of the update and the
/// bot's own name.
package enum Route: Sendable {
  /// A command, its name in lower case and what follows it, trimmed.
  case command(name: String, argument: String, Address)
  /// Words to the bot that are no command.
  case text(String, Address)
  /// Something in a private chat that the bot cannot read, such as a photo.
  case unreadable(what: String, Address)
  /// Such a thing with words to it, and what the words alone ask for.
  indirect case unseen(what: String, words: Route, Address)
  /// Words that were changed; in a group, those to the bot alone.
  case edited(Address)
  case button(data: String, CallbackQuery, Address)
  case preCheckout(PreCheckoutQuery)
  /// Money has come in; the time is that of its message.
  case payment(SuccessfulPayment, paidAt: Date, Address)
  /// Money has gone back.
  case refunded(RefundedPayment)
  case subscriptionChanged(BotSubscriptionUpdated)
  /// Somebody wants no more of an answer that grows in a draft.
  case draftStopped(MessageGenerationStopped)
  /// Somebody has blocked the bot, or lifted the block.
  case reachable(Bool, telegramUserID: Int64)
  /// What the bot may do in a group has changed.
  case rightsChanged(chatID: Int64)
  /// Nothing to do, on purpose.
  case ignored

  /// Sorted apart by whom it concerns: updates of one person are handled one after the other.
  package static func lane(of update: Update) -> Int64 { update.personID ?? 0 }

  /// What an update waits for.
  package enum Turn: Sendable {
    /// Nothing: Telegram drops a payment that is not answered within ten seconds.
    case atOnce
    /// Nothing either, as a button spins until it is answered; but nobody presses without end.
    case press
    /// What came before of the person's money, and no slow answer: a refund follows its payment,
    /// and a subscription is as it was last said to be. It is never turned away.
    case money
    /// All that the person sent before, but not the answer of a model to it.
    case reading
    /// All that the person sent before.
    case inOrder
  }

  package static func turn(of update: Update) -> Turn {
    switch update.content {
    case .preCheckoutQuery: .atOnce
    case .callbackQuery, .stoppedGeneration: .press
    case .message(let message)
    where message.successfulPayment != nil || message.refundedPayment != nil:
      .money
    case .subscriptionChanged: .money
    default: .inOrder
    }
  }

  package init(_ update: Update, bot: User) {
    switch update.content {
    case .message(let message): self = Self.route(message, bot: bot)
    case .editedMessage(let message):
      // A live location is edited every few seconds, by nobody's hand.
      guard message.words != nil, let sender = Self.sender(of: message),
        sender.isPrivate || !Self.route(message, bot: bot).isIgnored
      else {
        self = .ignored
        return
      }
      self = .edited(sender)
    case .callbackQuery(let query):
      guard let data = query.data, let message = query.message else {
        self = .ignored
        return
      }
      self = .button(
        data: data, query,
        Address(
          user: query.from, chatID: message.chat.id, isPrivate: message.chat.isPrivate,
          threadID: message.topicID))
    case .preCheckoutQuery(let query): self = .preCheckout(query)
    case .subscriptionChanged(let change): self = .subscriptionChanged(change)
    case .stoppedGeneration(let stopped): self = .draftStopped(stopped)
    case .chatMemberChanged(let change):
      self =
        change.chat.isPrivate
        ? .reachable(change.newStatus != "kicked", telegramUserID: change.from.id)
        : .rightsChanged(chatID: change.chat.id)
    default: self = .ignored
    }
  }

  /// As if the message were a new one.
  init(asking message: Message, bot: User) {
    self = Self.route(message, bot: bot)
  }

  private static func route(_ message: Message, bot: User) -> Route {
    if let refunded = message.refundedPayment { return .refunded(refunded) }
    guard let sender = sender(of: message) else { return .ignored }
    if let payment = message.successfulPayment {
      let paidAt = Date(timeIntervalSince1970: TimeInterval(message.date))
      return .payment(payment, paidAt: paidAt, sender)
    }
    guard let attachment = message.attachment else {
      return message.text.map { route($0, of: message, from: sender, bot: bot) } ?? .ignored
    }
    guard let caption = message.caption, !caption.isEmpty else {
      return sender.isPrivate ? .unreadable(what: attachment.plural, sender) : .ignored
    }
    let words = route(caption, of: message, from: sender, bot: bot)
    guard !words.isIgnored else { return .ignored }
    // Of an album, the caption of one part is that of all.
    let what = message.mediaGroupID == nil ? attachment.singular : attachment.plural
    return .unseen(what: what, words: words, sender)
  }

  private static func route(
    _ text: String, of message: Message, from sender: Address, bot: User
  ) -> Route {
    // In a group, what somebody else wrote is no word to the bot.
    guard !message.isPassedOn else { return sender.isPrivate ? .text(text, sender) : .ignored }
    let isReplyToBot = message.replyToMessage?.from?.id == bot.id
    let afterMention = wordsAfterMention(of: bot, in: text)
    if let command = BotCommandText(afterMention ?? text) {
      if let addressee = command.addressee {
        // In a private chat nobody else can be meant.
        guard sender.isPrivate || addressee == bot.username?.lowercased() else { return .ignored }
      } else if !sender.isPrivate, !isReplyToBot, afterMention == nil {
        // In a group, a bare command may be meant for any of its bots.
        return .ignored
      }
      return .command(name: command.name, argument: command.argument, sender)
    }
    if sender.isPrivate || isReplyToBot { return .text(text, sender) }
    guard let words = withoutMention(of: bot, in: text) else { return .ignored }
    return .text(words, sender)
  }

  /// `nil` for what no person wrote: channel posts, anonymous administrators, other bots.
  private static func sender(of message: Message) -> Address? {
    guard let user = message.from, !user.isBot, message.senderChat == nil else { return nil }
    let isPrivate = message.chat.isPrivate
    return Address(
      user: user, chatID: message.chat.id, isPrivate: isPrivate,
      threadID: message.topicID,
      replyTo: message.messageID, inReplyTo: message.replyToMessage?.messageID)
  }

  /// What follows `@bot` at the very beginning, or `nil` if the text does not begin with it.
  static func wordsAfterMention(of bot: User, in text: String) -> String? {
    // Each text comes by here, so without a regular expression.
    let words = text.drop(while: \.isWhitespace).unicodeScalars
    guard words.first == "@", let bot = bot.username else { return nil }
    let name = words.dropFirst().prefix { $0.isPartOfAName }
    let rest = words.dropFirst(1 + name.count)
    guard String(name).lowercased() == bot.lowercased(), rest.first?.isPartOfAWord != true else {
      return nil
    }
    return Substring(rest).trimmed
  }

  /// The text without `@bot`, or `nil` if the bot is not mentioned.
  private static func withoutMention(of bot: User, in text: String) -> String? {
    guard let name = bot.username,
      let mention = text.range(
        of: #"(?<!\w)@\#(name)\b"#, options: [.regularExpression, .caseInsensitive])
    else { return nil }
    return text.replacingCharacters(in: mention, with: "")[...].trimmed
  }
}

extension Message {
  /// Whether its sender has written none of it.
  fileprivate var isPassedOn: Bool { isForwarded || isFromInlineBot }
}

extension Message.Attachment {
  /// What one of them is called.
  fileprivate var singular: String {
    switch self {
    case .photo: "photo"
    case .voice: "voice message"
    case .video, .videoNote, .animation: "video"
    case .audio: "recording"
    default: "file"
    }
  }

  /// What several of them are called, in words for the person who sent one.
  fileprivate var plural: String {
    switch self {
    case .photo: "photos"
    case .voice: "voice messages"
    case .sticker: "stickers"
    case .video, .videoNote, .animation: "videos"
    case .audio: "recordings"
    case .document: "files"
    case .location, .venue: "places"
    case .poll: "polls"
    case .contact: "contacts"
    default: "messages of this kind"
    }
  }
}
