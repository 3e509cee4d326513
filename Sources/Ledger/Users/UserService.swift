package import Foundation
package import GRDB

/// Opens accounts and finds them.
package struct UserService: Sendable {
  package init() {}

  /// The account of that person, or `nil` where they never opened one.
  package func find(telegramUserID: Int64, in db: Database) throws -> UserAccount? {
    try UserAccount.fetchOne(
      cached: "SELECT * FROM users WHERE telegram_user_id = ?", [telegramUserID], in: db)
  }

  /// As `find`, where there must be one.
  ///
  /// - Throws: `LedgerError.unknownUser`.
  package func account(telegramUserID: Int64, in db: Database) throws -> UserAccount {
    guard let account = try find(telegramUserID: telegramUserID, in: db) else {
      throw LedgerError.unknownUser(telegramUserID: telegramUserID)
    }
    return account
  }

  /// - Throws: `LedgerError.unknownAccount`.
  package func account(id: Int64, in db: Database) throws -> UserAccount {
    let sql = "SELECT * FROM users WHERE id = ?"
    guard let account = try UserAccount.fetchOne(cached: sql, [id], in: db) else {
      throw LedgerError.unknownAccount(id: id)
    }
    return account
  }

  /// Opens the person's account, with the initial grant as its first journal row. Where there is
  /// one already, only the profile is brought up to date, and `isNew` is false.
  package func register(
    _ profile: Profile, initialGrant: Credits, at now: Date, in db: Database
  ) throws -> (account: UserAccount, isNew: Bool) {
    let isNew = try find(telegramUserID: profile.telegramUserID, in: db) == nil
    try db.run(
      """
      INSERT INTO users (telegram_user_id, username, first_name, language_code, created_at,
        updated_at)
      VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (telegram_user_id) DO UPDATE SET username = excluded.username,
        first_name = excluded.first_name, language_code = excluded.language_code,
        updated_at = excluded.updated_at
      """,
      [
        profile.telegramUserID, profile.username, profile.firstName, profile.languageCode,
        now.databaseText,
        now.databaseText,
      ])
    let account = try account(telegramUserID: profile.telegramUserID, in: db)
    if isNew, initialGrant > .zero {
      try CreditTransactionService().record(
        CreditTransactionService.Entry(
          userID: account.id, type: .initialGrant, amount: initialGrant,
          idempotencyKey: "initial_grant:\(profile.telegramUserID)",
          description: "Welcome credits"),
        at: now, in: db)
    }
    return (try self.account(telegramUserID: profile.telegramUserID, in: db), isNew)
  }

  package func setActiveProject(
    _ projectID: String?, ofUser userID: Int64, at now: Date, in db: Database
  ) throws {
    try db.run(
      "UPDATE users SET active_project_id = ?, updated_at = ? WHERE id = ?",
      [projectID, now.databaseText, userID])
  }
}
