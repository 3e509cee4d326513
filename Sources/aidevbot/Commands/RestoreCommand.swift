import ArgumentParser
import Bot
import Foundation
import Ledger
import Settings

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup in the place of the database, which is kept beside it.",
    discussion: """
      The backup is proven first: SQLite's integrity check and ledger verify. Stop the bot before; \
      while it or a console runs, or another program has the database open, nothing is done, with \
      exit status 75. What was charged after the backup is then not charged any more; payments are \
      found again by stars reconcile, as the bot does it at its start.
      """)

  @Argument(help: "The backup: a file of aidevbot backup, or one that Litestream restored.")
  var path: String
  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var path: String
    var replaced: String?
    var users: Int
    var transactions: Int
    var settledCalls: Int
  }

  func run() async throws {
    let database = try await Composition(options).settings.databasePath()
    let outcome = try await InstanceLock.bot.hold(ofDatabase: database) {
      try await InstanceLock.console.hold(ofDatabase: database) { try restore(to: database) }
    }
    let report = outcome.report
    if output.json {
      return try printJSON(
        Output(
          path: database, replaced: outcome.replaced, users: report.users,
          transactions: report.transactions, settledCalls: report.settledCalls))
    }
    print(
      "Restored \(database) from \(path), and proven: users: \(report.users), "
        + "transactions: \(report.transactions), settled calls: \(report.settledCalls).")
    if let replaced = outcome.replaced { print("What it replaces is kept as \(replaced).") }
    print("Start the bot: it books the payments that Telegram lists and this database lacks.")
  }

  private func restore(to database: String) throws -> DatabaseRestore.Outcome {
    let bar = ProgressBar("Copying")
    defer { bar.end() }
    return try DatabaseRestore(to: database, knownBy: LedgerDatabase.tablesOfBot) {
      try LedgerDatabase.openForBot(path: $0)
    }.restore(from: path, at: Date()) { bar.show($0, of: $1) }
  }
}
