package import GRDB
package import Ledger

/// A question and its answer in a conversation, and what they follow.
package struct Exchange: Sendable, Equatable {
  /// The update whose work it was: a message, or a press of a button.
  package var updateID: Int64
  package var conversation: Conversation
  /// As the model was asked it.
  package var question: String
  package var answer: String
  package var task: TaskType
  /// The update of the answer that was replied to; `nil` where it was asked after all that was
  /// said.
  package var askedAfter: Int64?
  /// Whether it goes on where that answer was cut off.
  package var goesOn: Bool
  /// Telegram's id of the message that asked.
  package var questionMessageID: Int64?
  /// The update of the exchange that has taken its place.
  package var replacedBy: Int64?
  /// The last press of a button under the answer.
  package var followedBy: Int64?
  var questionID: Int64
  var answerID: Int64

  /// Of the person whose account that is; nobody else's is found.
  package static func find(
    _ updateID: Int64, ofUser userID: Int64, in tx: LedgerTransaction
  ) throws -> Exchange? {
    try fetchOne(
      cached: "\(all) WHERE a.update_id = ? AND a.user_id = ? \(newestFirst)",
      [updateID, userID], in: tx.db)
  }

  /// The one that the message is a part of the answer of.
  package static func find(
    answeredBy messageID: Int64, inChat chatID: Int64, ofUser userID: Int64,
    in tx: LedgerTransaction
  ) throws -> Exchange? {
    let update = try Int64.fetchOne(
      tx.db.cachedStatement(
        sql: "SELECT update_id FROM answer_messages WHERE chat_id = ? AND message_id = ?"),
      arguments: [chatID, messageID])
    return try update.flatMap { try find($0, ofUser: userID, in: tx) }
  }

  /// The last one that was asked by that message.
  ///
  /// - Parameter groupID: The chat that it is in; `nil` in private.
  package static func find(
    askedBy messageID: Int64, inGroup groupID: Int64?, ofUser userID: Int64,
    in tx: LedgerTransaction
  ) throws -> Exchange? {
    try fetchOne(
      cached: """
        \(all) WHERE a.user_id = ? AND a.question_message_id = ? AND a.chat_id IS ?
          AND a.replaced_by IS NULL \(newestFirst)
        """, [userID, messageID, groupID], in: tx.db)
  }

  /// Whether there is such an exchange, which is not theirs.
  package static func isOfAnother(
    _ updateID: Int64, than userID: Int64?, in tx: LedgerTransaction
  ) throws -> Bool {
    try Bool.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT 1 FROM conversation_messages WHERE update_id = ? AND user_id IS NOT ? LIMIT 1
          """),
      arguments: [updateID, userID]) ?? false
  }

  /// What has taken its place, if anything; else itself.
  package func successor(in tx: LedgerTransaction) throws -> Exchange {
    var last = self
    while let id = last.replacedBy,
      let next = try Self.find(id, ofUser: conversation.userID, in: tx),
      next.answerID > last.answerID
    {
      last = next
    }
    return last
  }

  /// Whether nothing was answered after it in its conversation.
  package func isNewest(in tx: LedgerTransaction) throws -> Bool {
    try Bool.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT NOT EXISTS (SELECT 1 FROM conversation_messages
            WHERE user_id = ? AND project_id IS ? AND chat_id IS ? AND id > ?)
          """),
      arguments: [
        conversation.userID, conversation.projectID, conversation.groupID, answerID,
      ]) ?? false
  }

  /// Keeps which press asks something of the answer.
  package func noteFollowed(by updateID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run(
      "UPDATE conversation_messages SET followed_by = ? WHERE id = ?", [updateID, answerID])
  }

  /// What it has been replaced by goes along with later questions instead of it.
  func replace(by updateID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run(
      "UPDATE conversation_messages SET replaced_by = ? WHERE id IN (?, ?)",
      [updateID, questionID, answerID])
  }

  /// What was asked first, and the whole answer up to the end of this one, if it goes on with
  /// others.
  package func whole(in tx: LedgerTransaction) throws -> (question: String, answer: String) {
    var (text, first) = (answer, self)
    while first.goesOn, let id = first.askedAfter,
      let previous = try Self.find(id, ofUser: conversation.userID, in: tx),
      previous.answerID < first.answerID
    {
      text = previous.answer + text
      first = previous
    }
    return (first.question, text)
  }

  private static let all = """
    SELECT a.*, q.id AS question_id, q.text AS question FROM conversation_messages a
    JOIN conversation_messages q ON q.update_id = a.update_id AND q.user_id = a.user_id
      AND q.role = 'user' AND a.role = 'assistant'
    """
  private static let newestFirst = "ORDER BY a.id DESC, q.id DESC LIMIT 1"
}

extension Exchange: FetchableRecord {
  package init(row: Row) {
    updateID = row["update_id"]
    conversation = Conversation(
      userID: row["user_id"], projectID: row["project_id"], groupID: row["chat_id"])
    question = row["question"]
    answer = row["text"]
    task = (row["task_type"] as String?).flatMap(TaskType.init(rawValue:)) ?? .chat
    askedAfter = row["asked_after"]
    goesOn = row["goes_on"]
    questionMessageID = row["question_message_id"]
    replacedBy = row["replaced_by"]
    followedBy = row["followed_by"]
    questionID = row["question_id"]
    answerID = row["id"]
  }
}
