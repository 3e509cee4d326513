import ArgumentParser
import Foundation
import Ledger

struct LedgerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger", abstract: "Prove that the money is right.",
    subcommands: [LedgerVerifyCommand.self])
}

struct LedgerVerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove over the whole file that balances, holds, charges and journal agree.",
    discussion: "Exit status 0 and one line where they do; 1 and a line for each break otherwise.")

  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var holds: Bool
    var users: Int
    var transactions: Int
    var settledCalls: Int
    var breaks: [String]
  }

  func run() async throws {
    let database = try await Composition(options).existingDatabase()
    let bar = ProgressBar("Proving")
    let report = try await database.verify { bar.show($0, of: 1_000) }
    bar.end()
    if output.json {
      try printJSON(
        Output(
          holds: report.isSound, users: report.users, transactions: report.transactions,
          settledCalls: report.settledCalls, breaks: report.breaks))
    } else if report.isSound {
      print(
        "The ledger holds. Users: \(report.users), transactions: \(report.transactions), "
          + "settled calls: \(report.settledCalls).")
    } else {
      for sentence in report.breaks { print(sentence) }
    }
    if !report.isSound { throw ExitCode(1) }
  }
}
