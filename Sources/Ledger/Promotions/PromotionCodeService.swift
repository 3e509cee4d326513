package import Foundation
import GRDB

/// Makes promotion codes and redeems them: once a person, and never more often than the code says.
package struct PromotionCodeService {
  /// Nobody mistypes a code more often in an hour; a program that guesses does.
  package static let maximumFailuresPerHour = 5
  /// Fifty bits.
  private static let generatedLength = 10

  let tx: LedgerTransaction

  package enum Outcome: Sendable, Equatable {
    case redeemed(CreditTransaction)
    case usedBefore
    /// There is no such code, or it is used up, or too old. Which of them is nobody's business.
    case notValid
    /// It was right, but the operator has withdrawn it: no wrong guess.
    case revoked
    case tooManyFailures
    /// Whoever erased an account has had what is for new people.
    case returning
  }

  /// - Parameter code: Letters and digits, in any case; `nil` for one that nobody guesses.
  /// - Throws: `LedgerError.codeTaken`.
  package func create(
    _ code: String?, credits: Credits, maximumUses: Int, expiresAt: Date
  ) throws -> PromotionCode {
    let code = code.map(Self.normalized) ?? RandomCode.make(characters: Self.generatedLength)
    guard try find(code) == nil else { throw LedgerError.codeTaken(code) }
    try tx.db.execute(
      sql: """
        INSERT INTO promotion_codes (code, credits_micro, most_uses, expires_at, created_at)
        VALUES (?, ?, ?, ?, ?)
        """,
      arguments: [code, credits, maximumUses, expiresAt.databaseText, tx.now.databaseText])
    return PromotionCode(
      code: code, credits: credits, maximumUses: maximumUses, uses: 0, expiresAt: expiresAt)
  }

  /// Ends a code for good. It stays in the list, and who used it keeps what it gave. Returns it as
  /// it was before: revoked already, perhaps.
  ///
  /// - Throws: `LedgerError.unknownCode`.
  package func revoke(_ text: String) throws -> PromotionCode {
    let code = Self.normalized(text)
    guard let promotion = try find(code) else { throw LedgerError.unknownCode(code) }
    try tx.db.run(
      "UPDATE promotion_codes SET revoked_at = ? WHERE code = ? AND revoked_at IS NULL",
      [tx.now.databaseText, code])
    return promotion
  }

  /// Newest first.
  package func list() throws -> [PromotionCode] {
    try PromotionCode.fetchAll(
      tx.db, sql: "SELECT * FROM promotion_codes ORDER BY created_at DESC, code")
  }

  /// Books the credits and counts the use in one step, so that however many come at once, no more
  /// get it than may.
  package func redeem(
    _ text: String, by account: UserAccount
  ) throws -> Outcome {
    guard try failures(of: account, since: anHourAgo) < Self.maximumFailuresPerHour
    else { return .tooManyFailures }
    guard !account.isReturning else { return .returning }
    let code = Self.normalized(text)
    let isUsed = try Bool.fetchOne(
      tx.db, sql: "SELECT 1 FROM code_redemptions WHERE code = ? AND user_id = ?",
      arguments: [code, account.id])
    guard isUsed == nil else { return .usedBefore }
    guard try find(code)?.revokedAt == nil else { return .revoked }
    try tx.db.run(
      """
      UPDATE promotion_codes SET uses = uses + 1
      WHERE code = ? AND uses < most_uses AND expires_at > ?
      """,
      [code, tx.now.databaseText])
    guard tx.db.changesCount == 1, let promotion = try find(code) else {
      try noteFailure(of: account)
      return .notValid
    }
    let transaction = try tx.transactions.record(
      NewTransaction(
        userID: account.id, type: .manualAdjustment, amount: promotion.credits,
        idempotencyKey: "code:\(code):\(account.id)", description: "promotion code \(code)"))
    try tx.db.run(
      """
      INSERT INTO code_redemptions (code, user_id, transaction_id, created_at) VALUES (?, ?, ?, ?)
      """,
      [code, account.id, transaction.id, tx.now.databaseText])
    return .redeemed(transaction)
  }

  private func find(_ code: String) throws -> PromotionCode? {
    try PromotionCode.fetchOne(
      cached: "SELECT * FROM promotion_codes WHERE code = ?", [code], in: tx.db)
  }

  /// Forgets who guessed more than an hour ago.
  package func forgetOldFailures() throws {
    try tx.db.run("DELETE FROM failed_redemptions WHERE failed_at <= ?", [anHourAgo.databaseText])
  }

  private var anHourAgo: Date { tx.now.addingTimeInterval(-3_600) }

  /// By the id on Telegram, so that an erasure begins no count anew.
  private func failures(of account: UserAccount, since: Date) throws -> Int {
    try Int.fetchOne(
      tx.db,
      sql: "SELECT count(*) FROM failed_redemptions WHERE telegram_user_id = ? AND failed_at > ?",
      arguments: [account.telegramUserID, since.databaseText]) ?? 0
  }

  private func noteFailure(of account: UserAccount) throws {
    try forgetOldFailures()
    try tx.db.run(
      "INSERT INTO failed_redemptions (telegram_user_id, failed_at) VALUES (?, ?)",
      [account.telegramUserID, tx.now.databaseText])
  }

  private static func normalized(_ code: String) -> String {
    code.trimmingCharacters(in: .whitespaces).uppercased()
  }
}
