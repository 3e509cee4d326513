import Markdown
import TelegramBotAPI

/// Whether answers come as messages of blocks. Bot API, *sendRichMessage*.
package enum RichMessages: String, Sendable, CaseIterable {
  /// Web and older clients show nothing of such a message.
  case never
  /// Those that hold a table or a formula.
  case whenNeeded = "when_needed"
}

extension OutboxMessage {
  /// An answer as one message of blocks; `nil` where text shows it as well, or it does not fit.
  init?(richly reply: Reply) {
    guard reply.richMessages == .whenNeeded, reply.table == nil, let markdown = reply.markdown,
      !markdown.utf8.contains(0)
    else { return nil }
    let rich = RichMarkdown(markdown)
    guard rich.needsBlocks else { return nil }
    self.init(text: reply.text)
    self.markdown = markdown
    guard (try? check()) != nil else { return nil }
  }
}

extension InputRichMessage {
  /// - Parameter text: Stands below, as it is.
  init(markdown: String, below text: String) {
    let paragraphs = RichMarkdown.paragraphs(of: text)
    self.init((RichMarkdown(markdown).blocks + paragraphs).map(InputRichBlock.init))
  }
}

extension RichMarkdown {
  fileprivate static func paragraphs(of text: String) -> [RichBlock] {
    TextSplitter.split(text, limit: TelegramLimits.richText).map { .paragraph(FormattedText($0)) }
  }
}

extension InputRichBlock {
  fileprivate init(_ block: RichBlock) {
    switch block {
    case .paragraph(let text): self = .paragraph(InputRichText(text))
    case .heading(let text, let level): self = .heading(InputRichText(text), size: level)
    case .code(let text, let language): self = .code(text, language: language)
    case .table(let table): self = .table(Self.cells(of: table))
    case .formula(let source): self = .formula(source)
    case .rule: self = .divider
    case .quote(let blocks): self = .quote(blocks.map(Self.init))
    case .list(let items):
      self = .list(
        items.map { item in
          InputRichItem(
            item.blocks.map(Self.init), number: item.mark.number, isDone: item.mark.isDone)
        })
    }
  }

  /// Each row has as many as the first.
  private static func cells(of table: Table) -> [[InputRichCell]] {
    let count = table.rows.first?.count ?? 0
    return table.rows.map { row in
      (0..<count).map { column in
        let alignment = column < table.alignments.count ? table.alignments[column] : .left
        return InputRichCell(
          column < row.count ? InputRichText(row[column]) : .plain(""),
          InputRichCell.Alignment(alignment))
      }
    }
  }
}

extension InputRichCell.Alignment {
  fileprivate init(_ alignment: Table.Alignment) {
    self =
      switch alignment {
      case .left: .left
      case .center: .center
      case .right: .right
      }
  }
}

extension InputRichText {
  /// Styles lie in one another, and none in itself, so this goes no deeper than there are styles.
  fileprivate init(_ text: FormattedText) {
    var next = 0
    self.init(Array(text.text.utf16), text.styles, &next, 0..<text.text.utf16.count)
  }

  private init(
    _ units: [UInt16], _ styles: [StyledRange], _ next: inout Int, _ range: Range<Int>
  ) {
    var parts: [InputRichText] = []
    var start = range.lowerBound
    func add(upTo end: Int) {
      guard end > start else { return }
      parts.append(.plain(String(decoding: units[start..<end], as: UTF16.self)))
      start = end
    }
    while next < styles.count, styles[next].range.lowerBound < range.upperBound {
      let styled = styles[next]
      next += 1
      add(upTo: styled.range.lowerBound)
      let inner = InputRichText(units, styles, &next, styled.range)
      parts.append(
        inner.styled(styled.style, String(decoding: units[styled.range], as: UTF16.self)))
      start = styled.range.upperBound
    }
    add(upTo: range.upperBound)
    self = parts.count == 1 ? parts[0] : parts.isEmpty ? .plain("") : .row(parts)
  }

  private func styled(_ style: StyledRange.Style, _ text: String) -> InputRichText {
    switch style {
    case .bold: .styled(.bold, self)
    case .italic: .styled(.italic, self)
    case .strikethrough: .styled(.strikethrough, self)
    case .code, .preformatted: .styled(.code, .plain(text))
    case .link(let url): .link(self, url: url)
    case .formula: .formula(text)
    // They are blocks here.
    case .quote, .expandableQuote: self
    }
  }
}
