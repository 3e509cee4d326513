import ArgumentParser
import Foundation
import Ledger

struct CreditsCommandGroup: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credits", abstract: "See and change what people have.",
    subcommands: [
      CreditsGrantCommand.self, CreditsShowCommand.self, CreditsHistoryCommand.self,
    ])
}

struct CreditsGrantCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant",
    abstract: "Give credits to a person, or take them back with a negative number.")

  @OptionGroup var person: PersonArgument
  @Argument(help: "How many, such as 50, 0.5 or -20.", transform: Credits.init(argument:))
  var credits: Credits
  @Option(help: "What for; it stands in the journal and the person can read it.")
  var reason: String
  @OptionGroup var question: GiftQuestion
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  func validate() throws {
    guard credits != .zero else { throw ValidationError("The number of credits must not be zero.") }
    try credits.checkGift()
    guard !reason.trimmingCharacters(in: .whitespaces).isEmpty else {
      throw ValidationError("--reason must say what for.")
    }
  }

  func run() async throws {
    let composition = try await Composition(options)
    let known = try composition.existingDatabase().read { try person.account(in: $0) }
    try question.check(
      credits, credits < .zero ? "from \(known.shellName)" : "to \(known.shellName)",
      asJSON: output.json)
    let transaction = try composition.write(toExisting: true) { tx in
      // Asking takes its time, in which a name can pass to somebody else.
      let account = try tx.users.account(id: known.id)
      return try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: .manualAdjustment, amount: credits,
          idempotencyKey: "manual:\(UUID().uuidString)", description: reason))
    }
    if output.json { return try printJSON(TransactionOutput(transaction)) }
    print(
      "Booked \(credits.movementText) credits for user \(known.telegramUserID). "
        + "The balance is \(transaction.balanceAfter.text) credits.")
  }
}

struct CreditsShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a person's balance and last transactions.")

  private static let shown = 20

  @OptionGroup var person: PersonArgument
  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let (account, transactions, all) = try await Composition(options).existingDatabase()
      .read { tx in
        let account = try person.account(in: tx)
        return (
          account, try tx.transactions.list(userID: account.id, limit: Self.shown),
          try tx.transactions.count(userID: account.id, since: nil)
        )
      }
    let name = [account.firstName, account.username.map { "@\($0)" }].compactMap { $0 }
      .joined(separator: " ")
    let title = """
      User \(account.telegramUserID)\(name.isEmpty ? "" : ", \(name.onOneLine)")
      Balance:   \(account.balance.text) credits
      Reserved:  \(account.held.text) credits
      Available: \(account.available.text) credits

      """
    try output.show(
      Table(transactions), json: AccountOutput(account, transactions),
      empty: title + "\nThere are no transactions.", title: title)
    if output.isForPeople, all > transactions.count {
      print("The newest \(transactions.count) of \(all) are shown; credits history has them all.")
    }
  }
}

struct CreditsHistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "List a person's transactions, newest first.")

  @OptionGroup var person: PersonArgument
  @OptionGroup var limit: LimitOption
  @OptionGroup var since: SinceOption
  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let (transactions, all) = try await Composition(options).existingDatabase().read { tx in
      let account = try person.account(in: tx)
      return (
        try tx.transactions.history(
          userID: account.id, since: since.since, limit: output.rows(limit)),
        try tx.transactions.count(userID: account.id, since: since.since)
      )
    }
    try output.show(
      Table(transactions), json: transactions.map(TransactionOutput.init),
      empty: "There are no transactions.", all: all)
  }
}

extension Table {
  init(_ transactions: [CreditTransaction]) {
    self.init([
      .init(nil, "id"), .init("TIME (UTC)", "created_at"), .init("TYPE", "type", rank: 1),
      .init("CREDITS", "credits"), .init("BALANCE", "balance_after"),
      .init("DESCRIPTION", "description", isProse: true),
    ])
    for row in transactions {
      add(
        "\(row.id)", row.createdAt.tableText, row.type.rawValue, row.amount.text,
        row.balanceAfter.text, row.description)
    }
  }
}

extension UserAccount {
  /// `user 42 (Ada)`
  fileprivate var shellName: String {
    "user \(telegramUserID)" + (firstName.map { " (\($0.onOneLine))" } ?? "")
  }
}

extension Credits {
  init(argument: String) throws {
    do {
      try self.init(parsing: argument)
    } catch {
      throw ValidationError(error.description)
    }
  }

  func checkGift() throws {
    guard self <= .maximumGift else {
      throw ValidationError(LedgerError.tooMuchGiven.description)
    }
  }
}

/// A journal row, as `--json` prints it. Amounts are exact decimal text, in credits.
struct TransactionOutput: Encodable {
  var id: Int64
  var type: String
  var credits: String
  var balanceAfter: String
  var description: String
  var createdAt: Date

  init(_ transaction: CreditTransaction) {
    id = transaction.id
    type = transaction.type.rawValue
    credits = "\(transaction.amount)"
    balanceAfter = "\(transaction.balanceAfter)"
    description = transaction.description
    createdAt = transaction.createdAt
  }
}

private struct AccountOutput: Encodable {
  var telegramUserId: Int64
  var username: String?
  var firstName: String?
  var balance: String
  var reserved: String
  var available: String
  var transactions: [TransactionOutput]

  init(_ account: UserAccount, _ transactions: [CreditTransaction]) {
    telegramUserId = account.telegramUserID
    username = account.username
    firstName = account.firstName
    balance = "\(account.balance)"
    reserved = "\(account.held)"
    available = "\(account.available)"
    self.transactions = transactions.map(TransactionOutput.init)
  }
}
