package import Foundation

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

extension UserAccount: StoredRow {
  package static let columns = """
    id, telegram_user_id, username, first_name, credit_balance_micro, credit_held_micro,
    active_project_id, created_at, blocked_at IS NOT NULL, erased_at IS NOT NULL,
    unreachable_since IS NOT NULL, is_returning, is_owed_welcome, referred_by
    """

  package init(_ row: inout Columns) {
    id = row.next()
    telegramUserID = row.next()
    username = row.next()
    firstName = row.next()
    balance = row.next()
    held = row.next()
    activeProjectID = row.next()
    createdAt = row.next()
    isBlocked = row.next()
    isErased = row.next()
    isUnreachable = row.next()
    isReturning = row.next()
    isOwedWelcome = row.next()
    referredBy = row.next()
  }
}

/// An account, and how much it is used.
package struct UserActivity: Sendable, Equatable, StoredRow {
  package var account: UserAccount
  package var calls: Int
  package var lastCallAt: Date?

  package static let columns = "\(UserAccount.columns), calls, last_call_at"

  package init(_ row: inout Columns) {
    account = UserAccount(&row)
    calls = row.next()
    lastCallAt = row.next()
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
