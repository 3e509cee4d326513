/// Rows of text in aligned columns.
struct Table {
  private let header: [String]
  private var rows: [[String]] = []

  init(_ header: String...) {
    self.header = header
  }

  mutating func add(_ cells: String...) {
    rows.append(cells)
  }

  /// Columns whose cells are all numbers stand to the right.
  var text: String {
    let lines = [header] + rows
    let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let isNumeric = header.indices.map { column in
      rows.allSatisfy { row in
        row[column].allSatisfy { $0.isNumber || "+-−.".contains($0) }
      }
    }
    return lines.map { line in
      var text = line.indices.map { column in
        let padding = String(repeating: " ", count: widths[column] - line[column].count)
        return isNumeric[column] ? padding + line[column] : line[column] + padding
      }.joined(separator: "  ")
      while text.last == " " { text.removeLast() }
      return text
    }.joined(separator: "\n")
  }
}
