import Ledger

/// Rows of text in columns: aligned for people, who may have little room, or whole as CSV.
struct Table {
  struct Column {
    /// Above the column; `nil` if only CSV has it.
    var title: String?
    /// As `--json` names it, and CSV with it; `nil` if they tell it in other fields.
    var field: String?
    /// Columns of 1 go first where all do not fit, those of 0 never.
    var rank: Int
    /// Whether its texts may be shortened: never an amount, an id or a time.
    var isProse: Bool
    /// What CSV has in place of a cell for people.
    var written: (String) -> String

    init(
      _ title: String?, _ field: String?, rank: Int = 0, isProse: Bool = false,
      written: @escaping (String) -> String = { $0 }
    ) {
      self.title = title
      self.field = field
      self.rank = rank
      self.isProse = isProse
      self.written = written
    }
  }

  private let columns: [Column]
  private var rows: [[String?]] = []

  init(_ columns: [Column]) {
    self.columns = columns
  }

  var isEmpty: Bool { rows.isEmpty }
  var count: Int { rows.count }

  /// - Parameter cells: `nil` if there is nothing to say.
  mutating func add(_ cells: String?...) {
    add(cells)
  }

  mutating func add(_ cells: [String?]) {
    rows.append(cells)
  }

  /// With the first so many rows and the last ones alone.
  func limited(to count: Int, keepingLast last: Int = 0) -> Table {
    guard rows.count > count + last else { return self }
    var table = self
    table.rows = Array(rows.prefix(count) + rows.suffix(last))
    return table
  }

  /// The cells as they are, below the names of their fields.
  var csvRows: [[String]] {
    let written = columns.indices.filter { columns[$0].field != nil }
    return [written.map { columns[$0].field ?? "" }]
      + rows.map { row in written.map { columns[$0].written(row[$0] ?? "") } }
  }
}

// MARK: - For people

extension Table {
  /// What people see, and what of it had no room.
  struct Text {
    var lines: [String]
    /// The titles of the columns that are not there.
    var leftOut: [String]
    var isShortened: Bool
  }

  private static let gap = "  "
  /// In columns of the screen: what a text keeps at least, and what it keeps where another column
  /// would take more.
  private static let (shortest, comfortable) = (10, 24)

  /// Aligned, and no wider than `width` columns of the screen if that can be: columns that matter
  /// less are left out and long texts shortened; nothing is broken, and no amount is cut.
  func text(width: Int? = nil) -> Text {
    let shown = columns.indices.filter { columns[$0].title != nil }
    let cells = rows.map { row in row.map { ($0 ?? "-").onOneLine } }
    let natural = columns.indices.map { column in
      cells.reduce((columns[column].title ?? "").displayWidth) {
        max($0, $1[column].displayWidth)
      }
    }
    guard let width else { return text(of: shown, cells, natural, leftOut: []) }
    func least(_ column: Int, _ prose: Int) -> Int {
      guard columns[column].isProse else { return natural[column] }
      return min(natural[column], max(prose, columns[column].title?.displayWidth ?? 0))
    }
    func total(_ chosen: [Int], _ widthOf: (Int) -> Int) -> Int {
      chosen.reduce(Self.gap.count * (chosen.count - 1)) { $0 + widthOf($1) }
    }
    var chosen = shown.filter { columns[$0].rank == 0 }
    // A column without a single value has nothing to tell.
    let optional = shown.filter { column in
      columns[column].rank > 0 && rows.contains { $0[column] != nil }
    }
    if total(shown, { natural[$0] }) <= width {
      chosen = shown
    } else {
      for column in optional.sorted(by: { columns[$0].rank > columns[$1].rank })
      where total(chosen + [column], { least($0, Self.comfortable) }) <= width {
        chosen.append(column)
      }
      chosen.sort()
    }
    var widths = natural
    for column in chosen { widths[column] = least(column, Self.shortest) }
    // What is left goes to the texts that lack most.
    while total(chosen, { widths[$0] }) < width,
      let column = chosen.max(by: { natural[$0] - widths[$0] < natural[$1] - widths[$1] }),
      widths[column] < natural[column]
    {
      widths[column] += 1
    }
    let leftOut = optional.filter { !chosen.contains($0) }.compactMap { columns[$0].title }
    return text(of: chosen, cells, widths, leftOut: leftOut)
  }

  private func text(
    of chosen: [Int], _ cells: [[String]], _ widths: [Int], leftOut: [String]
  ) -> Text {
    let isNumeric = columns.indices.map { column in
      cells.allSatisfy { $0[column].allSatisfy { $0.isNumber || "+-−.".contains($0) } }
    }
    var isShortened = false
    let lines = ([columns.map { $0.title ?? "" }] + cells).map { line in
      var text = chosen.map { column in
        let part = line[column].shortened(to: widths[column])
        isShortened = isShortened || part != line[column]
        let padding = String(repeating: " ", count: max(0, widths[column] - part.displayWidth))
        return isNumeric[column] ? padding + part : part + padding
      }.joined(separator: Self.gap)
      while text.last == " " { text.removeLast() }
      return text
    }
    return Text(lines: lines, leftOut: leftOut, isShortened: isShortened)
  }
}
