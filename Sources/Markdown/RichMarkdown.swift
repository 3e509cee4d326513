/// A whole text of Markdown as a message of blocks, such as tables and formulas, which the clients
/// of people lay out themselves.
package struct RichMarkdown: Sendable, Equatable {
  package private(set) var blocks: [RichBlock] = []
  /// Whether it holds what bare text with styles shows less well: a table, or a formula that takes
  /// more than Unicode.
  package private(set) var needsBlocks = false

  package init(_ source: String) {
    var pieces = SourcePieces()
    pieces.append(source)
    for piece in pieces.removeFinished() + pieces.rest { add(piece) }
  }

  private mutating func add(_ piece: SourcePiece) {
    var tree = BlockTree()
    for block in RenderedText.blocks(of: piece, marksFormulas: true) {
      note(block)
      tree.add(block)
    }
    var new = tree.finished
    // A line that was too long to be read at once goes on.
    if case .paragraph(let next)? = new.first, case .paragraph(let last)? = blocks.last,
      piece.join == .sameLine || piece.join == .sameLineAfterSpace
    {
      blocks[blocks.count - 1] = .paragraph(
        last.joined(to: next, by: piece.join == .sameLine ? "" : " "))
      new.removeFirst()
    }
    blocks += new
  }

  private mutating func note(_ block: Block) {
    switch block.kind {
    case .table, .formula: needsBlocks = true
    default:
      needsBlocks =
        needsBlocks
        || block.styles.contains { styled in
          guard styled.style == .formula else { return false }
          return Formula.unicode(String(units: block.units[styled.range])) == nil
        }
    }
  }
}

package indirect enum RichBlock: Sendable, Equatable {
  case paragraph(FormattedText)
  case heading(FormattedText, level: Int)
  case code(String, language: String?)
  case table(Table)
  /// In LaTeX.
  case formula(String)
  case rule
  case quote([RichBlock])
  case list([RichItem])
}

package struct RichItem: Sendable, Equatable {
  package var mark: ItemMark
  /// At least one.
  package var blocks: [RichBlock]
}

/// Makes a tree of blocks that come in a row.
private struct BlockTree {
  /// Deeper lists are shown as those.
  private static let maximumDepth = 4

  private var blocks: [RichBlock] = []
  private var lists: [[RichItem]] = []
  private var quote: (id: Int, blocks: [Block])?

  mutating func add(_ block: Block) {
    if let open = quote, open.id != block.quote { closeQuote() }
    guard let id = block.quote else { return place(block) }
    if quote == nil { quote = (id, []) }
    quote?.blocks.append(block)
  }

  var finished: [RichBlock] {
    var tree = self
    tree.closeQuote()
    tree.closeLists(deeperThan: 0)
    return tree.blocks
  }

  private mutating func closeQuote() {
    guard let quoted = quote?.blocks else { return }
    quote = nil
    var tree = BlockTree()
    for block in quoted { tree.place(block) }
    let inner = tree.finished
    guard !inner.isEmpty else { return }
    closeLists(deeperThan: 0)
    blocks.append(.quote(inner))
  }

  private mutating func place(_ block: Block) {
    let depth = min(block.listDepth, Self.maximumDepth)
    closeLists(deeperThan: depth)
    if let mark = block.mark, depth > 0 {
      if lists.count == depth, let last = lists[depth - 1].last,
        (last.mark.number == nil) != (mark.number == nil)
      {
        closeLists(deeperThan: depth - 1)
      }
      while lists.count < depth { lists.append([]) }
      lists[depth - 1].append(RichItem(mark: mark, blocks: []))
    }
    if let content = Self.content(of: block) { append(content) }
  }

  private mutating func append(_ block: RichBlock) {
    guard let list = lists.lastIndex(where: { !$0.isEmpty }) else { return blocks.append(block) }
    lists[list][lists[list].count - 1].blocks.append(block)
  }

  private mutating func closeLists(deeperThan depth: Int) {
    while lists.count > depth {
      let items = lists.removeLast().filter { !$0.blocks.isEmpty }
      if !items.isEmpty { append(.list(items)) }
    }
  }

  /// `nil` for what says nothing.
  private static func content(of block: Block) -> RichBlock? {
    switch block.kind {
    case .rule: return .rule
    case .formula(let source): return source.isEmpty ? nil : .formula(source)
    case .table(let table): return .table(table)
    case .code(let info):
      let text = String(units: block.units[...])
      guard !text.trimmedOfBlanks.isEmpty else { return nil }
      return .code(text, language: MarkdownFile.language(of: info))
    case .heading(let level):
      var text = block.text
      // It is bold as a heading.
      text.styles.removeAll { $0.style == .bold }
      return text.text.isEmpty ? nil : .heading(text, level: level)
    case .paragraph: return block.text.text.isEmpty ? nil : .paragraph(block.text)
    }
  }
}

extension Block {
  /// Without the item's mark and its indentation, and trimmed.
  fileprivate var text: FormattedText {
    if indentation == (0, 0) { return units.text(styles) }
    var kept: [UInt16] = []
    /// For each unit, and for the end, where it is in what is kept.
    var places: [Int] = []
    places.reserveCapacity(units.count + 1)
    var dropped = 0..<min(indentation.first, units.count)
    for (index, unit) in units.enumerated() {
      places.append(kept.count)
      if dropped.contains(index) { continue }
      kept.append(unit)
      if unit == 0x0A { dropped = index + 1..<index + 1 + indentation.further }
    }
    places.append(kept.count)
    return kept.text(
      styles.map {
        StyledRange($0.style, places[$0.range.lowerBound]..<places[$0.range.upperBound])
      })
  }
}

extension [UInt16] {
  /// Trimmed.
  func text(_ styles: [StyledRange]) -> FormattedText {
    guard let whole = trimmedOfBlanks(0..<count) else { return FormattedText("") }
    let inner = styles.compactMap { styled -> StyledRange? in
      let range = styled.range.clamped(to: whole)
      return range.isEmpty ? nil : StyledRange(styled.style, range).moved(by: -whole.lowerBound)
    }
    return FormattedText(String(units: self[whole]), styles: inner.inOrder)
  }
}

extension FormattedText {
  fileprivate func joined(to next: FormattedText, by space: String) -> FormattedText {
    let start = text.utf16.count + space.utf16.count
    return FormattedText(
      text + space + next.text, styles: styles + next.styles.map { $0.moved(by: start) })
  }
}
