import Foundation
import GRDB

/// Erases who somebody is from the tables of the ledger. What accounting needs stays, without a
/// name: the journal, the calls, the orders and the payments of an account that is nobody's.
package struct UserErasure {
  let tx: LedgerTransaction

  /// Ends the account, unless a call or a refund is under way: what either brings back would be
  /// lost. What is left on it is forfeited, as a row of the journal.
  ///
  /// - Throws: `LedgerError.callUnderWay`.
  package func erase(_ account: UserAccount) throws {
    let isAtWork = try Bool.fetchOne(
      tx.db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM credit_holds WHERE user_id = ? AND state = 'pending')
          OR EXISTS (SELECT 1 FROM refunds r JOIN payments p ON p.id = r.payment_id
            WHERE r.state = 'pending' AND p.payer_telegram_user_id = ?)
        """,
      arguments: [account.id, account.telegramUserID])
    guard isAtWork != true else { throw LedgerError.callUnderWay }
    try end(account)
  }

  /// Ends an account that was erased before, and has come back with an older copy of the file: what
  /// is under way there is over. Calls cost the person nothing, and what they cost the house stands
  /// in the newer file.
  package func eraseAgain(_ account: UserAccount, _ terms: BillingTerms) throws {
    let pending = try String.fetchAll(
      tx.db, sql: "SELECT id FROM credit_holds WHERE user_id = ? AND state = 'pending'",
      arguments: [account.id])
    for hold in pending { try tx.holds(terms).void(hold, loss: nil) }
    try end(account)
  }

  private func end(_ account: UserAccount) throws {
    if account.balance > .zero {
      try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: .expiry, amount: Credits(micro: -account.balance.micro),
          idempotencyKey: "erasure:\(account.id)", description: "account erased"))
    }
    let user: StatementArguments = ["user": account.id, "now": tx.now.databaseText]
    try tx.db.execute(
      sql: """
        UPDATE projects SET title = 'erased', description = NULL, tech_stack = NULL,
          current_todo_markdown = NULL, replaced_todo_markdown = NULL, updated_at = :now
        WHERE user_id = :user
        """, arguments: user)
    try tx.db.execute(
      sql: """
        UPDATE builds SET idea = '', questions = NULL, answers = NULL, plan = NULL,
          pause_reason = NULL, awaits_words = 0, chat_id = 0, thread_id = NULL,
          progress_message_id = NULL, state = iif(state = 'delivered', 'delivered', 'stopped'),
          updated_at = :now, finished_at = coalesce(finished_at, :now)
        WHERE user_id = :user
        """, arguments: user)
    try tx.db.execute(
      sql: "UPDATE orders SET state = 'closed', updated_at = :now WHERE user_id = :user",
      arguments: user)
    try tx.db.execute(
      sql: "UPDATE payments SET payer_telegram_user_id = NULL WHERE payer_telegram_user_id = ?",
      arguments: [account.telegramUserID])
    try remember(account)
    // Ids of people are positive, so the negative number of the row is nobody's.
    try tx.db.execute(
      sql: """
        UPDATE users SET telegram_user_id = -id, username = NULL, first_name = NULL,
          language_code = NULL, active_project_id = NULL, referral_code = NULL,
          is_owed_welcome = 0, erased_at = :now, updated_at = :now
        WHERE id = :user
        """, arguments: user)
  }

  /// What must outlive the account, by the bare id: a block, and how many friends brought credits.
  private func remember(_ account: UserAccount) throws {
    let thanked = try tx.referrals.thankedFriends(of: account)
    try tx.db.execute(
      sql: """
        INSERT OR REPLACE INTO erased_people (telegram_user_id, was_blocked, thanked_friends)
        VALUES (?, ?, ?)
        """,
      arguments: [account.telegramUserID, account.isBlocked, thanked])
  }
}
