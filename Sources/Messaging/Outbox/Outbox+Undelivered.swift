import Foundation
import GRDB
package import Ledger
import Logging
import Markdown
import TelegramBotAPI

extension Outbox.Refusal {
  init(_ error: TelegramError) {
    self =
      switch error {
      case .forbidden: error.isBlockedByPerson ? .blocked : .forbidden
      case .badRequest where error.isChatMissing: .forbidden
      case .badRequest where error.isTopicClosed: .topic
      case .badRequest: error.isMissingRights ? .rights : .reply
      default: .none
      }
  }
}

extension Outbox.Queued {
  /// Sends to the chat itself what its topic does not take, unless others would then read it where
  /// it was not asked; without a reply what replies to a message that is gone; and as bare text
  /// what is formatted as Telegram does not understand. Returns whether that leaves another message
  /// to try.
  mutating func leaveOutWhatIsMissing(after error: TelegramError) -> Bool {
    if error.isThreadMissing || error.isTopicClosed && (chatID ?? 0) > 0 {
      guard let outside = content?.outsideTopics else { return false }
      content = outside
    } else if error.isRepliedMessageMissing, case .message(var message)? = content,
      message.replyTo != nil
    {
      message.replyTo = nil
      content = .message(message)
    } else if error.isEntityRefused, case .message(var message)? = content,
      !message.entities.isEmpty
    {
      message.entities = []
      content = .message(message)
    } else {
      return false
    }
    return true
  }
}

extension Outbox.Queued {
  /// Of a message that is gone, nobody misses the buttons; and what comes as text is not lost.
  func level(ofFailure refusal: Outbox.Refusal) -> Logger.Level {
    if case .request(let request)? = content, request.method == "editMessageReplyMarkup" {
      return .debug
    }
    return refusal == .blocks ? .notice : .error
  }
}

extension TelegramError {
  /// Whether a message of blocks was surely not taken, and as text it may be: neither the chat, nor
  /// its topic, nor the bot's rights there are at fault. An older server of an operator's own does
  /// not know the method.
  var refusesBlocks: Bool {
    switch self {
    case .badRequest: !(isChatMissing || isMissingRights || isThreadMissing || isTopicClosed)
    case .notFound, .invalidRequest: true
    default: false
    }
  }
}

/// Answers that a chat did not take: they go to the asker, or wait for them.
extension Outbox {
  /// In seconds: 30 days.
  package static let answersKeptFor = TimeInterval.day * 30

  /// Sends what a group has refused to whoever asked for it there.
  package func divert(
    _ reply: Queued, to asker: Int64, in tx: LedgerTransaction
  ) throws {
    // Once, whatever of the answer follows.
    let isFirst = try Bool.fetchOne(
      tx.db,
      sql: "SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE update_id = ? AND chat_id = ?)",
      arguments: [reply.updateID ?? Self.noUpdate, asker])
    if isFirst == true {
      try queue([.message(reply.isFile ? Self.divertedFile : Self.diverted, to: asker)], in: tx)
      if !reply.isFile { try removeShown(ofUpdate: reply.updateID, in: tx) }
    }
    if case .request(let request)? = reply.content {
      try insert(
        .request(request.addressed(to: asker)), chatID: asker, purpose: .answer,
        updateID: reply.updateID, in: tx)
      return wakeAfterCommit(of: tx)
    }
    guard case .message(var message)? = reply.content else { return }
    // Its buttons work where it was asked.
    (message.threadID, message.replyTo, message.buttons) = (nil, nil, [])
    try insert([message], chatID: asker, purpose: .answer, updateID: reply.updateID, in: tx)
    wakeAfterCommit(of: tx)
  }

  /// Takes away what is shown of an answer that comes elsewhere.
  private func removeShown(ofUpdate updateID: Int64?, in tx: LedgerTransaction) throws {
    guard let updateID else { return }
    let parts = try tx.previews.shown(ofUpdate: updateID, channel: channel)
    try remove(parts, ofUpdate: updateID, in: tx)
  }

  /// Queues as text what Telegram does not take as a message of blocks. Nobody has seen any of it.
  package func queueAsText(_ reply: Queued, in tx: LedgerTransaction) throws {
    guard let chatID = reply.chatID, case .message(let rich)? = reply.content,
      let markdown = rich.markdown
    else { return }
    let rendered = RenderedReply(
      Reply(markdown: markdown, below: rich.text, buttons: rich.buttons), threadID: rich.threadID,
      replyTo: rich.replyTo)
    for (number, message) in rendered.messages.enumerated() {
      try message.check()
      try insert(
        .message(message), chatID: chatID, purpose: reply.purpose, updateID: reply.updateID,
        previewPart: number == 0 ? reply.previewPart : nil, in: tx)
    }
    wakeAfterCommit(of: tx)
  }

