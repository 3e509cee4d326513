import GRDB
package import Ledger

/// Takes a person's words out of the inbox and the outbox, whose rows are kept for two days so that
/// nothing is handled or sent twice.
package struct MessageErasure {
  let outbox: Outbox
  let tx: LedgerTransaction

  /// - Parameter outbox: That of whoever sends, if anybody does.
  package init(_ outbox: Outbox, in tx: LedgerTransaction) {
    self.outbox = outbox
    self.tx = tx
  }

  /// In place of what a finished row has said; a row must say something.
  private static let emptied = "erased"

  /// Empties what is finished, and deletes what still waits to be sent to the person, or to a group
  /// for them. Orders to give Stars back, or to end a subscription, belong to no chat and stay.
  /// Updates that wait are as they were: each is handled yet.
  ///
  /// - Parameters:
  ///   - updateID: The update that asks for it, which ends in the same transaction.
  /// - Returns: What the deleted messages were for.
  package func erase(ofPerson telegramUserID: Int64, askedBy updateID: Int64?) throws -> [Purpose] {
    let person: StatementArguments = ["person": telegramUserID]
    let isTheirs = "chat_id = :person OR (chat_id < 0 AND \(Self.answersPerson))"
    // What is shown of an answer that will not come any more goes, too. An older copy of the file
    // does not know what has become of it.
    let shown = try updateID.map { _ in try previews(where: isTheirs, person) } ?? []
    let withdrawn = try withdraw(where: isTheirs, person)
    for part in shown { try outbox.remove([part.0], ofUpdate: part.1, in: tx) }
    try tx.db.run(
      """
      UPDATE outbox SET text = iif(text IS NULL, NULL, '\(Self.emptied)'),
        payload = iif(payload IS NULL, NULL, '{}'), buttons = NULL, entities = NULL,
        markdown = NULL, file_name = NULL, file_type = NULL, file = NULL
      WHERE state <> 'queued' AND (chat_id = :person OR \(Self.answersPerson))
      """, person)
    try tx.db.run(
      """
      UPDATE inbox SET payload = '', telegram_user_id = NULL
      WHERE telegram_user_id = :person AND (state <> 'pending' OR update_id = :update)
      """, ["person": telegramUserID, "update": updateID])
    return withdrawn
  }

  /// Deletes what still waits to be sent for one of these purposes.
  package func withdraw(_ purposes: [Purpose]) throws {
    for purpose in purposes {
      _ = try withdraw(where: "purpose = :purpose", ["purpose": purpose.text])
    }
  }

  /// Ids of updates are positive, or negative for the console's; 0 is none.
  private static let answersPerson = """
    update_id <> 0 AND update_id IN (
      SELECT update_id FROM inbox WHERE telegram_user_id = :person)
    """

  /// The parts whose places the queued messages would have taken, with their updates.
  private func previews(
    where condition: String, _ arguments: StatementArguments
  ) throws -> [(Previews.Part, Int64)] {
    try Row.fetchAll(
      tx.db,
      sql: """
        SELECT preview_part, chat_id, update_id FROM outbox
        WHERE state = 'queued' AND preview_part IS NOT NULL AND (\(condition))
        """, arguments: arguments
    ).map { row in
      (Previews.Part(number: row["preview_part"], chatID: row["chat_id"]), row["update_id"])
    }
  }

  private func withdraw(
    where condition: String, _ arguments: StatementArguments
  ) throws -> [Purpose] {
    let purposes = try String?.fetchAll(
      tx.db, sql: "SELECT purpose FROM outbox WHERE state = 'queued' AND (\(condition))",
      arguments: arguments)
    try tx.db.execute(
      sql: "DELETE FROM outbox WHERE state = 'queued' AND (\(condition))", arguments: arguments)
    // Once it is committed: until then, what is sent was sent before.
    tx.afterCommit { [withdrawals = outbox.withdrawals] in withdrawals.note() }
    return purposes.compactMap { $0.flatMap(Purpose.init(text:)) }
  }
}
