import ArgumentParser
import Bot
import Commands
import Foundation
import Ledger
import Messaging
import Settings

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup in the place of the database, which is kept beside it.",
    discussion: """
      The backup is proven first: SQLite's integrity check and ledger verify. Stop the bot before; \
      while it or a console runs, or another program has the database open, nothing is done, with \
      exit status 75. What was charged after the backup is then not charged any more; payments are \
      found again by stars reconcile, as the bot does it at its start. Whoever has erased their \
      account since the backup, by the database that is replaced, is erased again.
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
    /// Null where no newer database knows.
    var erasedAgain: Int?
  }

  func run() async throws {
    let settings = try await Composition(options).settings
    let (database, terms) = (try settings.databasePath(), try settings.billingTerms())
    let outcome = try await InstanceLock.bot.hold(ofDatabase: database) {
      try await InstanceLock.console.hold(ofDatabase: database) {
        try restore(to: database, terms)
      }
    }
    let report = outcome.report
    if output.json {
      return try printJSON(
        Output(
          path: database, replaced: outcome.replaced, users: report.users,
          transactions: report.transactions, settledCalls: report.settledCalls,
          erasedAgain: outcome.erasures))
    }
    print(
      "Restored \(database) from \(path), and proven: users: \(report.users), "
        + "transactions: \(report.transactions), settled calls: \(report.settledCalls).")
    if let replaced = outcome.replaced { print("What it replaces is kept as \(replaced).") }
    print(Self.sentence(of: outcome.erasures))
    print("Start the bot: it books the payments that Telegram lists and this database lacks.")
  }

  private static func sentence(of erasures: Int?) -> String {
    switch erasures {
    case nil:
      """
      There was no newer database that knows who has erased their account since the backup: they \
      are in it again, and have to send /deletemydata anew.
      """
    case 0?: "Nobody had erased their account since the backup."
    case 1?: "One person had erased their account since the backup; that was done again."
    case let count?:
      "\(count) people had erased their accounts since the backup; that was done again."
    }
  }

  private func restore(
    to database: String, _ terms: BillingTerms
  ) throws -> DatabaseRestore.Outcome {
    let bar = ProgressBar("Copying")
    defer { bar.end() }
    let unfinished = UnfinishedFile()
    let removal = StopRemoval(of: unfinished, saying: "Stopped; nothing was restored.")
    defer { removal.end() }
    let erasure = AccountErasure(outbox: Outbox(channel: .telegram))
    let term = try Self.term(of: database)
    let outcome = try DatabaseRestore(
      to: database, knownBy: LedgerDatabase.tablesOfBot,
      open: { try LedgerDatabase.openForBot(path: $0) },
      eraseAgain: { try erasure.eraseAgain($0, terms, in: $1) }
    ).restore(
      from: path, at: Date(), unfinished: unfinished, progress: { bar.show($0, of: $1) },
      begun: { bar.show($0) })
    try Self.keep(term, in: database)
    return outcome
  }

  /// Of the lease, where two machines share the bot.
  private static func term(of database: String) throws -> LeaseTerm? {
    guard FileManager.default.fileExists(atPath: database) else { return nil }
    return try? LedgerDatabase.look(at: database) { try LeaseTerm.current(in: $0) }
  }

  /// What the operator puts into the place of the working machine's database is what it works with:
  /// of another term, it would be set aside at the next start.
  private static func keep(_ term: LeaseTerm?, in database: String) throws {
    guard let term else { return }
    let restored = try LedgerDatabase.openForBot(path: database)
    try restored.write { try term.write(in: $0) }
    try restored.close()
  }
}
