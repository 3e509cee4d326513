import ArgumentParser
import Commands
import Foundation
import Ledger

struct UsageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "usage", abstract: "See what calls of models cost and bring.",
    subcommands: [UsageReportCommand.self])
}

struct UsageReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Sum up calls: real cost, charged credits, margin, house loss, time to answer.",
    discussion: """
      Without --since, it sums up the last 30 days; --since 2020-01-01 sums up all there is.

      The margin is what the charged credits are worth, at the credit value of their time, less \
      the real cost. The house loss is the part of the real cost that nobody pays: calls that \
      failed or were lost, answers that reached nobody, and what was above the hold. P50 and P95 \
      are the milliseconds within which half and 95 % of the answers came.
      """)

  @OptionGroup var since: SinceOption
  @Option(
    help: ArgumentHelp(
      "A row for each day, user, model, task or project; without it, all calls in one row.",
      valueName: "what"),
    transform: UsageReportCommand.grouping(of:))
  var by: UsageSummary.Grouping?
  @OptionGroup var output: TableOption
  @OptionGroup var options: ConfigOption

  private static func grouping(of text: String) throws -> UsageSummary.Grouping {
    guard let grouping = UsageSummary.Grouping(rawValue: text) else {
      throw ValidationError("--by must be day, user, model, task or project.")
    }
    return grouping
  }

  /// A month of calls is read at once however long the bot has been selling.
  private static let daysByDefault = 30

  private struct Output: Encodable {
    var since: Date
    var by: String?
    var rows: [UsageOutput]?
    var total: UsageOutput
  }

  func run() async throws {
    let start = since.since ?? Date().addingTimeInterval(-Double(Self.daysByDefault) * .day)
    let (rows, total) = try await Composition(options).existingDatabase().read { tx in
      let service = tx.usageSummaries
      return (
        try by.map { try service.summaries(by: $0, since: start) },
        try service.total(since: start)
      )
    }
    let recently = since.since == nil ? "last \(Self.daysByDefault) days" : nil
    let period = recently ?? "since \(start.dayText)"
    var table = UsageTable(by)
    for row in rows ?? [] { table.add(row) }
    // A spreadsheet sums up by itself, and would count the sum as one more row.
    if rows == nil || !output.csv { table.addTotal(total, of: output.csv ? nil : period) }
    try output.show(
      total.calls == 0 ? UsageTable(by).table : table.table,
      json: Output(
        since: start, by: by?.rawValue, rows: rows?.map(UsageOutput.init),
        total: UsageOutput(total)),
      empty: recently.map { "There were no calls in the \($0); --since names another time." }
        ?? "There were no calls.",
      sums: rows == nil ? 0 : 1)
  }
}

private struct UsageTable {
  private(set) var table: Table
  private let by: UsageSummary.Grouping?

  init(_ by: UsageSummary.Grouping?) {
    self.by = by
    let key = by?.rawValue.uppercased() ?? "CALLS OF"
    let name: [Table.Column] = [
      .init(
        "NAME", "name", rank: 8, isProse: true,
        written: { by == .user ? $0.withoutAtSign : $0 })
    ]
    table = Table(
      [.init(key, "key", isProse: by == .model)] + (Self.hasName(by) ? name : []) + [
        .init("CALLS", "calls"), .init("INPUT", "input_tokens", rank: 4),
        .init("OUTPUT", "output_tokens", rank: 3), .init("COST USD", "real_cost_usd"),
        .init("CREDITS", "charged_credits"), .init("WORTH USD", "charged_usd", rank: 5),
        .init("MARGIN USD", "margin_usd", rank: 7),
        .init("HOUSE LOSS USD", "house_loss_usd", rank: 6),
        .init("P50 MS", "latency_p50_ms", rank: 2), .init("P95 MS", "latency_p95_ms", rank: 1),
      ])
  }

  private static func hasName(_ by: UsageSummary.Grouping?) -> Bool {
    by == .user || by == .project
  }

  mutating func add(_ row: UsageSummary) {
    add(row, titled: row.key)
  }

  mutating func addTotal(_ total: UsageSummary, of period: String?) {
    let sum = by == nil ? nil : "TOTAL"
    let title = [sum, period].compactMap(\.self).joined(separator: ", ")
    add(total, titled: title.isEmpty ? "all" : title)
  }

  private mutating func add(_ row: UsageSummary, titled title: String?) {
    let key = Self.hasName(by) ? [title, row.name] : [title]
    table.add(
      key + [
        "\(row.calls)", "\(row.inputTokens)", "\(row.outputTokens)", "\(row.realCost)",
        row.charged.text, "\(row.chargedValue)", "\(row.margin)", "\(row.houseLoss)",
        row.medianLatency.map(String.init), row.latency95.map(String.init),
      ])
  }
}

/// A row of the report, as `--json` prints it. Amounts are exact decimal text.
private struct UsageOutput: Encodable {
  var key: String?
  var name: String?
  var calls: Int
  var inputTokens: Int64
  var outputTokens: Int64
  var realCostUsd: String
  var chargedCredits: String
  var chargedUsd: String
  var marginUsd: String
  var houseLossUsd: String
  var latencyP50Ms: Int64?
  var latencyP95Ms: Int64?

  init(_ summary: UsageSummary) {
    key = summary.key
    name = summary.name
    calls = summary.calls
    inputTokens = summary.inputTokens
    outputTokens = summary.outputTokens
    realCostUsd = "\(summary.realCost)"
    chargedCredits = "\(summary.charged)"
    chargedUsd = "\(summary.chargedValue)"
    marginUsd = "\(summary.margin)"
    houseLossUsd = "\(summary.houseLoss)"
    latencyP50Ms = summary.medianLatency
    latencyP95Ms = summary.latency95
  }
}
