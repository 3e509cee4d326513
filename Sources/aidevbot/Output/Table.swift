import Ledger

/// Rows of text in columns: aligned for people, or as CSV.
struct Table {
  private let header: [String]
  private var rows: [[String?]] = []

  init(_ header: String...) {
    self.header = header
  }

  var isEmpty: Bool { rows.isEmpty }

  /// - Parameter cells: `nil` if there is nothing to say.
  mutating func add(_ cells: String?...) {
    add(cells)
  }

  mutating func add(_ cells: [String?]) {
    rows.append(cells)
  }

  /// The cells as they are, below the names of their columns in small letters.
  var csvRows: [[String]] {
    [header.map(Self.csvName)] + rows.map { $0.map { $0 ?? "" } }
  }

  /// `TIME (UTC)` is `time_utc`.
  private static func csvName(_ title: String) -> String {
    title.lowercased().replacing("%", with: "percent")
      .split { !$0.isLetter && !$0.isNumber }.joined(separator: "_")
  }

  /// Aligned, and no wider than `width` columns if that can be: columns of text are wrapped, a
  /// number is never cut.
  func text(width: Int? = nil) -> String {
    let cells = rows.map { $0.map { ($0 ?? "-").onOneLine } }
    let isNumeric = header.indices.map { column in
      cells.allSatisfy { row in
        row[column].allSatisfy { $0.isNumber || "+-−.".contains($0) }
      }
    }
    let lines = [header] + cells
    let widths = fitted(
      header.indices.map { column in lines.map { $0[column].displayWidth }.max() ?? 0 },
      isNumeric, into: width)
    return lines.flatMap { line in
      let columns = line.indices.map { line[$0].wrapped(to: widths[$0]) }
      return (0..<(columns.map(\.count).max() ?? 0)).map { number in
        var text = columns.indices.map { column in
          let part = number < columns[column].count ? columns[column][number] : ""
          let padding = String(repeating: " ", count: max(0, widths[column] - part.displayWidth))
          return isNumeric[column] ? padding + part : part + padding
        }.joined(separator: Self.gap)
        while text.last == " " { text.removeLast() }
        return text
      }
    }.joined(separator: "\n")
  }

  private static let gap = "  "
  /// A narrower column is harder to read than a line that the terminal wraps.
  private static let narrowest = 10

  /// Takes from the widest column of text until all fit, or none can give any more.
  private func fitted(_ widths: [Int], _ isNumeric: [Bool], into width: Int?) -> [Int] {
    guard let width else { return widths }
    var widths = widths
    while widths.reduce(0, +) + Self.gap.count * (widths.count - 1) > width {
      let widest = widths.indices.filter { !isNumeric[$0] && widths[$0] > Self.narrowest }
        .max { widths[$0] < widths[$1] }
      guard let widest else { break }
      widths[widest] -= 1
    }
    return widths
  }
}
