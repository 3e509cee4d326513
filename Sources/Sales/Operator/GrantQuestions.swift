import Foundation
package import GRDB
package import Ledger

/// Large grants that an administrator has typed and is asked about before they are booked.
package struct GrantQuestions: Sendable {
  /// Whoever has not answered by then has thought better of it.
  private static let answeredWithin = TimeInterval.day

  /// What is to be booked if the answer is yes.
  package struct Question: Sendable, FetchableRecord {
    package var userID: Int64
    package var amount: Credits
    package var reason: String

    package init(row: Row) {
      userID = row["user_id"]
      amount = row["amount_micro"]
      reason = row["reason"]
    }
  }

  /// Keeps the question, and returns its id.
  package static func ask(
    _ amount: Credits, for account: UserAccount, because reason: String, in tx: LedgerTransaction
  ) throws -> Int64 {
    try forgetOld(in: tx)
    try tx.db.run(
      "INSERT INTO grant_questions (user_id, amount_micro, reason, asked_at) VALUES (?, ?, ?, ?)",
      [account.id, amount, reason, tx.now.databaseText])
    return tx.db.lastInsertedRowID
  }

  /// Ends the question, whatever the answer is; `nil` if it was answered, or is too old.
  package static func end(_ id: Int64, in tx: LedgerTransaction) throws -> Question? {
    try forgetOld(in: tx)
    let question = try Question.fetchOne(
      tx.db, sql: "SELECT * FROM grant_questions WHERE id = ?", arguments: [id])
    try tx.db.run("DELETE FROM grant_questions WHERE id = ?", [id])
    return question
  }

  package static func erase(_ account: UserAccount, in tx: LedgerTransaction) throws {
    try tx.db.run("DELETE FROM grant_questions WHERE user_id = ?", [account.id])
  }

  private static func forgetOld(in tx: LedgerTransaction) throws {
    try tx.db.run(
      "DELETE FROM grant_questions WHERE asked_at <= ?",
      [(tx.now - answeredWithin).databaseText])
  }
}
