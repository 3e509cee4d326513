import Foundation
import GRDB
package import LanguageModels
package import Ledger

/// What was said so far between a person and the bot: in private, in each project and outside of
/// any; and in each group, where a question stands alone unless it replies to an answer.
package struct Conversation: Sendable, Equatable {
  /// How long what goes along with a new question may be, in tokens; each is counted as a quarter
  /// of its bytes. It bounds what an old conversation adds to the price of every new question.
  package static let contextTokens = 8_000
  /// The last exchange goes along even where it alone is longer, since the next question is about
  /// it: a question of eight messages, and an answer as long as one may be.
  package static let lastExchangeTokens = 40_000
  /// Older messages of a conversation are forgotten.
  package static let keptMessages = 200

  package let userID: Int64
  package let projectID: String?
  /// The chat's id; `nil` in private.
  package let groupID: Int64?

  package init(userID: Int64, projectID: String?, groupID: Int64? = nil) {
    self.userID = userID
    self.projectID = projectID
    self.groupID = groupID
  }

  /// What goes along with a question.
  package struct Context: Sendable, Equatable {
    /// Oldest first; each question with its answer.
    package var messages: [Prompt.Message] = []
    /// Whether something older was left out, or is forgotten.
    package var isCut = false

    private var tokens = 0
    private let mostOfLast: Int

    init(mostOfLast: Int = Conversation.lastExchangeTokens) {
      self.mostOfLast = mostOfLast
    }

    /// Adds an older exchange, if there is room for it.
    ///
    /// - Returns: Whether there was.
    mutating func add(_ question: String, _ answer: String) -> Bool {
      let more = [question, answer].reduce(0) { $0 + $1.utf8.count / 4 + 1 }
      let most = messages.isEmpty ? mostOfLast : Conversation.contextTokens
      guard tokens + more <= most else {
        isCut = true
        return false
      }
      tokens += more
      messages = [Prompt.Message(.user, question), Prompt.Message(.assistant, answer)] + messages
      return true
    }
  }

  /// All that was said, as far as it fits; in a group nothing, as others have spoken since.
  package func context(in tx: LedgerTransaction) throws -> Context {
    var context = Context()
    if isPrivate { try fill(&context, upTo: .max, in: tx) }
    return context
  }

  /// What was said up to an answer, which is the last of it: in a group, that exchange and those
  /// that it was asked in reply to.
  ///
  /// - Parameter always: Whether that one goes along however long it is.
  func context(
    endingWith last: Exchange, always: Bool = false, in tx: LedgerTransaction
  ) throws -> Context {
    var context = always ? Context(mostOfLast: .max) : Context()
    guard !isPrivate else {
      try fill(&context, upTo: last.answerID, including: last.updateID, in: tx)
      return context
    }
    var next: Exchange? = last
    while let exchange = next, context.add(exchange.question, exchange.answer) {
      next = try exchange.askedAfter.flatMap { try Exchange.find($0, ofUser: userID, in: tx) }
      // Whatever the table says, there is an end to it.
      guard let found = next, found.answerID < exchange.answerID else { break }
    }
    return context
  }

  /// What was said before a question that is asked anew.
  func context(before exchange: Exchange, in tx: LedgerTransaction) throws -> Context {
    if let id = exchange.askedAfter, let last = try Exchange.find(id, ofUser: userID, in: tx) {
      return try context(endingWith: last, always: exchange.goesOn, in: tx)
    }
    var context = Context()
    if isPrivate { try fill(&context, upTo: exchange.questionID - 1, in: tx) }
    return context
  }

  var isPrivate: Bool { groupID == nil }

  /// - Parameter included: The update of an exchange that goes along though another has taken its
  ///   place.
  private func fill(
    _ context: inout Context, upTo last: Int64, including included: Int64? = nil,
    in tx: LedgerTransaction
  ) throws {
    let rows = try Row.fetchCursor(
      tx.db.cachedStatement(
        sql: """
          SELECT role, text FROM conversation_messages
          WHERE user_id = ? AND project_id IS ? AND chat_id IS ? AND id <= ?
            AND (replaced_by IS NULL OR update_id = ?) ORDER BY id DESC
          """), arguments: [userID, projectID, groupID, last, included])
    var answer: String?
    var count = 0
    while let row = try rows.next() {
      count += 1
      let text: String = row["text"]
      guard row["role"] == "user" else {
        answer = text
        continue
      }
      guard let last = answer else { continue }
      guard context.add(text, last) else { break }
      answer = nil
    }
    // Of so many, the first go when the next come.
    if count >= Self.keptMessages { context.isCut = true }
  }

  /// Adds the question and the answer of an update, and what they follow.
  package func append(
    question: String, answer: String, updateID: Int64, task: TaskType = .chat,
    askedAfter: Int64? = nil, goesOn: Bool = false, questionMessageID: Int64? = nil,
    in tx: LedgerTransaction
  ) throws {
    let insertion = """
      INSERT INTO conversation_messages (user_id, project_id, chat_id, role, text, created_at,
        update_id, task_type, asked_after, goes_on, question_message_id, has_buttons)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    let now = tx.now.databaseText
    try tx.db.run(
      insertion,
      [userID, projectID, groupID, "user", question, now, updateID, nil, nil, false, nil, false])
    try tx.db.run(
      insertion,
      [
        userID, projectID, groupID, "assistant", answer, now, updateID, task.rawValue, askedAfter,
        goesOn, questionMessageID, true,
      ])
    try prune(in: tx)
  }

  private func prune(in tx: LedgerTransaction) throws {
    let here: StatementArguments = [
      "user": userID, "project": projectID, "chat": groupID, "kept": Self.keptMessages,
    ]
    let last = try Int64.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT id FROM conversation_messages
          WHERE user_id = :user AND project_id IS :project AND chat_id IS :chat
          ORDER BY id DESC LIMIT 1 OFFSET :kept
          """), arguments: here)
    if let last { try delete(upTo: last, in: tx) }
  }

  private func delete(upTo last: Int64, in tx: LedgerTransaction) throws {
    let condition = """
      user_id = :user AND project_id IS :project AND chat_id IS :chat AND id <= :last
      """
    let those: StatementArguments = [
      "user": userID, "project": projectID, "chat": groupID, "last": last,
    ]
    try tx.db.run(
      """
      DELETE FROM answer_messages WHERE update_id IN (
        SELECT update_id FROM conversation_messages WHERE \(condition))
      """, those)
    try tx.db.run("DELETE FROM conversation_messages WHERE \(condition)", those)
  }

  // MARK: - What is forgotten

  /// Forgets all of it, so that the next question stands alone. Returns whether there was anything.
  package func reset(in tx: LedgerTransaction) throws -> Bool {
    try tx.db.run(
      "DELETE FROM cut_conversations WHERE user_id = ? AND project_id = ?",
      [userID, projectID ?? ""])
    let before = tx.db.totalChangesCount
    try delete(upTo: .max, in: tx)
    return tx.db.totalChangesCount > before
  }

  /// Whether the person is to be told with that answer that the beginning does not go along any
  /// more: they are told once, until they begin afresh.
  package func tellsOfCut(updateID: Int64, in tx: LedgerTransaction) throws -> Bool {
    try tx.db.run(
      """
      INSERT INTO cut_conversations (user_id, project_id, update_id) VALUES (?, ?, ?)
      ON CONFLICT DO NOTHING
      """, [userID, projectID ?? "", updateID])
    return tx.db.changesCount == 1
  }

  /// Forgets what was said on that update, and brings back what it has replaced.
  package static func forget(
    updateID: Int64, ofUser userID: Int64, in tx: LedgerTransaction
  ) throws {
    let those: StatementArguments = ["user": userID, "update": updateID]
    try tx.db.run(
      "DELETE FROM conversation_messages WHERE user_id = :user AND update_id = :update", those)
    try tx.db.run(
      """
      UPDATE conversation_messages SET replaced_by = NULL
      WHERE user_id = :user AND replaced_by = :update
      """, those)
    try tx.db.run(
      "DELETE FROM cut_conversations WHERE user_id = :user AND update_id = :update", those)
    try tx.db.run("DELETE FROM answer_messages WHERE update_id = ?", [updateID])
  }

  /// Forgets all that was ever said with the person.
  package static func erase(userID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run(
      """
      DELETE FROM answer_messages WHERE update_id IN (
        SELECT update_id FROM conversation_messages WHERE user_id = ?)
      """, [userID])
    try tx.db.run("DELETE FROM conversation_messages WHERE user_id = ?", [userID])
    try tx.db.run("DELETE FROM cut_conversations WHERE user_id = ?", [userID])
  }
}
