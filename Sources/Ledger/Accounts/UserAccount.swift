package import Foundation
package import GRDB

/// A person's account: a row of `users`.
package struct UserAccount: Sendable, Equatable {
  package var id: Int64
  package var telegramUserID: Int64
  package var username: String?
  package var firstName: String?
  /// What the person owns, what is held for calls under way included.
  package var balance: Credits
  package var held: Credits
  package var activeProjectID: String?
  package var createdAt: Date
  /// By an administrator.
  package var isBlocked: Bool
  /// Whether the owner has erased it: then it is nobody's.
  package var isErased: Bool
  /// Whether the person has blocked the bot.
  package var isUnreachable: Bool
  /// Whether the person had an account before and erased it.
  package var isReturning: Bool
  /// Whether the person came on a day that had no welcome credits left, and gets them later.
  package var isOwedWelcome: Bool
  /// The account of whoever invited the person.
  package var referredBy: Int64?

  /// What the next call can be paid from. Never negative: `0 ≤ held ≤ balance` holds by CHECK.
  package var available: Credits { Credits(micro: balance.micro - held.micro) }
}

extension UserAccount: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    telegramUserID = row["telegram_user_id"]
    username = row["username"]
    firstName = row["first_name"]
    balance = row["credit_balance_micro"]
    held = row["credit_held_micro"]
    activeProjectID = row["active_project_id"]
    createdAt = row["created_at"]
    isBlocked = row["blocked_at"] != nil
    isErased = row["erased_at"] != nil
    isUnreachable = row["unreachable_since"] != nil
    isReturning = row["is_returning"]
    isOwedWelcome = row["is_owed_welcome"]
    referredBy = row["referred_by"]
  }
}

/// An account, and how much it is used.
package struct UserActivity: Sendable, Equatable, FetchableRecord {
  package var account: UserAccount
  package var calls: Int
  package var lastCallAt: Date?

  package init(row: Row) {
    account = UserAccount(row: row)
    calls = row["calls"]
    lastCallAt = row["last_call_at"]
  }
}

/// Who a person is to Telegram, as of their last message.
package struct Profile: Sendable, Equatable {
  package var telegramUserID: Int64
  package var username: String?
  package var firstName: String?
  package var languageCode: String?

  package init(
    telegramUserID: Int64, username: String? = nil, firstName: String? = nil,
    languageCode: String? = nil
  ) {
    self.telegramUserID = telegramUserID
    self.username = username
    self.firstName = firstName
    self.languageCode = languageCode
  }
}

extension Profile {
  /// `Ada (@ada, 42)`, for an administrator.
  package var shownName: String {
    let handle = username.map { "@\($0), " } ?? ""
    return "\((firstName ?? "somebody").onOneLine.prefix(64)) (\(handle)\(telegramUserID))"
  }
}

extension UserAccount {
  /// `Ada (@ada, 42)`, for an administrator.
  package var shownName: String {
    Profile(telegramUserID: telegramUserID, username: username, firstName: firstName).shownName
  }
}
