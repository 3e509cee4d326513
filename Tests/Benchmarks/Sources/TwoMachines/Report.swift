package import Foundation

/// What one fault came to.
package struct Round: Sendable {
  package var fault: Fault
  /// The longest time without an answer to anybody, from the fault until all is as before.
  package var silence: Duration
  /// How often the lease changed hands.
  package var moves: Int
  /// Answers that came once more.
  package var repeated: Int
  /// Yeses to payments that came once more, or too late, and that Telegram did not take.
  package var refusedYeses: Int
  package var findings: [String]

  package var line: String {
    "\(fault.rawValue): \(Report.seconds(silence)) s, \(moves) moves, \(repeated) repeated, "
      + "\(refusedYeses) late" + findings.map { "\n  FOUND \($0)" }.joined()
  }
}

/// What all of them came to.
package struct Report: Sendable {
  package var rounds: [Round] = []
  /// What must not be.
  package var findings: [String] = []
  /// Where the logs are, if there are findings.
  package var folder: URL?

  package init() {}

  /// In Markdown.
  package var table: String {
    var lines = [
      "| what happens | rounds | longest silence | median | took over | answers repeated | late |",
      "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for fault in Fault.allCases {
      let its = rounds.filter { $0.fault == fault }
      guard !its.isEmpty else { continue }
      let silences = its.map(\.silence).sorted()
      let cells = [
        fault.rawValue, "\(its.count)", "\(Self.seconds(silences[silences.count - 1])) s",
        "\(Self.seconds(silences[silences.count / 2])) s", "\(its.reduce(0) { $0 + $1.moves })",
        "\(its.reduce(0) { $0 + $1.repeated })", "\(its.reduce(0) { $0 + $1.refusedYeses })",
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
  }

  static func seconds(_ duration: Duration) -> String {
    let (whole, rest) = duration.components
    return String(format: "%.1f", Double(whole) + Double(rest) / 1e18)
  }
}
