import Measuring

/// What one checkout came to, in all runs.
struct Results {
  var names: [String] = []
  private var figures: [String: [Figure]] = [:]
  var failures: [String] = []

  mutating func add(_ figure: Figure) {
    if figures[figure.name] == nil { names.append(figure.name) }
    figures[figure.name, default: []].append(figure)
  }

  func summary(of name: String) -> Summary? {
    guard let all = figures[name], let last = all.last else { return nil }
    let floors = last.bound.floor.flatMap { figures[$0] } ?? []
    return Summary(
      unit: last.unit, values: all.map(\.value).sorted(), bound: last.bound,
      ratios: zip(all, floors).map { $0.value / $1.value }.sorted())
  }

  var isWithinBounds: Bool { names.allSatisfy { summary(of: $0)?.isWithinBound ?? true } }
}

/// One figure in all runs.
struct Summary {
  var unit: String
  /// In order.
  var values: [Double]
  var bound: Figure.Bound
  /// To the floor of the same run, in order; none for what has no floor.
  var ratios: [Double]

  var median: Double { values[values.count / 2] }
  var ratio: Double? { ratios.isEmpty ? nil : ratios[ratios.count / 2] }
  var isWithinBound: Bool { bound.isKept(by: median, ratio: ratio) }

  var shown: String { "\(Figure.shown(median)) \(unit)" }

  var spread: String {
    guard values.count > 1, let least = values.first, let most = values.last else { return "" }
    return "\(Figure.shown(least))–\(Figure.shown(most))"
  }

  var verdict: String { bound.shown == nil ? "" : isWithinBound ? "ok" : "over" }
}

/// A table in Markdown: of one checkout, or of one before and one after.
struct Table {
  private var rows: [[String]]

  init(_ results: [Results]) {
    let judged = results[results.count - 1]
    let earlier = results.count > 1 ? results[0] : nil
    rows = [["what"]]
    if earlier != nil { rows[0] += ["before", "spread"] }
    rows[0] += [earlier == nil ? "median" : "after", "spread"]
    if earlier != nil { rows[0] += ["after / before"] }
    rows[0] += ["bound", "to its floor", ""]
    for name in judged.names {
      guard let now = judged.summary(of: name) else { continue }
      var row = [name]
      let before = earlier?.summary(of: name)
      if earlier != nil { row += [before?.shown ?? "–", before?.spread ?? ""] }
      row += [now.shown, now.spread]
      if earlier != nil { row += [before.map { Figure.shown(now.median / $0.median) } ?? "–"] }
      row += [now.bound.shown ?? "", now.ratio.map { Figure.shown($0) } ?? "", now.verdict]
      rows.append(row)
    }
  }

  var text: String {
    let widths = rows[0].indices.map { column in max(3, rows.map { $0[column].count }.max() ?? 0) }
    let lines = rows.map { row in
      "| "
        + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: " | ") + " |"
    }
    let rule =
      "| " + widths.map { String(repeating: "-", count: $0) }.joined(separator: " | ") + " |"
    return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n")
  }
}
