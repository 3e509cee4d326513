import Ledger

/// A business report, as a table for the chat and as a file for a spreadsheet. Both are made of the
/// same lines.
struct ReportText {
  private struct Line {
    var section: String
    var name: String
    var value: String
    var unit = ""
  }

  private let lines: [Line]

  /// - Throws: `LedgerError.amountTooLarge`.
  init(_ report: BusinessReport, usdPerStar: USD) throws {
    let net = report.starsReceived - report.starsRefunded
    let revenue = try usdPerStar.times(Int(net)).nanoDollars()
    let spent = report.creditsSpentValue
    let lost = report.houseLosses.map(\.amount).reduce(.zero, &+)
    var lines = [
      Line(section: "Stars", name: "payments", value: "\(report.payments)"),
      Line(section: "Stars", name: "received", value: "\(report.starsReceived)", unit: "Stars"),
      Line(section: "Stars", name: "refunds", value: "\(report.refunds)"),
      Line(section: "Stars", name: "given back", value: "\(report.starsRefunded)", unit: "Stars"),
      Line(section: "Stars", name: "revenue", value: "\(net)", unit: "Stars"),
      Line(section: "Stars", name: "revenue", value: "\(revenue)", unit: "USD"),
      Line(section: "Credits", name: "sold", value: report.creditsSold.text),
      Line(section: "Credits", name: "given away", value: report.creditsGiven.text),
      Line(section: "Credits", name: "taken back", value: report.creditsTakenBack.text),
      Line(section: "Credits", name: "spent", value: report.creditsSpent.text),
      Line(section: "Result", name: "credits spent", value: "\(spent)", unit: "USD"),
      Line(section: "Result", name: "real cost", value: "\(report.realCost)", unit: "USD"),
      Line(
        section: "Result", name: "margin", value: "\(spent &- report.realCost)",
        unit: "USD"),
      Line(section: "House loss", name: "total", value: "\(lost)", unit: "USD"),
    ]
    lines += report.houseLosses.map { loss in
      Line(
        section: "House loss", name: "\(loss.reason.words) (\(loss.count))",
        value: "\(loss.amount)", unit: "USD")
    }
    lines += [
      Line(section: "People", name: "new", value: "\(report.newUsers)"),
      Line(section: "People", name: "active", value: "\(report.activeUsers)"),
    ]
    for model in report.topModels {
      lines += Self.top(
        "Top models", model.model, calls: model.calls, model.charged, model.realCost)
    }
    for user in report.topUsers {
      let name = user.name.map { "\($0) " } ?? ""
      lines += Self.top(
        "Top users", "\(name)\(user.telegramUserID)", calls: user.calls, user.charged, user.realCost
      )
    }
    self.lines = lines
  }

  private static func top(
    _ section: String, _ name: String, calls: Int, _ charged: Credits, _ cost: NanoDollars
  ) -> [Line] {
    let name = name.onOneLine
    return [
      Line(section: section, name: name, value: "\(calls)", unit: "calls"),
      Line(section: section, name: name, value: charged.text, unit: "credits"),
      Line(section: section, name: name, value: "\(cost)", unit: "USD"),
    ]
  }

  /// In a fixed width, as narrow as a phone.
  var table: String {
    var text: [String] = []
    var (section, name) = ("", "")
    for line in lines {
      if line.section != section {
        if !section.isEmpty { text.append("") }
        text.append(line.section)
        (section, name) = (line.section, "")
      }
      let label = line.name == name ? "" : line.name
      name = line.name
      text.append(Self.row(label, line.value, line.unit))
    }
    return text.joined(separator: "\n")
  }

  var csv: String {
    // A spreadsheet would take the at sign of a name for the beginning of a formula.
    let rows = lines.map { line in
      [
        line.section, line.name.hasPrefix("@") ? String(line.name.dropFirst()) : line.name,
        line.value, line.unit,
      ]
    }
    return CSV.text([["section", "name", "value", "unit"]] + rows)
  }

  private static let labelWidth = 20
  private static let valueWidth = 10

  private static func row(_ label: String, _ value: String, _ unit: String) -> String {
    let label = String(label.prefix(labelWidth))
    let gap = max(1, labelWidth + valueWidth - label.count - value.count)
    return " \(label)\(String(repeating: " ", count: gap))\(value)\(unit.isEmpty ? "" : " \(unit)")"
  }
}
