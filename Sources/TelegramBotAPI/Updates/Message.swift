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
  package var replyToMessage: MessageReference?
  /// Neither this nor `text` is there in what only reports something: members, titles, payments,
  /// pins, and whatever Telegram will come to report. Nobody awaits an answer to it.
  package var attachment: Attachment?
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
    case from, chat, date, text
    case messageID = "message_id"
    case messageThreadID = "message_thread_id"
    case isTopicMessage = "is_topic_message"
    case senderChat = "sender_chat"
    case replyToMessage = "reply_to_message"
    case successfulPayment = "successful_payment"
    case refundedPayment = "refunded_payment"
    case viaBot = "via_bot"
    case forwardOrigin = "forward_origin"
    /// In place of `forward_origin` before Bot API 7.0; a server of the operator's own may be old.
    case forwardDate = "forward_date"
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
    replyToMessage = try values.decodeIfPresent(MessageReference.self, forKey: .replyToMessage)
    successfulPayment = try values.decodeIfPresent(
      SuccessfulPayment.self, forKey: .successfulPayment)
    refundedPayment = try values.decodeIfPresent(RefundedPayment.self, forKey: .refundedPayment)
    guard text == nil else { return }  // A message has one or the other.
    let held = try decoder.container(keyedBy: Attachment.self)
    attachment = Attachment.allCases.first { held.contains($0) }
  }
}
