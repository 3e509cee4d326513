package import Foundation
import GRDB

/// Opens accounts and finds them.
package struct UserService {
  let tx: LedgerTransaction

  private static let byTelegramID =
    "SELECT \(UserAccount.columns) FROM users WHERE telegram_user_id = ?"
  private static let byID = "SELECT \(UserAccount.columns) FROM users WHERE id = ?"

  /// The account of that person, or `nil` if they never opened one.
  package func find(telegramUserID: Int64) throws -> UserAccount? {
    try UserAccount.first(Self.byTelegramID, [telegramUserID], in: tx.db)
  }

  /// Whether that person has an account.
  package func exists(telegramUserID: Int64) throws -> Bool {
    try tx.db.hasRow("SELECT 1 FROM users WHERE telegram_user_id = ?", [telegramUserID])
  }

  /// As `find`, if there must be one.
  ///
  /// - Throws: `LedgerError.unknownUser`.
  package func account(telegramUserID: Int64) throws -> UserAccount {
    guard let account = try find(telegramUserID: telegramUserID) else {
      throw LedgerError.unknownUser(telegramUserID: telegramUserID)
    }
    return account
  }

  /// - Throws: `LedgerError.unknownAccount`.
  package func account(id: Int64) throws -> UserAccount {
    guard let account = try UserAccount.first(Self.byID, [id], in: tx.db) else {
      throw LedgerError.unknownAccount(id: id)
    }
    return account
  }

  /// The account of that name on Telegram, with or without the at sign; case does not matter.
  package func find(username: String) throws -> UserAccount? {
    let name = username.hasPrefix("@") ? String(username.dropFirst()) : username
    return try UserAccount.first(
      """
      SELECT \(UserAccount.columns) FROM users WHERE username = ? COLLATE NOCASE ORDER BY id DESC
      """, [name], in: tx.db)
  }

  /// Accounts with what they did, those first that were opened last.
  package func list(limit: Int?) throws -> [UserActivity] {
    try UserActivity.all(
      """
      SELECT \(UserActivity.columns) FROM (
        SELECT u.*, count(a.id) AS calls, max(a.created_at) AS last_call_at
        FROM users u LEFT JOIN api_key_usage a ON a.user_id = u.id
        GROUP BY u.id ORDER BY u.id DESC LIMIT coalesce(?, -1))
      ORDER BY id DESC
      """, [limit], in: tx.db)
  }

  /// How many accounts there are.
  package func count() throws -> Int {
    try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM users") ?? 0
  }

  /// Opens the person's account, with the initial grant as its first journal row. If there is
  /// one already, only the profile is brought up to date, and `isNew` is false. Whoever erased an
  /// account before gets no second grant.
  ///
  /// - Parameter grantsPerDay: How many people get the initial grant within 24 hours; `nil` for no
  ///   limit. Who comes too late is owed it, and gets it when they register again on another day.
  package func register(
    _ profile: Profile, initialGrant: Credits, grantsPerDay: Int? = nil
  ) throws -> (account: UserAccount, isNew: Bool) {
    let known = try find(telegramUserID: profile.telegramUserID)
    if known == nil { try open(profile) } else { try update(profile) }
    let account = try account(telegramUserID: profile.telegramUserID)
    let isEntitled = known.map(\.isOwedWelcome) ?? !account.isReturning
    if initialGrant > .zero, isEntitled {
      try welcome(account, with: initialGrant, grantsPerDay: grantsPerDay)
    }
    return (try self.account(id: account.id), known == nil)
  }

  private func welcome(
    _ account: UserAccount, with grant: Credits, grantsPerDay: Int?
  ) throws {
    let isLeft = try grantsPerDay.map { try initialGrants(since: tx.now - .day) < $0 } ?? true
    if isLeft {
      try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: .initialGrant, amount: grant,
          idempotencyKey: "initial_grant:\(account.id)", description: "Welcome credits"))
    }
    guard account.isOwedWelcome == isLeft else { return }
    try tx.db.run("UPDATE users SET is_owed_welcome = ? WHERE id = ?", [!isLeft, account.id])
  }

  /// How many people have got the initial grant.
  package func initialGrants(since: Date) throws -> Int {
    try Int.fetchOne(
      tx.db,
      sql: """
        SELECT count(*) FROM credit_transactions
        WHERE transaction_type = 'initial_grant' AND created_at > ?
        """,
      arguments: [since.databaseText]) ?? 0
  }

  /// By the numeric id, or by the name with its at sign.
  package func find(mention: String) throws -> UserAccount? {
    let word = String(mention.prefix { !$0.isWhitespace })
    return try Int64(word).map { try find(telegramUserID: $0) }
      ?? find(username: word)
  }

  /// A name on Telegram belongs to one person at a time: whoever had it before has it no more.
  private func takeName(_ profile: Profile) throws {
    guard let name = profile.username else { return }
    try tx.db.run(
      """
      UPDATE users SET username = NULL WHERE username = ? COLLATE NOCASE AND telegram_user_id <> ?
      """, [name, profile.telegramUserID])
  }

  private func open(_ profile: Profile) throws {
    try takeName(profile)
    let wasBlocked = try Bool.fetchOne(
      tx.db, sql: "SELECT was_blocked FROM erased_people WHERE telegram_user_id = ?",
      arguments: [profile.telegramUserID])
    try tx.db.run(
      """
      INSERT INTO users (telegram_user_id, username, first_name, language_code, is_returning,
        blocked_at, created_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        profile.telegramUserID, profile.username, profile.firstName, profile.languageCode,
        wasBlocked != nil, wasBlocked == true ? tx.now.databaseText : nil, tx.now.databaseText,
        tx.now.databaseText,
      ])
  }

  private func update(_ profile: Profile) throws {
    try takeName(profile)
    try tx.db.run(
      """
      UPDATE users SET username = ?, first_name = ?, language_code = ?, unreachable_since = NULL,
        updated_at = ?
      WHERE telegram_user_id = ?
      """,
      [
        profile.username, profile.firstName, profile.languageCode, tx.now.databaseText,
        profile.telegramUserID,
      ])
  }

  package func setActiveProject(
    _ projectID: String?, ofUser userID: Int64
  ) throws {
    try tx.db.run(
      "UPDATE users SET active_project_id = ?, updated_at = ? WHERE id = ?",
      [projectID, tx.now.databaseText, userID])
  }

  /// Whoever is blocked is turned away, but keeps what they own.
  package func setBlocked(
    _ isBlocked: Bool, userID: Int64
  ) throws {
    try tx.db.run(
      "UPDATE users SET blocked_at = ?, updated_at = ? WHERE id = ?",
      [isBlocked ? tx.now.databaseText : nil, tx.now.databaseText, userID])
  }

  /// Whoever has an account is there, and called so now.
  package func meet(_ profile: Profile) throws {
    // Each of their updates says so; hardly any changes it.
    let isNews = try tx.db.hasRow(
      """
      SELECT 1 FROM users WHERE telegram_user_id = ? AND (unreachable_since IS NOT NULL
        OR username IS NOT ? OR first_name IS NOT ? OR language_code IS NOT ?)
      """,
      [profile.telegramUserID, profile.username, profile.firstName, profile.languageCode])
    if isNews { try update(profile) }
  }

  /// Whether the bot may write to the person, as far as is known.
  package func setReachable(
    _ isReachable: Bool, telegramUserID: Int64
  ) throws {
    let isNews = try tx.db.hasRow(
      "SELECT 1 FROM users WHERE telegram_user_id = ? AND (unreachable_since IS NULL) <> ?",
      [telegramUserID, isReachable])
    guard isNews else { return }
    try tx.db.run(
      "UPDATE users SET unreachable_since = ? WHERE telegram_user_id = ?",
      [isReachable ? nil : tx.now.databaseText, telegramUserID])
  }
}
