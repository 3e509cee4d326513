import Foundation
import GRDB

/// Thanks people for bringing others: the newcomer gets credits after their first paid request, and
/// whoever invited them once the newcomer has spent more than they were given, so that nothing is
/// earned by people who are made up. Where nothing is sold, nobody can spend more; then both get
/// them at once.
package struct ReferralService {
  /// For how many newcomers one person is thanked: more are no friends.
  package static let maximumPerInviter = 100
  private static let codeLength = 10

  let tx: LedgerTransaction

  /// Who is thanked now; at least one of both.
  package struct Thanks: Sendable, Equatable {
    package var newcomer: CreditTransaction?
    /// `nil` also where they are gone, blocked, or were thanked too often.
    package var inviter: Inviter?

    package struct Inviter: Sendable, Equatable {
      package var transaction: CreditTransaction
      package var account: UserAccount
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

  /// After a paid request of the newcomer: gives each side their credits, once; `nil` if there is
  /// nobody to thank.
  ///
  /// - Parameter isSelling: Whether anything is for sale.
  package func thank(
    for newcomer: UserAccount, credits: Credits, isSelling: Bool
  ) throws -> Thanks? {
    guard credits > .zero, let inviterID = newcomer.referredBy else { return nil }
    let key = "referral:\(newcomer.id)"
    var thanks = Thanks()
    if try tx.transactions.find(idempotencyKey: key) == nil {
      thanks.newcomer = try book(
        credits, for: newcomer.id, newcomer: newcomer.id, key: key, "invited by a friend")
    }
    let inviterKey = "\(key):inviter"
    if try tx.transactions.find(idempotencyKey: inviterKey) == nil,
      try !isSelling || hasSpentMoreThanGiven(newcomer.id),
      let inviter = try thankable(inviterID)
    {
      let row = try book(
        credits, for: inviterID, newcomer: newcomer.id, key: inviterKey, "invited a friend")
      thanks.inviter = Thanks.Inviter(transaction: row, account: inviter)
    }
    return thanks.newcomer == nil && thanks.inviter == nil ? nil : thanks
  }

  /// For how many newcomers the person was thanked, in this account and in all that they erased.
  package func thankedFriends(of account: UserAccount) throws -> Int {
    try Int.fetchOne(
      tx.db,
      sql: """
        SELECT (SELECT count(*) FROM credit_transactions
            WHERE user_id = :account AND referred_user_id <> user_id)
          + coalesce((SELECT thanked_friends FROM erased_people
            WHERE telegram_user_id = :person), 0)
        """,
      arguments: ["account": account.id, "person": account.telegramUserID]) ?? 0
  }

  /// `nil` if they are gone, blocked, or were thanked too often.
  private func thankable(_ inviterID: Int64) throws -> UserAccount? {
    let inviter = try tx.users.account(id: inviterID)
    guard inviter.telegramUserID >= 0, !inviter.isBlocked,
      try thankedFriends(of: inviter) < Self.maximumPerInviter
    else { return nil }
    return inviter
  }

  /// Whether calls have cost the person more than all that came to them without a payment.
  /// What is bought and given back again leaves the sum without bounds, so it is added up in whole
  /// credits and the rest apart.
  private func hasSpentMoreThanGiven(_ userID: Int64) throws -> Bool {
    let sums = try Row.fetchOne(
      tx.db,
      sql: """
        SELECT coalesce(sum(credits_amount_micro / 1000000), 0) AS whole,
          coalesce(sum(credits_amount_micro % 1000000), 0) AS rest
        FROM credit_transactions
        WHERE user_id = ? AND (hold_id IS NOT NULL OR transaction_type IN (
          'initial_grant', 'referral_bonus', 'manual_adjustment'))
        """,
      arguments: [userID])
    guard let sums else { return false }
    let (whole, rest): (Int64, Int64) = (sums["whole"], sums["rest"])
    return Int128(whole) * 1_000_000 + Int128(rest) < 0
  }

  private func book(
    _ credits: Credits, for userID: Int64, newcomer: Int64, key: String, _ description: String
  ) throws -> CreditTransaction {
    try tx.transactions.record(
      NewTransaction(
        userID: userID, type: .referralBonus, amount: credits, referredUserID: newcomer,
        idempotencyKey: key, description: description))
  }
}
