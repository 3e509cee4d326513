package import Foundation
import GRDB
import Logging

/// The one place that changes a balance: it adds the journal row and moves the balance with it.
package struct CreditTransactionService {
  let tx: LedgerTransaction

  private static let those = "SELECT \(CreditTransaction.columns) FROM credit_transactions"
  private static let byID = "\(those) WHERE id = ?"
  private static let byKey = "\(those) WHERE idempotency_key = ?"
  private static let lastOfUser = "\(those) WHERE user_id = ? ORDER BY id DESC LIMIT ?"

  /// Books the entry. The same entry again returns the row that it made the first time.
  ///
  /// - Throws: `LedgerError.insufficientCredits` if the balance would fall below what is held,
  ///   `idempotencyKeyReused` if the key stands for a different entry, `amountTooLarge`.
  @discardableResult
  package func record(_ entry: NewTransaction) throws -> CreditTransaction {
    if let earlier = try find(idempotencyKey: entry.idempotencyKey) {
      guard earlier.userID == entry.userID, earlier.type == entry.type,
        earlier.amount == entry.amount
      else { throw LedgerError.idempotencyKeyReused(entry.idempotencyKey) }
      return earlier
    }
    let account = try tx.users.account(id: entry.userID)
    let balance = try account.balance.adding(entry.amount)
    guard balance >= account.held else {
      throw LedgerError.insufficientCredits(shortfall: try account.held.subtracting(balance))
    }
    try tx.db.run(
      "UPDATE users SET credit_balance_micro = ?, updated_at = ? WHERE id = ?",
      [balance, tx.now.databaseText, entry.userID])
    try tx.db.run(
      """
      INSERT INTO credit_transactions (user_id, project_id, api_key_usage_id, hold_id,
        referred_user_id, transaction_type, credits_amount_micro, balance_after_micro,
        real_cost_associated_nanousd, external_transaction_id, idempotency_key, description,
        created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        entry.userID, entry.projectID, entry.usageID, entry.holdID, entry.referredUserID,
        entry.type, entry.amount, balance, entry.realCost, entry.externalTransactionID,
        entry.idempotencyKey, entry.description, tx.now.databaseText,
      ])
    let id = tx.db.lastInsertedRowID
    if let message = entry.logMessage {
      tx.log(message, ["transaction": "\(id)", "credits": "\(entry.amount)"])
    }
    return CreditTransaction(
      id: id, userID: entry.userID, projectID: entry.projectID,
      usageID: entry.usageID, type: entry.type, amount: entry.amount, balanceAfter: balance,
      realCost: entry.realCost, externalTransactionID: entry.externalTransactionID,
      idempotencyKey: entry.idempotencyKey, description: entry.description, createdAt: tx.now)
  }

  /// The user's last transactions, newest first.
  package func list(userID: Int64, limit: Int) throws -> [CreditTransaction] {
    try CreditTransaction.all(Self.lastOfUser, [userID, limit], in: tx.db)
  }

  /// The user's transactions since then, or all, newest first.
  package func history(
    userID: Int64, since: Date?, limit: Int?
  ) throws -> [CreditTransaction] {
    try CreditTransaction.all(
      """
      SELECT \(CreditTransaction.columns) FROM credit_transactions
      WHERE user_id = ?1 AND (?2 IS NULL OR created_at >= ?2)
      ORDER BY id DESC LIMIT coalesce(?3, -1)
      """, [userID, since?.databaseText, limit], in: tx.db)
  }

  /// How many transactions the user has since then, or in all.
  package func count(userID: Int64, since: Date?) throws -> Int {
    try Int.fetchOne(
      tx.db,
      sql: """
        SELECT count(*) FROM credit_transactions
        WHERE user_id = :user AND (:since IS NULL OR created_at >= :since)
        """,
      arguments: ["user": userID, "since": since?.databaseText]) ?? 0
  }

  /// What a project has cost its owner: deductions less corrections and refunds.
  package func spent(onProject projectID: String) throws -> Credits {
    try Credits.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT -coalesce(sum(credits_amount_micro), 0) FROM credit_transactions
          WHERE project_id = ?
            AND transaction_type IN ('usage_deduction', 'usage_correction', 'refund')
          """), arguments: [projectID]) ?? .zero
  }

  package func find(id: Int64) throws -> CreditTransaction? {
    try CreditTransaction.first(Self.byID, [id], in: tx.db)
  }

  func find(idempotencyKey: String) throws -> CreditTransaction? {
    try CreditTransaction.first(Self.byKey, [idempotencyKey], in: tx.db)
  }
}

extension NewTransaction {
  /// `nil` for what its call, payment or refund has a line of.
  fileprivate var logMessage: Logger.Message? {
    switch type {
    case .initialGrant: "Welcome credits are given."
    case .referralBonus: "A referral bonus is given."
    case .manualAdjustment: amount < .zero ? "Credits are taken back." : "Credits are given."
    case .expiry: "The credits of an erased account are gone."
    case .purchase, .usageDeduction, .usageCorrection, .refund: nil
    }
  }
}
