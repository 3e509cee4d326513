package import JSONReading

/// A message, as far as the bot reads it. Bot API, *Message*.
package struct Message: JSONObjectReadable, Sendable, Equatable {
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
  /// Whatever its sender has written.
  package var words: String? { text ?? caption }
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
  package enum Attachment: String, CaseIterable, Sendable {
    case animation, audio, document, photo, sticker, story, video, voice
    case checklist, contact, dice, game, giveaway, invoice, poll, venue, location
    case livePhoto = "live_photo"
    case paidMedia = "paid_media"
    case richMessage = "rich_message"
    case videoNote = "video_note"
  }

  package init(_ object: JSONObject) throws {
    messageID = try object.read("message_id")
    messageThreadID = try object.readIfPresent("message_thread_id")
    isTopicMessage = try object.readIfPresent("is_topic_message") ?? false
    from = try object.readIfPresent("from")
    senderChat = try object.readIfPresent("sender_chat")
    // The second in place of the first before Bot API 7.0; a server of the operator's own may be
    // old.
    isForwarded = object["forward_origin"] != nil || object["forward_date"] != nil
    isFromInlineBot = object["via_bot"] != nil
    chat = try object.read("chat")
    date = try object.read("date")
    text = try object.readIfPresent("text") ?? RichMessage.text(in: object)
    caption = try object.readIfPresent("caption")
    mediaGroupID = try object.readIfPresent("media_group_id")
    if let quote = object["quote"] {
      guard let quote = quote.object else { throw JSONFlaw() }
      self.quote = try quote.read("text")
    }
    replyToMessage = try object.readIfPresent("reply_to_message")
    successfulPayment = try object.readIfPresent("successful_payment")
    refundedPayment = try object.readIfPresent("refunded_payment")
    guard text == nil else { return }  // A message has one or the other.
    let names = Set(object.names)
    attachment = Attachment.allCases.first { names.contains($0.rawValue) }
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
