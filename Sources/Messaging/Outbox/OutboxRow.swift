package import Foundation
package import GRDB
import Ledger
package import TelegramBotAPI

extension Outbox {
  /// What a row of the outbox is to bring about.
  package enum Content: Sendable, Equatable {
    case message(OutboxMessage)
    case request(BotRequest)

    /// What Telegram is asked for.
    ///
    /// - Parameter preview: The message whose place it takes.
    /// - Throws: `.invalidRequest` if a limit of the Bot API is broken.
    package func request(
      to chatID: Int64?, inPlaceOf preview: Int64? = nil
    ) throws(TelegramError) -> BotRequest {
      switch self {
      case .request(let request):
        guard let preview, let chatID, isDeletion else { return request }
        return .deleteMessage(chatID: chatID, messageID: preview)
      case .message(var message):
        guard let chatID else { throw .invalidRequest("chat_id is missing") }
        if let preview { message.edits = preview }
        return try message.request(to: chatID)
      }
    }

    /// Takes away a part of a preview, whose message is named when it is sent.
    static let deletion = Content.request(
      BotRequest(method: "deleteMessage", json: Data("{}".utf8)))

    fileprivate var isDeletion: Bool { self == Self.deletion }

    /// The same for a group that has become a supergroup.
    ///
    /// - Throws: `.invalidRequest` for a request that names no chat.
    func addressed(to chatID: Int64) throws(TelegramError) -> Content {
      guard case .request(let request) = self, !isDeletion else { return self }
      return .request(try request.addressed(to: chatID))
    }

    /// The same for the chat itself, where its topic is gone; `nil` for what is in none.
    var outsideTopics: Content? {
      switch self {
      case .request(let request): return request.outsideTopics.map(Content.request)
      case .message(var message):
        guard message.threadID != nil else { return nil }
        message.threadID = nil
        return .message(message)
      }
    }
  }

  /// A reply on its way.
  package struct Queued: Sendable, FetchableRecord {
    package var id: Int64
    /// The update that it answers, if it answers one.
    package var updateID: Int64?
    package var chatID: Int64?
    /// The topic that it is for, or was asked for in.
    package var threadID: Int64?
    /// `nil` while it is left in the file until its turn comes.
    package var content: Content?
    /// How many withdrawals there had been when it was read.
    var withdrawals = 0
    /// The part of the update's preview whose place it takes, if there may be one.
    package var previewPart: Int?
    /// The message of that, once it was looked for.
    var previewMessageID: Int64?
    /// How often Telegram may have taken it without saying so.
    package var lostAnswers: Int
    package var createdAt: Date
    /// What follows once it has ended.
    package var purpose: Purpose?
    /// For how long it is worth sending, in seconds; `nil` if it must not be given up.
    package var lifetime: TimeInterval?

    package init(row: Row) throws {
      id = row["id"]
      let update: Int64 = row["update_id"]
      updateID = update == Outbox.noUpdate ? nil : update
      chatID = row["chat_id"]
      threadID = row["thread_id"]
      content = try Content(row: row)
      previewPart = row["preview_part"]
      lostAnswers = row["lost_answers"]
      createdAt = row["created_at"]
      purpose = (row["purpose"] as String?).flatMap(Purpose.init(text:))
      lifetime =
        switch purpose {
        case .refund, .cancellation: nil
        default: chatID == nil ? Self.answerLifetime : Self.messageLifetime
        }
    }

    /// Whether it is a message of blocks.
    var isRich: Bool {
      guard case .message(let message)? = content else { return false }
      return message.markdown != nil
    }

    /// Whether it is a part of an answer that comes as a file.
    package var isFile: Bool {
      guard case .request(let request)? = content else { return false }
      return request.method == "sendDocument"
    }

    /// Whether it takes a part of a preview away.
    var isDeletion: Bool { previewPart != nil && content?.isDeletion == true }

    /// Where in the person's private chat it was asked for, for what follows from it.
    package func topic(of chatID: Int64) -> Topic? {
      threadID.map { Topic(chatID: chatID, threadID: $0) }
    }

    /// Whether Telegram takes it no more: an answer to a query that it has forgotten.
    func isForgotten(at now: Date) -> Bool {
      guard chatID == nil, let lifetime else { return false }
      return now.timeIntervalSince(createdAt) >= lifetime
    }

    /// For how long it is still worth sending; `nil` if it must not be given up.
    func remainingLife(at now: Date) -> Duration? {
      lifetime.map { .seconds(max(0, $0 - now.timeIntervalSince(createdAt))) }
    }

    /// Telegram forgets a question after a day, and so do people.
    private static let messageLifetime = TimeInterval.day
    /// Telegram takes no answer to a query later than this (server source, 150 s).
    private static let answerLifetime: TimeInterval = 150
  }
}

// MARK: - Columns

extension Outbox.Content {
  fileprivate init(row: Row) throws {
    if let method = row["method"] as String? {
      let json = Data((row["payload"] as String).utf8)
      var file: BotRequest.Attachment?
      if let name = row["file_name"] as String? {
        file = BotRequest.Attachment(
          fileName: name, contentType: row["file_type"], data: row["file"])
      }
      self = .request(BotRequest(method: method, json: json, attachment: file))
    } else {
      self = .message(try OutboxMessage(row: row))
    }
  }

  /// In the order of `Outbox.contentColumns`.
  ///
  /// - Parameter threadID: The topic that a request was made in.
  func columns(threadID: Int64?) throws -> [(any DatabaseValueConvertible)?] {
    switch self {
    case .message(let message):
      [
        nil, nil, nil, nil, nil, message.text, try message.entities.text,
        try message.buttons.text, message.threadID, message.replyTo,
        message.edits, message.markdown,
      ]
    case .request(let request):
      [
        request.method, String(decoding: request.json, as: UTF8.self),
        request.attachment?.fileName, request.attachment?.contentType, request.attachment?.data,
        nil, nil, nil, threadID, nil, nil, nil,
      ]
    }
  }
}

extension OutboxMessage {
  fileprivate init(row: Row) throws {
    self.init(
      text: row["text"], entities: try [MessageEntity](text: row["entities"]),
      buttons: try [Button](text: row["buttons"]),
      threadID: row["thread_id"], replyTo: row["reply_to"], edits: row["edited_message_id"])
    markdown = row["markdown"]
  }
}

extension Array where Element: Codable {
  /// JSON; `nil` for none.
  fileprivate var text: String? {
    get throws {
      isEmpty ? nil : String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    }
  }

  fileprivate init(text: String?) throws {
    self = try text.map { try JSONDecoder().decode([Element].self, from: Data($0.utf8)) } ?? []
  }
}
