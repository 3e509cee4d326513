/// A text with its styles that is not yet cut into messages.
struct RenderedText: Sendable {
  /// Where one block ends and the next begins.
  struct Border: Sendable {
    var offset: Int
    /// Whether what is above it, such as a heading, belongs to what is below.
    var isWeak: Bool
  }

  private(set) var units: [UInt16] = []
  private(set) var styles: [StyledRange] = []
  private(set) var borders: [Border] = []
  private(set) var files: [MarkdownFile] = []
  private(set) var firstHeading: String?
  /// What the last block says, if it is short and no code: it may name the file that follows.
  private var textAbove = FormattedText("")
  private var isWeak = false

  /// Quotes that are longer are shown in part until somebody wants to read them.
  private static let longQuote = (units: 500, lines: 6)

  /// - Parameter fileThreshold: UTF-16 units from which on code comes as a file as well.
  mutating func append(_ piece: SourcePiece, fileThreshold: Int) {
    var quote: (id: Int, start: Int)?
    var isFirst = true
    let firstStyle = styles.count
    for block in Self.blocks(of: piece) {
      let isCode = if case .code = block.kind { true } else { false }
      if let open = quote, block.quote != open.id || isCode {
        addQuote(from: open.start)
        quote = nil
      }
      let start = append(block, join: isFirst ? piece.join : block.join, fileThreshold)
      guard let start else { continue }
      isFirst = false
      if let id = block.quote, !isCode, quote == nil { quote = (id, start) }
    }
    if let open = quote { addQuote(from: open.start) }
    styles[firstStyle...].sort { $0.order < $1.order }
  }

  /// Takes its beginning away, which must not be the whole.
  ///
  /// - Parameters:
  ///   - start: UTF-16 units.
  ///   - nextStyle: The first style that goes on to count.
  ///   - nextBorder: Likewise.
  mutating func removeBeginning(_ start: Int, nextStyle: Int, nextBorder: Int) {
    units.removeFirst(start)
    styles = styles[nextStyle...].filter { $0.range.upperBound > start }
      .map { $0.moved(by: -start) }
    borders = borders[nextBorder...].map {
      Border(offset: $0.offset - start, isWeak: $0.isWeak)
    }
  }

  /// - Parameter marksFormulas: Whether formulas within a line stay as they are, in their style.
  static func blocks(of piece: SourcePiece, marksFormulas: Bool = false) -> [Block] {
    switch piece.kind {
    case .code(let info):
      var block = Block(kind: .code(info: info))
      block.units = Array(String(decoding: piece.bytes, as: UTF8.self).utf16)
      while block.units.last == 0x0A { block.units.removeLast() }
      return [block]
    case .formula:
      return [Block(kind: .formula(String(decoding: piece.bytes, as: UTF8.self).trimmedOfBlanks))]
    case .markdown:
      let source = SourcePreparation.prepared(piece.bytes, marksFormulas: marksFormulas)
      if let blocks = MarkdownParser.blocks(of: source, hasMarkedFormulas: marksFormulas) {
        return blocks
      }
      var block = Block(kind: .paragraph)
      block.units = Array(String(decoding: piece.bytes, as: UTF8.self).trimmedOfBlanks.utf16)
      return [block]
    }
  }

  /// Returns where its text begins; `nil` if it has none.
  private mutating func append(_ block: Block, join: Block.Join, _ threshold: Int) -> Int? {
    let (text, styles, style) = content(of: block)
    guard text.contains(where: { !$0.isBlank }) else { return nil }
    if !units.isEmpty {
      units += join.units
      switch join {
      case .paragraph, .line: borders.append(Border(offset: units.count, isWeak: isWeak))
      case .sameLine, .sameLineAfterSpace: break
      }
    }
    let start = units.count
    units.append(sparingly: text)
    self.styles += styles.map { $0.moved(by: start) }
    if let style { self.styles.append(StyledRange(style, start..<units.count)) }
    if case .code(let info) = block.kind, text.count > threshold {
      let name = FileName.ofCode(info: info, above: textAbove)
      files.append(
        MarkdownFile(
          name: FileName.distinct(name, from: files), content: String(units: text[...]) + "\n"))
    }
    textAbove =
      style == nil && text.count <= 200
      ? FormattedText(String(units: text[...]), styles: styles) : FormattedText("")
    if case .heading = block.kind {
      isWeak = true
      firstHeading = firstHeading ?? textAbove.text
    } else {
      isWeak = style == nil && text.count <= 200 && text.last == 0x3A
    }
    return start
  }

  /// Its text, and either styles of some of it or one of the whole.
  private func content(of block: Block) -> ([UInt16], [StyledRange], StyledRange.Style?) {
    switch block.kind {
    case .paragraph, .heading, .rule: return (block.units, block.styles, nil)
    case .code(let info):
      return (block.units, [], .preformatted(language: MarkdownFile.language(of: info)))
    case .table(let table):
      if let grid = TableLayout.grid(table) {
        return (Array(grid.utf16), [], .preformatted(language: nil))
      }
      let lines = TableLayout.lines(table)
      return (lines.units, lines.styles, nil)
    case .formula(let source):
      if let text = Formula.unicode(source) { return (Array(text.utf16), [], nil) }
      return (Array(source.utf16), [], .preformatted(language: "latex"))
    }
  }

  private mutating func addQuote(from start: Int) {
    guard let range = units.trimmedOfBlanks(start..<units.count) else { return }
    let lines = units[range].count { $0 == 0x0A } + 1
    let isLong = range.count > Self.longQuote.units || lines > Self.longQuote.lines
    styles.append(StyledRange(isLong ? .expandableQuote : .quote, range))
  }
}

extension [StyledRange] {
  /// Most are already.
  var inOrder: [StyledRange] {
    let isInOrder = zip(self, dropFirst()).allSatisfy { $0.order <= $1.order }
    return isInOrder ? self : sorted { $0.order < $1.order }
  }
}

extension StyledRange {
  /// What would begin before the text begins with it.
  func moved(by count: Int) -> StyledRange {
    StyledRange(style, max(0, range.lowerBound + count)..<(range.upperBound + count))
  }

  /// What lies within another comes after it; a quote lies in nothing.
  fileprivate var order: (Int, Int, Int) {
    let isQuote = style == .quote || style == .expandableQuote
    return (range.lowerBound, -range.upperBound, isQuote ? 0 : 1)
  }
}
