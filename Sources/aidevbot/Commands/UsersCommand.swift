import ArgumentParser
import Foundation
import GRDB
import Ledger

struct UsersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users", abstract: "See who has an account, and turn people away.",
    subcommands: [
      UsersListCommand.self, UsersShowCommand.self, UsersBlockCommand.self,
      UsersUnblockCommand.self,
    ])
}

struct UsersListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the accounts, those first that were opened last.")

  @OptionGroup var limit: LimitOption
  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var account: AccountHead
    var calls: Int
    var lastCallAt: Date?

    func encode(to encoder: any Encoder) throws {
      try account.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(calls, forKey: .calls)
      try container.encodeIfPresent(lastCallAt, forKey: .lastCallAt)
    }

    private enum CodingKeys: String, CodingKey {
      case calls
      case lastCallAt
    }
  }

  func run() async throws {
    let (users, all) = try await Composition(options).existingDatabase().read {
      (try $0.users.list(limit: output.rows(limit)), try $0.users.count())
    }
    var table = Table([
      .init("ID", "telegram_user_id"),
      .init("USERNAME", "username", written: \.withoutAtSign),
      .init("NAME", "first_name", rank: 5, isProse: true), .init("BALANCE", "balance"),
      .init("RESERVED", "reserved", rank: 2), .init(nil, "available"),
      .init("CALLS", "calls", rank: 4), .init("LAST CALL (UTC)", "last_call_at", rank: 3),
      .init("SINCE (UTC)", "created_at", rank: 1), .init("STATE", "state"),
    ])
    for user in users {
      let account = user.account
      table.add(
        "\(account.telegramUserID)", account.username.map { "@\($0)" }, account.firstName,
        account.balance.text, account.held.text, account.available.text, "\(user.calls)",
        user.lastCallAt?.tableText,
        account.createdAt.tableText, account.state)
    }
    try output.show(
      table,
      json: users.map {
        Output(account: AccountHead($0.account), calls: $0.calls, lastCallAt: $0.lastCallAt)
      }, empty: "There are no accounts.", all: all)
  }
}

struct UsersBlockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "block",
    abstract: "Turn a person away from now on; they keep what they own.",
    discussion: "A request under way ends as it would have.")

  @OptionGroup var person: PersonArgument
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    try await person.setBlocked(true, options, output)
  }
}

struct UsersUnblockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unblock", abstract: "Let a person in again.")

  @OptionGroup var person: PersonArgument
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    try await person.setBlocked(false, options, output)
  }
}

struct PersonArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The numeric id on Telegram, or the @name as of their last message; 0 is whoever uses the "
        + "console.", valueName: "user"))
  var mention: String

  /// - Throws: `UnknownPerson`.
  func account(in tx: LedgerTransaction) throws -> UserAccount {
    guard let account = try tx.users.find(mention: mention) else {
      throw UnknownPerson(mention: mention)
    }
    return account
  }

  fileprivate func setBlocked(
    _ isBlocked: Bool, _ options: ConfigOption, _ output: JSONOption
  ) async throws {
    let account = try await Composition(options).existingDatabase().write { tx in
      let id = try self.account(in: tx).id
      try tx.users.setBlocked(isBlocked, userID: id)
      return try tx.users.account(id: id)
    }
    if output.json { return try printJSON(AccountHead(account)) }
    let name = account.shownName.onOneLine
    print(isBlocked ? "\(name) is blocked." : "\(name) is no longer blocked.")
  }
}

struct UnknownPerson: Error, CustomStringConvertible {
  var mention: String
  var description: String {
    "user \(mention.prefix(64)) is not known; give the numeric id, or the @name as it was when "
      + "they last wrote to the bot"
  }
}

/// An account, as `--json` prints it. Amounts are exact decimal text, in credits.
struct AccountHead: Encodable {
  var telegramUserId: Int64
  var username: String?
  var firstName: String?
  var balance: String
  var reserved: String
  var available: String
  var state: String
  var createdAt: Date

  init(_ account: UserAccount) {
    telegramUserId = account.telegramUserID
    username = account.username
    firstName = account.firstName
    balance = "\(account.balance)"
    reserved = "\(account.held)"
    available = "\(account.available)"
    state = account.state
    createdAt = account.createdAt
  }
}

extension String {
  /// A spreadsheet would take the at sign of a name for the beginning of a formula.
  var withoutAtSign: String { hasPrefix("@") ? String(dropFirst()) : self }
}

extension UserAccount {
  /// `unreachable`: has blocked the bot.
  var state: String {
    if isErased { return "erased" }
    if isBlocked { return "blocked" }
    return isUnreachable ? "unreachable" : "active"
  }
}
