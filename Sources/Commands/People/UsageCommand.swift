import Foundation
import GRDB
import Ledger
import Messaging
import Metering

/// `/usage`: what a person has spent in a month, by day and by model.
struct UsageCommand: Command {
  let name = "usage"
  let summary = "What you have spent, by day and by model"
  let isPersonal = true
  let servesBlocked = true
  let readsOnly = true

  /// The dearest have a line each, so that all fit into one message.
  private static let shownModels = 12
  private static let nameWidth = 36

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let now = UTCMonth(tx.now)
    let month = UTCMonth(request.argument).flatMap { $0 <= now ? $0 : nil } ?? now
    return .reply(try overview(of: request.account(), month, in: tx))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    guard let month = UTCMonth(argument), month <= UTCMonth(tx.now) else {
      return ButtonResponse(notice: "This button has expired. Send /usage for a new one.")
    }
    return ButtonResponse(
      notice: month.title, replacement: try overview(of: request.account(), month, in: tx))
  }

  private func overview(
    of account: UserAccount, _ month: UTCMonth, in tx: LedgerTransaction
  ) throws -> Reply {
    let spending = try tx.transactions.spending(
      of: account.id, from: month.start, to: month.next.start)
    var buttons: [Button] = []
    if UTCMonth(account.createdAt) < month { buttons.append(button(to: month.previous)) }
    if month < UTCMonth(tx.now) { buttons.append(button(to: month.next)) }
    guard !spending.isEmpty else {
      return Reply("You have spent nothing in \(month.title).", buttons: buttons)
    }
    let total = try spending.map(\.amount).sum()
    let calls = spending.map(\.calls).reduce(0, +)
    return Reply(
      """
      \(month.title), in UTC: \(total.text) credits for \(calls) request\(calls == 1 ? "" : "s"), \
      less what was given back.
      """, table: try Self.table(spending, total), buttons: buttons)
  }

  private func button(to month: UTCMonth) -> Button {
    Button(month.title, command: name, argument: "\(month)")
  }

  private static func table(_ spending: [Spending], _ total: Credits) throws -> String {
    let days = try Dictionary(grouping: spending, by: \.day).map { day, rows in
      BarTable.Row(label: String(day.dayText.prefix(2)), amount: try rows.map(\.amount).sum())
    }.sorted { $0.label < $1.label }
    var models = try Dictionary(grouping: spending, by: \.model).map { model, rows in
      BarTable.Row(label: model.name.onOneLine, amount: try rows.map(\.amount).sum())
    }.sorted { ($1.amount, $0.label) < ($0.amount, $1.label) }
    if models.count > shownModels {
      let rest = models.suffix(from: shownModels - 1)
      models.removeLast(rest.count)
      models.append(
        BarTable.Row(
          label: "\(rest.count) other models", amount: try rest.map(\.amount).sum()))
    }
    let bars = BarTable(aligning: (days + models).map(\.amount) + [total])
    func largest(_ rows: [BarTable.Row]) -> Credits { rows.map(\.amount).max() ?? .zero }
    var lines = days.map { bars.line($0, labelWidth: 2, largest: largest(days)) }
    lines += [bars.line("Total", total, labelWidth: 2), ""]
    for row in models {
      lines.append(
        row.label.count > nameWidth ? row.label.prefix(nameWidth - 1) + "…" : row.label)
      lines.append(
        bars.line(
          BarTable.Row(label: "", amount: row.amount), labelWidth: 2, largest: largest(models)))
    }
    lines.append(bars.line("Total", total, labelWidth: 2))
    return lines.joined(separator: "\n")
  }
}

extension UTCMonth {
  /// `Nov 2026`
  fileprivate var title: String { String(start.dayText.dropFirst(3)) }
}

extension [Credits] {
  fileprivate func sum() throws(LedgerError) -> Credits {
    var sum = Credits.zero
    for amount in self { sum = try sum.adding(amount) }
    return sum
  }
}
