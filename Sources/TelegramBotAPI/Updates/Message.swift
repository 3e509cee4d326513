/// A message, as far as the bot reads it. Bot API, *Message*.
package struct Message: Decodable, Sendable, Equatable {
  package var messageID: Int64
  package var messageThreadID: Int64?
  /// Whether `messageThreadID` is a topic, to which an answer must be sent, and not the thread of
  /// replies that groups have too.
  package var isTopicMessage: Bool
  /// The topic that it is in.
  package var topicID: Int64? { isTopicMessage ? messageThreadID : nil }
  package var from: User?
  /// The chat on whose behalf it was sent; `from` is then a stand-in.
  package var senderChat: Chat?
  /// Whether somebody else wrote it, or the sender at another time: it was only passed on.
  package var isForwarded: Bool
  /// Whether an inline bot wrote it, and the sender only chose it.
  package var isFromInlineBot: Bool
  package var chat: Chat
  /// Unix time, seconds.
  package var date: Int64
  /// Of a rich message, its words.
  package var text: String?
  /// The words beside an attachment.
  package var caption: String?
  /// The album that it is a part of, by a name that is unique within the chat.
  package var mediaGroupID: String?
  package var replyToMessage: MessageReference?
  /// What of the message replied to is quoted. That message may be in another chat; then there is
  /// no `replyToMessage`, and nothing more of it is told.
  package var quote: String?
  /// Neither this nor `text` is there in what only reports something: members, titles, payments,
  /// pins, and whatever Telegram will come to report. Nobody awaits an answer to it.
  package var attachment: Attachment?
  /// If it stands for a whole album, the ids of the other messages.
  package var restOfAlbum: [Int64] = []
  package var successfulPayment: SuccessfulPayment?
  package var refundedPayment: RefundedPayment?

  /// What a message holds in place of text. The order matters: Telegram repeats an animation as a
  /// document and a venue as a location, for old bots.
  package enum Attachment: String, CodingKey, CaseIterable, Sendable {
    case animation, audio, document, photo, sticker, story, video, voice
    case checklist, contact, dice, game, giveaway, invoice, poll, venue, location
    case livePhoto = "live_photo"
    case paidMedia = "paid_media"
    case richMessage = "rich_message"
    case videoNote = "video_note"
  }

  private enum CodingKeys: String, CodingKey {
    case from, chat, date, text, caption, quote
    case messageID = "message_id"
    case messageThreadID = "message_thread_id"
    case isTopicMessage = "is_topic_message"
    case senderChat = "sender_chat"
    case mediaGroupID = "media_group_id"
    case replyToMessage = "reply_to_message"
    case successfulPayment = "successful_payment"
    case refundedPayment = "refunded_payment"
    case viaBot = "via_bot"
    case forwardOrigin = "forward_origin"
    /// In place of `forward_origin` before Bot API 7.0; a server of the operator's own may be old.
    case forwardDate = "forward_date"
  }

  private struct TextQuote: Decodable {
    var text: String
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    messageID = try values.decode(Int64.self, forKey: .messageID)
    messageThreadID = try values.decodeIfPresent(Int64.self, forKey: .messageThreadID)
    isTopicMessage = try values.decodeIfPresent(Bool.self, forKey: .isTopicMessage) ?? false
    from = try values.decodeIfPresent(User.self, forKey: .from)
    senderChat = try values.decodeIfPresent(Chat.self, forKey: .senderChat)
    isForwarded = values.contains(.forwardOrigin) || values.contains(.forwardDate)
    isFromInlineBot = values.contains(.viaBot)
    chat = try values.decode(Chat.self, forKey: .chat)
    date = try values.decode(Int64.self, forKey: .date)
    text = try values.decodeIfPresent(String.self, forKey: .text) ?? RichMessage.text(in: decoder)
    caption = try values.decodeIfPresent(String.self, forKey: .caption)
    mediaGroupID = try values.decodeIfPresent(String.self, forKey: .mediaGroupID)
    quote = try values.decodeIfPresent(TextQuote.self, forKey: .quote)?.text
    replyToMessage = try values.decodeIfPresent(MessageReference.self, forKey: .replyToMessage)
    successfulPayment = try values.decodeIfPresent(
      SuccessfulPayment.self, forKey: .successfulPayment)
    refundedPayment = try values.decodeIfPresent(RefundedPayment.self, forKey: .refundedPayment)
    guard text == nil else { return }  // A message has one or the other.
    let held = try decoder.container(keyedBy: Attachment.self)
    attachment = Attachment.allCases.first { held.contains($0) }
  }

  /// What several messages say together: the apps cut a text that is longer than a message may be,
  /// and an album is a message for each of its pictures. All else is that of the first.
  package static func joined(_ parts: [Message]) -> Message? {
    guard var whole = parts.first else { return nil }
    whole.text = joined(parts.compactMap(\.text))
    whole.caption = joined(parts.compactMap(\.caption))
    if whole.attachment != nil { whole.restOfAlbum = parts.dropFirst().map(\.messageID) }
    return whole
  }

  /// The apps cut between lines or words where they can, and leave out the space there.
  private static func joined(_ pieces: [String]) -> String? {
    guard var whole = pieces.first else { return nil }
    for (previous, next) in zip(pieces, pieces.dropFirst()) {
      let wasFull = previous.utf16.count >= TelegramLimits.messageText
      whole += wasFull ? next : "\n" + next
    }
    return whole
  }
}
