import Foundation
import GRDB
import KillPoints
package import Ledger
package import TelegramBotAPI

/// The durable outbox: a reply is a row in the transaction that finishes its update, and is done
/// when Telegram has taken it.
package struct Outbox: Sendable {
  package let channel: Channel
  private let arrived: @Sendable () -> Void
  let withdrawals = Withdrawals()

  /// - Parameter arrived: Says that there are replies to send; called after each commit that
  ///   brings some.
  package init(channel: Channel, arrived: @escaping @Sendable () -> Void = {}) {
    self.channel = channel
    self.arrived = arrived
  }

  /// As long as the updates that the replies belong to.
  package static let keptFor = Inbox.keptFor

  /// What the table has in place of an update's id, for what answers none.
  static let noUpdate: Int64 = 0

  /// How a reply ended.
  package enum Ending: Sendable {
    /// Telegram took it; `text` is its result if that is a text.
    case sent(messageID: Int64?, text: String? = nil)
    case failed(String, Refusal = .none)

    package var isFailure: Bool {
      if case .failed = self { true } else { false }
    }
  }

  /// What Telegram has said no to.
  package enum Refusal: Sendable {
    /// Nothing: the reply was given up.
    case none
    /// The person has blocked the bot.
    case blocked
    /// The bot may not write to the chat for another reason, or does not find it.
    case forbidden
    /// The group grants the bot too few rights.
    case rights
    /// The topic of a group, which is closed.
    case topic
    /// This reply.
    case reply
    /// That it is a message of blocks: it may come as text.
    case blocks
  }

  // MARK: - In

  /// Queues one reply, as several messages if it is too long for one. Buttons go with the last.
  package func queue(
    _ reply: Reply, to address: Address, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    // In a private chat it is plain what a command's reply is about.
    let replies = reply.isAnswer || reply.repliesToQuestion || !address.isPrivate
    let purpose: Purpose? =
      address.isPrivate
      ? (reply.isAnswer ? .answer : nil) : .groupAnswer(asker: address.user.id)
    let rendered = RenderedReply(
      reply, threadID: address.threadID, replyTo: replies ? address.replyTo : nil,
      isWhole: channel == .console)
    try insert(
      rendered.messages, chatID: address.chatID, purpose: purpose, updateID: updateID,
      inPlaceOf: try tx.previews.replace(ofUpdate: updateID, channel: channel), in: tx)
    for file in rendered.files {
      try insert(
        .request(Self.request(for: file, to: address)), chatID: address.chatID,
        threadID: address.threadID, purpose: purpose, updateID: updateID, in: tx)
    }
    wakeAfterCommit(of: tx)
  }

  /// What was said on an update that is to be handled again is no answer to it any more.
  package static func disown(_ updateID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run(
      "UPDATE outbox SET update_id = \(noUpdate) WHERE update_id = ?", [updateID])
  }

  /// Queues what is sent besides an answer.
  ///
  /// - Parameter topic: Where it was asked for.
  package func queue(
    _ outgoing: [Outgoing], updateID: Int64? = nil, topic: Topic? = nil, in tx: LedgerTransaction
  ) throws {
    guard !outgoing.isEmpty else { return }
    for one in outgoing {
      switch one {
      case .message(let reply, let chatID, let purpose):
        try insert(
          RenderedReply(reply, threadID: topic?.threadID(in: chatID)).messages, chatID: chatID,
          purpose: purpose, updateID: updateID, in: tx)
      case .request(let request, let chatID, let purpose):
        let threadID = topic?.threadID(in: chatID)
        try insert(
          .request(request.inTopic(threadID)), chatID: chatID, threadID: threadID,
          purpose: purpose, updateID: updateID, in: tx)
      }
    }
    wakeAfterCommit(of: tx)
  }

  /// Queues the answer to a press: the note over the chat, and what the message becomes.
  package func queue(
    _ response: ButtonResponse, to query: CallbackQuery, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    let text = response.notice.isEmpty ? nil : response.notice
    let notice = try BotRequest.answerCallbackQuery(id: query.id, text: text)
    try insert(.request(notice), chatID: nil, updateID: updateID, answersQuery: true, in: tx)
    if let reply = response.replacement, let message = query.message {
      try insert(
        [OutboxMessage(editing: message.messageID, to: reply)], chatID: message.chat.id,
        updateID: updateID, in: tx)
    } else if response.takesButtons, let message = query.message {
      let (chatID, messageID) = (message.chat.id, message.messageID)
      try insert(
        .request(.removeKeyboard(chatID: chatID, messageID: messageID)), chatID: chatID,
        updateID: updateID, in: tx)
    }
    try queue(
      response.also, updateID: updateID, topic: Topic(of: query.message), in: tx)
    wakeAfterCommit(of: tx)
  }

  /// - Parameter reason: Why not, for the person to read; `nil` if the payment may be made.
  package func answer(
    _ query: PreCheckoutQuery, refusal reason: String?, updateID: Int64, in tx: LedgerTransaction
  ) throws {
    let answer = try BotRequest.answerPreCheckoutQuery(
      id: query.id, ok: reason == nil, errorMessage: reason)
    try insert(.request(answer), chatID: nil, updateID: updateID, answersQuery: true, in: tx)
    wakeAfterCommit(of: tx)
  }

  /// Shows in one of the bot's messages what it is now.
  package func edit(
    _ messageID: Int64, inChat chatID: Int64, to reply: Reply, updateID: Int64? = nil,
    in tx: LedgerTransaction
  ) throws {
    try insert(
      [OutboxMessage(editing: messageID, to: reply)], chatID: chatID, updateID: updateID, in: tx)
    wakeAfterCommit(of: tx)
  }

  /// As `edit`, in place of an edit of that message that still waits.
  package func replaceEdit(
    _ messageID: Int64, inChat chatID: Int64, by reply: Reply, in tx: LedgerTransaction
  ) throws {
    try tx.db.run(
      """
      DELETE FROM outbox WHERE state = 'queued' AND channel = ? AND chat_id = ?
        AND edited_message_id = ?
      """, [channel.rawValue, chatID, messageID])
    tx.afterCommit { [withdrawals] in withdrawals.note() }
    try edit(messageID, inChat: chatID, to: reply, in: tx)
  }

  /// - Parameter parts: The preview whose place the messages take; what they leave of it goes.
  func insert(
    _ messages: [OutboxMessage], chatID: Int64, purpose: Purpose? = nil, updateID: Int64?,
    inPlaceOf parts: [Previews.Part] = [], in tx: LedgerTransaction
  ) throws {
    let inPlace = Set(parts.filter { $0.chatID == chatID }.map(\.number))
    for (number, message) in messages.enumerated() {
      // Whoever queues it can still say what is wrong; whoever sends it cannot.
      if channel == .telegram { try message.check() }
      try insert(
        .message(message), chatID: chatID, purpose: purpose, updateID: updateID,
        previewPart: inPlace.contains(number) ? number : nil, in: tx)
    }
    for part in parts where part.chatID != chatID || part.number >= messages.count {
      try insert(
        Content.deletion, chatID: part.chatID, updateID: updateID, previewPart: part.number, in: tx)
    }
  }

  /// Takes away what is shown of an answer that is not to come there.
  package func removePreview(ofUpdate updateID: Int64, in tx: LedgerTransaction) throws {
    let parts = try tx.previews.replace(ofUpdate: updateID, channel: channel)
    guard let chatID = parts.first?.chatID else { return }
    try insert([], chatID: chatID, updateID: updateID, inPlaceOf: parts, in: tx)
    wakeAfterCommit(of: tx)
  }

  /// Takes away parts whose places nothing takes any more.
  func remove(
    _ parts: [Previews.Part], ofUpdate updateID: Int64, in tx: LedgerTransaction
  ) throws {
    for part in parts {
      try insert([], chatID: part.chatID, updateID: updateID, inPlaceOf: [part], in: tx)
    }
    wakeAfterCommit(of: tx)
  }

  /// - Parameters:
  ///   - threadID: The topic that a request was made in; a message has its own.
  ///   - answersQuery: Then it is as old as the query, which Telegram forgets.
  func insert(
    _ content: Content, chatID: Int64?, threadID: Int64? = nil, purpose: Purpose? = nil,
    updateID: Int64?, answersQuery: Bool = false, previewPart: Int? = nil,
    in tx: LedgerTransaction
  ) throws {
    var createdAt = tx.now.databaseText
    if answersQuery, let updateID {
      let arrival: String? = try tx.db.first(
        "SELECT received_at FROM inbox WHERE update_id = ?", [updateID]
      ) { $0.next() }
      createdAt = min(arrival ?? createdAt, createdAt)
    }
    try tx.db.run(
      Self.insertion,
      [updateID ?? Self.noUpdate, channel.rawValue, chatID, purpose?.text, createdAt, previewPart]
        + content.values(threadID: threadID))
  }

  private static let insertion = """
    INSERT INTO outbox (update_id, channel, chat_id, purpose, created_at, preview_part,
      \(Content.columns))
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """

  /// Once, however many replies the transaction brings.
  func wakeAfterCommit(of tx: LedgerTransaction) {
    tx.afterCommit(once: ObjectIdentifier(withdrawals)) { [arrived] in
      KillPoint.replyQueued.passed()
      arrived()
    }
  }

  // MARK: - Out

  private static let queued = "SELECT \(Queued.columns) FROM outbox WHERE state = 'queued'"

  /// The oldest replies after that one, in order.
  package func queued(after id: Int64, limit: Int, in tx: LedgerTransaction) throws -> [Queued] {
    try Queued.all(
      "\(Self.queued) AND channel = ? AND id > ? ORDER BY id LIMIT ?",
      [channel.rawValue, id, limit], in: tx.db)
  }

  /// The oldest replies to one chat between those two, in order.
  package func queued(
    inChat chatID: Int64, after id: Int64, upTo last: Int64, limit: Int, in tx: LedgerTransaction
  ) throws -> [Queued] {
    try Queued.all(
      "\(Self.queued) AND channel = ? AND id > ? AND id <= ? AND chat_id = ? ORDER BY id LIMIT ?",
      [channel.rawValue, id, last, chatID, limit], in: tx.db)
  }

  /// What is still to be sent for that purpose.
  package func queued(for purpose: Purpose, in tx: LedgerTransaction) throws -> Queued? {
    try Queued.first(
      "\(Self.queued) AND channel = ? AND purpose = ?", [channel.rawValue, purpose.text], in: tx.db)
  }

  /// `nil` if it is not to be sent any more.
  package func content(of id: Int64, in tx: LedgerTransaction) throws -> Content? {
    try Queued.first("\(Self.queued) AND id = ?", [id], in: tx.db)?.content
  }

  /// Whether it is to be sent: an erasure withdraws what waits for a person.
  package func isQueued(_ id: Int64, in tx: LedgerTransaction) throws -> Bool {
    try tx.db.hasRow("SELECT 1 FROM outbox WHERE id = ? AND state = 'queued'", [id])
  }

  // MARK: - Endings

  package func end(_ id: Int64, _ ending: Ending, in tx: LedgerTransaction) throws {
    switch ending {
    case .sent(let messageID, _):
      try tx.db.run(
        "UPDATE outbox SET state = 'sent', message_id = ?, finished_at = ? WHERE id = ?",
        [messageID, tx.now.databaseText, id])
    case .failed(let reason, _):
      try tx.db.run(
        "UPDATE outbox SET state = 'failed', failure = ?, finished_at = ? WHERE id = ?",
        [reason, tx.now.databaseText, id])
    }
  }

  /// Counts that Telegram may have taken the reply without saying so; it is sent again, since a
  /// repeated answer is better than a lost one.
  package func countLostAnswer(_ id: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run("UPDATE outbox SET lost_answers = lost_answers + 1 WHERE id = ?", [id])
  }

  /// Whether nothing that answers the update has reached anybody, nor may yet.
  package func reachedNobody(_ updateID: Int64, in tx: LedgerTransaction) throws -> Bool {
    try Bool.fetchOne(
      tx.db,
      sql: """
        SELECT NOT EXISTS (SELECT 1 FROM outbox
          WHERE update_id = ? AND update_id <> 0 AND channel = ? AND \(Self.isAnswer)
            AND (state <> 'failed' OR lost_answers > 0 OR is_kept = 1))
        """,
      arguments: [updateID, channel.rawValue]) ?? false
  }

  /// Not what takes a preview away.
  static let isAnswer = "method IS NOT 'deleteMessage'"

  /// Directs everything still queued for a group to the supergroup that it has become.
  package func moveChat(from old: Int64, to new: Int64, in tx: LedgerTransaction) throws {
    let replies = try Queued.all(
      "\(Self.queued) AND channel = ? AND chat_id = ?", [channel.rawValue, old], in: tx.db)
    for reply in replies {
      var payload: String?
      if case .request(let request)? = try reply.content?.addressed(to: new) {
        payload = String(decoding: request.json, as: UTF8.self)
      }
      try tx.db.run(
        "UPDATE outbox SET chat_id = ?, payload = ? WHERE id = ?", [new, payload, reply.id])
    }
    try tx.previews.moveChat(from: old, to: new)
  }

  /// Deletes what was sent or given up long ago. Returns how much: at the limit, there may be more.
  @discardableResult
  package func prune(
    atMost limit: Int = Inbox.maximumPrunedAtOnce, in tx: LedgerTransaction
  ) throws -> Int {
    try tx.db.run(
      // Rows are in the order of their making, so this reads hardly more than it deletes.
      """
      DELETE FROM outbox WHERE state <> 'queued' AND is_kept = 0
        AND id < coalesce(
          (SELECT id FROM outbox WHERE created_at >= ? ORDER BY id LIMIT 1), 9e18)
        AND id < coalesce(
          (SELECT id FROM outbox WHERE state <> 'queued' ORDER BY id LIMIT 1 OFFSET ?), 9e18)
      """,
      [tx.now.addingTimeInterval(-Self.keptFor).databaseText, limit])
    let pruned = tx.db.changesCount
    try pruneKept(in: tx)
    try tx.previews.prune()
    return pruned
  }
}