  /// Whether the rest of the answer that it is a part of has come to the chat, or may come yet.
  package func hasOtherParts(_ reply: Queued, in tx: LedgerTransaction) throws -> Bool {
    try hasParts(besides: reply, where: "state <> 'failed'", in: tx)
  }

  /// Whether it has, and this is the first part that has not.
  package func isFirstMissingPart(_ reply: Queued, in tx: LedgerTransaction) throws -> Bool {
    try hasOtherParts(reply, in: tx)
      && !hasParts(besides: reply, where: "state = 'failed' AND id < \(reply.id)", in: tx)
  }

  private func hasParts(
    besides reply: Queued, where condition: String, in tx: LedgerTransaction
  ) throws -> Bool {
    guard let updateID = reply.updateID else { return false }
    return try Bool.fetchOne(
      tx.db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM outbox
          WHERE update_id = ? AND chat_id = ? AND id <> ? AND text IS NOT NULL
            AND markdown IS NULL AND edited_message_id IS NULL AND \(condition))
        """, arguments: [updateID, reply.chatID, reply.id]) ?? false
  }

  /// Where a group has taken another part of the answer.
  package func groupThatHas(_ updateID: Int64, in tx: LedgerTransaction) throws
    -> (chatID: Int64, topic: Topic?)?
  {
    try Row.fetchOne(
      tx.db,
      sql: """
        SELECT chat_id, thread_id FROM outbox
        WHERE update_id = ? AND update_id <> 0 AND channel = ? AND chat_id < 0 AND state = 'sent'
          AND \(Self.isAnswer)
        ORDER BY id LIMIT 1
        """,
      arguments: [updateID, channel.rawValue]
    ).map { row in
      let (chatID, threadID): (Int64, Int64?) = (row["chat_id"], row["thread_id"])
      return (chatID, threadID.map { Topic(chatID: chatID, threadID: $0) })
    }
  }

  /// Keeps an answer that failed because the person has blocked the bot.
  package func keep(_ id: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run("UPDATE outbox SET is_kept = 1 WHERE id = ?", [id])
  }

  /// Sends what was kept for the person, who is there again.
  package func sendKept(to person: Int64, in tx: LedgerTransaction) throws {
    // Each of their updates asks for it, so not by the index of all that was ever sent to them.
    let answers = try Queued.all(Self.keptAnswers, [person], in: tx.db)
    guard !answers.isEmpty else { return }
    try queue([.message(Self.kept, to: person)], in: tx)
    for update in Set(answers.compactMap(\.updateID)) {
      try removeShown(ofUpdate: update, in: tx)
    }
    // As new rows, since the sender looks at new ones alone.
    for answer in answers {
      guard let content = answer.content else { continue }
      try insert(
        content, chatID: person, purpose: answer.purpose, updateID: answer.updateID, in: tx)
    }
    try forgetKept(for: person, in: tx)
    wakeAfterCommit(of: tx)
  }

  private static let keptAnswers = """
    SELECT \(Queued.columns) FROM outbox INDEXED BY kept_answers
    WHERE is_kept = 1 AND chat_id = ? ORDER BY id
    """

  package func forgetKept(for person: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run(
      "DELETE FROM outbox INDEXED BY kept_answers WHERE is_kept = 1 AND chat_id = ?", [person])
  }

  func pruneKept(in tx: LedgerTransaction) throws {
    try tx.db.run(
      "DELETE FROM outbox WHERE is_kept = 1 AND created_at < ?",
      [tx.now.addingTimeInterval(-Self.answersKeptFor).databaseText])
  }

  private static let diverted = Reply(
    "I could not write in the group where you asked me, so here is my answer.")
  private static let divertedFile = Reply(
    "I may not send files in the group where you asked me, so here is the one from my answer.")
  private static let kept = Reply(
    "Good to have you back. This is what I could not tell you before:")
}

extension Outbox {
  /// A part of an answer that comes as a file.
  static func request(for file: MarkdownFile, to address: Address) throws -> BotRequest {
    let isMarkdown = file.name.hasSuffix(".md")
    return try BotRequest.sendDocument(
      chatID: address.chatID,
      BotRequest.Attachment(
        fileName: file.name, contentType: isMarkdown ? "text/markdown" : "text/plain",
        data: Data(file.content.utf8))
    ).inTopic(address.threadID)
  }
}
