import ArgumentParser
import Foundation
import Ledger
import Sales
import Settings
import TelegramBotAPI

struct StarsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stars", abstract: "Compare the Stars with Telegram's own books.",
    subcommands: [
      StarsReconcileCommand.self, StarsUnexplainedCommand.self, StarsBalanceCommand.self,
      StarsPackagesCommand.self,
    ])
}

/// An entry of Telegram's list.
private struct EntryOutput: Encodable {
  var happenedAt: Date
  var id: String
  var direction: String
  var stars: Int64
  var finding: String

  init(happenedAt: Date, id: String, isIncoming: Bool, stars: Int64, finding: String) {
    self.happenedAt = happenedAt
    self.id = id
    direction = isIncoming ? "in" : "out"
    self.stars = stars
    self.finding = finding
  }
}

extension Table {
  fileprivate init(_ entries: [EntryOutput]) {
    self.init([
      .init("TIME (UTC)", "happened_at"), .init("WAY", "direction"), .init("STARS", "stars"),
      .init("FINDING", "finding", isProse: true), .init("ID", "id", rank: 1),
    ])
    for entry in entries {
      add(
        entry.happenedAt.tableText, entry.direction, "\(entry.stars)", entry.finding, entry.id)
    }
  }
}

struct StarsReconcileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Read what is new in Telegram's list of Stars, and book what is missing here.",
    discussion: """
      The running bot does the same at its start and every five minutes; both may do it at once. \
      Exit status 1 where something cannot be explained, unless it is older than the database.
      """)

  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let result = try await Composition(options).withReconciliation { try await $0.walk() }
    let rows = result.lines.map { line in
      EntryOutput(
        happenedAt: line.entry.happenedAt, id: line.entry.id, isIncoming: line.entry.isIncoming,
        stars: line.entry.stars, finding: line.finding.sentence)
    }
    try output.show(Table(rows), json: rows, empty: "Nothing new in Telegram's list of Stars.")
    if !output.json, !output.csv {
      for payment in result.unlisted {
        print(
          "Telegram told of \(payment.amount) Stars by user \(payment.payer ?? 0), but does not "
            + "list them: \(payment.chargeID)")
      }
    }
    let isExplained = result.lines.allSatisfy(\.finding.isExplained)
    if !isExplained || !result.unlisted.isEmpty { throw ExitCode(1) }
  }
}

struct StarsUnexplainedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unexplained",
    abstract: "List what was read in Telegram's list of Stars and fits nothing here.",
    discussion: "Payments that were given back since are left out.")

  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  func run() async throws {
    let rows = try await Composition(options).existingDatabase()
      .read { try $0.starStatement.unexplained() }
      .map { entry in
        EntryOutput(
          happenedAt: entry.happenedAt, id: entry.id, isIncoming: entry.isIncoming,
          stars: entry.stars, finding: entry.reason)
      }
    try output.show(Table(rows), json: rows, empty: "Nothing is unexplained.")
  }
}

struct StarsBalanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "balance",
    abstract: "Compare the balance of Stars at Telegram with what its list adds up to.",
    discussion: "Reads what is new in the list first. Exit status 1 where they differ.")

  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var telegram: String
    var listed: String
    var agree: Bool
  }

  func run() async throws {
    let (telegram, ours) = try await Composition(options).withReconciliation { reconciliation in
      _ = try await reconciliation.walk()
      return try await reconciliation.balances()
    }
    if output.json {
      try printJSON(
        Output(
          telegram: StarText.number(telegram), listed: StarText.number(ours),
          agree: telegram == ours))
    } else {
      print("At Telegram: \(StarText.text(of: telegram))")
      print("By its list: \(StarText.text(of: ours))")
      print(
        telegram == ours
          ? "They agree." : "They differ by \(StarText.text(of: telegram - ours)).")
    }
    if telegram != ours { throw ExitCode(1) }
  }
}

struct StarsPackagesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "packages",
    abstract: "List what is for sale, and what is left of its price.",
    discussion: """
      The margin is what remains of the revenue once all credits are spent on models, at the \
      configured markup, credit value and price of a Star.
      """)

  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    var name: String
    var credits: String
    var bonus: String
    var stars: Int64
    var monthly: Bool
    var marginPercent: Double
  }

  func run() async throws {
    let settings = try await Composition(options).settings
    let (store, terms) = (try settings.store(), try settings.billingTerms())
    var table = Table([
      .init("PACKAGE", nil), .init(nil, "name"), .init("CREDITS", "credits"),
      .init("BONUS", "bonus"), .init("STARS", "stars"), .init(nil, "monthly"),
      .init("MARGIN %", "margin_percent"),
    ])
    var rows: [Output] = []
    for package in store.sold {
      let margin = try package.marginPerMille(usdPerStar: store.usdPerStar, terms: terms)
      table.add(
        package.name + (package.isMonthly ? " (monthly)" : ""), package.name,
        "\(package.credits)", "\(package.bonus)", "\(package.price)", "\(package.isMonthly)",
        margin.percentText)
      rows.append(
        Output(
          name: package.name, credits: "\(package.credits)", bonus: "\(package.bonus)",
          stars: package.price, monthly: package.isMonthly, marginPercent: Double(margin) / 10))
    }
    try output.show(table, json: rows, empty: "Nothing is for sale.")
  }
}
