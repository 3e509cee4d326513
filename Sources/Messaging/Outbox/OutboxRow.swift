package import Foundation
import JSONReading
package import Ledger
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
  package struct Queued: Sendable, StoredRow {
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

    package static let columns = """
      id, update_id, chat_id, thread_id, preview_part, lost_answers, created_at, purpose,
      \(Content.columns)
      """

    package init(_ row: inout Columns) throws {
      id = row.next()
      let update: Int64 = row.next()
      updateID = update == Outbox.noUpdate ? nil : update
      chatID = row.next()
      threadID = row.next()
      previewPart = row.next()
      lostAnswers = row.next()
      createdAt = row.next()
      purpose = (row.next() as String?).flatMap(Purpose.init(text:))
      content = try Content(&row)
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
    package var isDeletion: Bool { previewPart != nil && content?.isDeletion == true }

    /// Whether it takes any message away.
    var isRemoval: Bool {
      guard case .request(let request)? = content else { return false }
      return request.method == "deleteMessage"
    }

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

extension Outbox.Content: StoredRow {
  package static let columns = """
    method, payload, file_name, file_type, file, text, entities, buttons, thread_id, reply_to,
    edited_message_id, markdown
    """

  package init(_ row: inout Columns) throws {
    let (method, payload): (String?, String?) = (row.next(), row.next())
    let (fileName, fileType, file): (String?, String?, Data?) = (row.next(), row.next(), row.next())
    if let message = try OutboxMessage(&row) {
      self = .message(message)
      return
    }
    guard let method, let payload else {
      preconditionFailure("a row of the outbox that is neither a message nor a request")
    }
    var request = BotRequest(method: method, json: Data(payload.utf8))
    if let fileName, let fileType, let file {
      request.attachment = BotRequest.Attachment(
        fileName: fileName, contentType: fileType, data: file)
    }
    self = .request(request)
  }

  /// In the order of `columns`.
  ///
  /// - Parameter threadID: The topic that a request was made in.
  func values(threadID: Int64?) -> Arguments {
    switch self {
    case .message(let message):
      [
        nil, nil, nil, nil, nil, message.text, message.entities.json?.text,
        message.buttons.isEmpty ? nil : JSON.array(message.buttons.map(\.json)).text,
        message.threadID, message.replyTo, message.edits, message.markdown,
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
  /// `nil` where the row is no message.
  fileprivate init?(_ row: inout Columns) throws {
    let (text, entities, buttons): (String?, String?, String?) = (
      row.next(), row.next(), row.next()
    )
    let (threadID, replyTo, edits): (Int64?, Int64?, Int64?) = (row.next(), row.next(), row.next())
    let markdown: String? = row.next()
    guard let text else { return nil }
    self.init(
      text: text, entities: try [MessageEntity](text: entities),
      buttons: try [Button](text: buttons), threadID: threadID, replyTo: replyTo, edits: edits)
    self.markdown = markdown
  }
}

extension Array where Element: JSONReadable {
  /// `nil` for none.
  fileprivate init(text: String?) throws {
    self = try text.map { try [Element](json: $0.utf8) } ?? []
  }
}
