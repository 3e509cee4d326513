import Foundation
import GRDB

/// Thanks people for bringing others: both get credits once, after the newcomer's first paid
/// request.
package struct ReferralService {
  /// For how many newcomers one person is thanked: more are no friends.
  package static let maximumPerInviter = 100
  private static let codeLength = 10

  let tx: LedgerTransaction

  /// Who was thanked; the inviter is `nil` if they are gone, blocked, or were thanked too often.
  package struct Thanks: Sendable, Equatable {
    package var newcomer: CreditTransaction
    package var inviter: (transaction: CreditTransaction, account: UserAccount)?

    package static func == (left: Thanks, right: Thanks) -> Bool {
      left.newcomer == right.newcomer && left.inviter?.transaction == right.inviter?.transaction
    }
  }

  /// What the person's invitations carry; made at the first time.
  package func code(of account: UserAccount) throws -> String {
    let sql = "SELECT referral_code FROM users WHERE id = ?"
    if let code = try String.fetchOne(tx.db, sql: sql, arguments: [account.id]) { return code }
    let code = RandomCode.make(characters: Self.codeLength)
    try tx.db.run(
      "UPDATE users SET referral_code = ?, updated_at = ? WHERE id = ?",
      [code, tx.now.databaseText, account.id])
    return code
  }

  /// Notes who invited a newcomer whose account was opened just now. An unknown code is ignored,
  /// and the person's own.
  package func note(code: String, newcomer: UserAccount) throws {
    guard !newcomer.isReturning else { return }
    try tx.db.run(
      """
      UPDATE users SET referred_by =
        (SELECT id FROM users WHERE referral_code = :code AND id <> :newcomer)
      WHERE id = :newcomer AND referred_by IS NULL
      """,
      ["code": code, "newcomer": newcomer.id])
  }

  /// Gives both sides their credits, once; `nil` if there is nobody to thank.
  package func thank(
    for newcomer: UserAccount, credits: Credits
  ) throws -> Thanks? {
    guard credits > .zero, let inviterID = newcomer.referredBy else { return nil }
    let key = "referral:\(newcomer.id)"
    guard try tx.transactions.find(idempotencyKey: key) == nil else {
      return nil
    }
    let own = try book(
      credits, for: newcomer.id, newcomer: newcomer.id, key: key, "invited by a friend")
    var thanks = Thanks(newcomer: own)
    let inviter = try tx.users.account(id: inviterID)
    if inviter.telegramUserID >= 0, !inviter.isBlocked,
      try thanked(inviterID) < Self.maximumPerInviter
    {
      let row = try book(
        credits, for: inviterID, newcomer: newcomer.id, key: "\(key):inviter", "invited a friend")
      thanks.inviter = (row, inviter)
    }
    return thanks
  }

  private func book(
    _ credits: Credits, for userID: Int64, newcomer: Int64, key: String, _ description: String
  ) throws -> CreditTransaction {
    try tx.transactions.record(
      NewTransaction(
        userID: userID, type: .referralBonus, amount: credits, referredUserID: newcomer,
        idempotencyKey: key, description: description))
  }

  private func thanked(_ inviterID: Int64) throws -> Int {
    try Int.fetchOne(
      tx.db,
      sql: """
        SELECT count(*) FROM credit_transactions
        WHERE user_id = ? AND referred_user_id <> user_id
        """,
      arguments: [inviterID]) ?? 0
  }
}
