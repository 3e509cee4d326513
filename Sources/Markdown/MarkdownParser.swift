import CMD4C

/// Reads one piece of Markdown with md4c: CommonMark with GitHub's tables, strikethrough and task
/// lists; HTML is text like any other, and so are definitions of references.
enum MarkdownParser {
  /// Permissive autolinks are left out, since Telegram finds links itself and md4c 0.4.8 takes
  /// quadratic time for them. What is indented without a fence is hardly ever meant as code.
  private static let flags = UInt32(
    MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML
      | MD_FLAG_NOINDENTEDCODEBLOCKS)

  /// `nil` for what would take too long: nobody has written it to be read.
  ///
  /// - Parameter hasMarkedFormulas: Whether code is a formula that begins with the mark of those.
  static func blocks(of source: [UInt8], hasMarkedFormulas: Bool = false) -> [Block]? {
    let collector = BlockCollector(
      sourceLength: source.count, hasEmptyLine: source.contains([.newline, .newline]),
      hasMarkedFormulas: hasMarkedFormulas)
    var parser = MD_PARSER()
    parser.flags = flags
    parser.enter_block = { kind, detail, context in collect(context) { $0.enter(kind, detail) } }
    parser.leave_block = { kind, _, context in collect(context) { $0.leave(kind) } }
    parser.enter_span = { kind, detail, context in collect(context) { $0.enter(kind, detail) } }
    parser.leave_span = { kind, _, context in collect(context) { $0.leave(kind) } }
    parser.text = { kind, text, size, context in
      let bytes = UnsafeRawBufferPointer(start: text, count: Int(size))
      return collect(context) { $0.add(kind, bytes) }
    }
    let result = source.withUnsafeBytes { buffer in
      md_parse(
        buffer.bindMemory(to: CChar.self).baseAddress, UInt32(buffer.count), &parser,
        Unmanaged.passUnretained(collector).toOpaque())
    }
    return result == 0 ? collector.blocks : nil
  }
}

private func collect(
  _ context: UnsafeMutableRawPointer?, _ body: (BlockCollector) -> Void
) -> Int32 {
  guard let context else { return 1 }
  let collector = Unmanaged<BlockCollector>.fromOpaque(context).takeUnretainedValue()
  body(collector)
  return collector.isTooMuch ? 1 : 0
}

/// A class, since md4c hands it on as a pointer.
private final class BlockCollector {
  private(set) var blocks: [Block] = []
  /// A table's missing cells are told one by one, so a small source can make any number.
  var isTooMuch: Bool { calls > maximumCalls }

  private struct List {
    var next: Int?
    var isTight: Bool
  }

  private struct Span {
    var style: StyledRange.Style?
    var start: Int
    var address: String?
  }

  private let maximumCalls: Int
  /// Without one, all blocks stand right below one another, as they were written.
  private let hasEmptyLine: Bool
  private let hasMarkedFormulas: Bool
  private var beginsList = false
  private var calls = 0
  private var lists: [List] = []
  private var quoteDepth = 0
  private var quotes = 0
  /// The mark of an item that has no text yet.
  private var mark: ItemMark?
  private var leaf: Block?
  /// What stands before each further line of the leaf.
  private var hang: [UInt16] = []
  private var spans: [Span] = []
  private var isBold = false
  private var table: Table?
  private var isHead = false

  init(sourceLength: Int, hasEmptyLine: Bool, hasMarkedFormulas: Bool) {
    maximumCalls = 16 * sourceLength + 1_000
    self.hasEmptyLine = hasEmptyLine
    self.hasMarkedFormulas = hasMarkedFormulas
  }

  // MARK: - Blocks

  func enter(_ kind: MD_BLOCKTYPE, _ detail: UnsafeMutableRawPointer?) {
    calls += 1
    switch kind {
    case MD_BLOCK_DOC: break
    case MD_BLOCK_QUOTE:
      finishLeaf()
      quoteDepth += 1
      if quoteDepth == 1 { quotes += 1 }
    case MD_BLOCK_UL, MD_BLOCK_OL:
      finishLeaf()
      finishEmptyItem()
      beginsList = lists.isEmpty
      lists.append(Self.list(kind, detail))
    case MD_BLOCK_LI:
      finishLeaf()
      mark = nextMark(detail)
    case MD_BLOCK_H:
      let level = detail?.load(as: MD_BLOCK_H_DETAIL.self).level ?? 1
      begin(.heading(level: Int(level)))
      spans.append(Span(style: .bold, start: leaf?.units.count ?? 0))
      isBold = true
    case MD_BLOCK_CODE:
      let info = detail?.load(as: MD_BLOCK_CODE_DETAIL.self).info
      begin(.code(info: info.map(Self.text) ?? ""))
    case MD_BLOCK_TABLE:
      finishLeaf()
      table = Table()
    case MD_BLOCK_THEAD: isHead = true
    case MD_BLOCK_TBODY: isHead = false
    case MD_BLOCK_TR: table?.rows.append([])
    case MD_BLOCK_TH, MD_BLOCK_TD: beginCell(detail)
    case MD_BLOCK_HR:
      begin(.rule)
      leaf?.units += Array("———".utf16)
      finishLeaf()
    default: begin(.paragraph)
    }
  }

  func leave(_ kind: MD_BLOCKTYPE) {
    switch kind {
    case MD_BLOCK_QUOTE:
      finishLeaf()
      quoteDepth -= 1
    case MD_BLOCK_UL, MD_BLOCK_OL:
      finishLeaf()
      lists.removeLast()
    case MD_BLOCK_LI:
      finishLeaf()
      finishEmptyItem()
    case MD_BLOCK_H:
      closeSpan()
      isBold = false
      finishLeaf()
    case MD_BLOCK_TH, MD_BLOCK_TD:
      finishCell()
    case MD_BLOCK_TABLE:
      guard let table else { return }
      self.table = nil
      begin(.table(table))
      finishLeaf()
    case MD_BLOCK_P, MD_BLOCK_CODE, MD_BLOCK_HTML: finishLeaf()
    default: break
    }
  }

  private static func list(_ kind: MD_BLOCKTYPE, _ detail: UnsafeMutableRawPointer?) -> List {
    if kind == MD_BLOCK_OL, let ordered = detail?.load(as: MD_BLOCK_OL_DETAIL.self) {
      return List(next: Int(ordered.start), isTight: ordered.is_tight != 0)
    }
    return List(isTight: detail?.load(as: MD_BLOCK_UL_DETAIL.self).is_tight != 0)
  }

  private func nextMark(_ detail: UnsafeMutableRawPointer?) -> ItemMark {
    var mark = ItemMark(number: lists.last?.next)
    if let number = mark.number { lists[lists.count - 1].next = number + 1 }
    if let item = detail?.load(as: MD_BLOCK_LI_DETAIL.self), item.is_task != 0 {
      mark.isDone = item.task_mark != CChar(UInt8(ascii: " "))
    }
    return mark
  }

  /// Four levels of indentation are as much as a telephone has room for.
  private var indentation: Int { 3 * min(max(lists.count - 1, 0), 4) }

  private func begin(_ kind: Block.Kind) {
    finishLeaf()
    var block = Block(kind: kind)
    block.listDepth = lists.count
    block.quote = quoteDepth > 0 ? quotes : nil
    let isTight = lists.last?.isTight == true && !beginsList
    block.join = isTight || !hasEmptyLine ? .line : .paragraph
    beginsList = false
    let mark = self.mark
    self.mark = nil
    spans = []
    guard lists.count > 0 else {
      hang = []
      leaf = block
      return
    }
    let spaces = [UInt16](repeating: 0x20, count: indentation)
    hang = spaces + [UInt16](repeating: 0x20, count: lists.last?.next == nil ? 2 : 3)
    switch kind {
    // It stands below the mark, so that it is copied as it is.
    case .code, .table:
      if let mark {
        var line = block
        line.kind = .paragraph
        line.units = spaces + Array(mark.text.trimmedOfBlanks.utf16)
        line.mark = mark
        line.indentation = (line.units.count, 0)
        blocks.append(line)
        block.join = .line
      }
    default:
      block.units = mark.map { spaces + Array($0.text.utf16) } ?? hang
      block.mark = mark
      block.indentation = (block.units.count, hang.count)
    }
    leaf = block
  }

  private func finishEmptyItem() {
    if mark != nil {
      begin(.paragraph)
      finishLeaf()
    }
  }

  private func finishLeaf() {
    guard var block = leaf, table == nil else { return }
    leaf = nil
    while !spans.isEmpty { closeSpan(in: &block) }
    if case .code = block.kind {
      while block.units.last == 0x0A { block.units.removeLast() }
    }
    block.keepCodeToItself()
    blocks.append(block)
  }

  private func beginCell(_ detail: UnsafeMutableRawPointer?) {
    leaf = Block(kind: .paragraph)
    hang = []
    spans = []
    guard isHead, let cell = detail?.load(as: MD_BLOCK_TD_DETAIL.self) else { return }
    let alignment: Table.Alignment =
      switch cell.align {
      case MD_ALIGN_CENTER: .center
      case MD_ALIGN_RIGHT: .right
      default: .left
      }
    table?.alignments.append(alignment)
  }

  private func finishCell() {
    guard var table = self.table, !table.rows.isEmpty, var cell = leaf else { return }
    while !spans.isEmpty { closeSpan(in: &cell) }
    cell.keepCodeToItself()
    (self.table, leaf) = (nil, nil)
    table.rows[table.rows.count - 1].append(cell.units.text(cell.styles))
    self.table = table
  }

  // MARK: - Spans and text

  func enter(_ kind: MD_SPANTYPE, _ detail: UnsafeMutableRawPointer?) {
    calls += 1
    if leaf == nil { begin(.paragraph) }
    let start = leaf?.units.count ?? 0
    let isInLink = spans.contains { $0.address != nil }
    switch kind {
    case MD_SPAN_A where !isInLink:
      let address = detail.map { Self.text($0.load(as: MD_SPAN_A_DETAIL.self).href) }
      spans.append(Span(start: start, address: address))
    case MD_SPAN_IMG where !isInLink:
      let address = detail.map { Self.text($0.load(as: MD_SPAN_IMG_DETAIL.self).src) }
      spans.append(Span(start: start, address: address))
    case MD_SPAN_CODE: spans.append(Span(style: isInLink ? nil : .code, start: start))
    default: spans.append(Span(style: style(of: kind), start: start))
    }
  }

  /// `nil` for what is in that style already.
  private func style(of kind: MD_SPANTYPE) -> StyledRange.Style? {
    let style: StyledRange.Style
    switch kind {
    case MD_SPAN_EM: style = .italic
    case MD_SPAN_STRONG: style = .bold
    case MD_SPAN_DEL: style = .strikethrough
    default: return nil
    }
    return spans.contains { $0.style == style } ? nil : style
  }

  func leave(_ kind: MD_SPANTYPE) {
    closeSpan()
  }

  private func closeSpan() {
    guard var block = leaf else { return }
    // Else each span would copy those before it.
    leaf = nil
    closeSpan(in: &block)
    leaf = block
  }

  private func closeSpan(in block: inout Block) {
    guard let span = spans.popLast() else { return }
    if let address = span.address { return close(span, to: address, in: &block) }
    guard var style = span.style else { return }
    if hasMarkedFormulas, style == .code, block.units.count > span.start,
      block.units[span.start] == UInt16(SourcePreparation.formulaMark)
    {
      block.units.remove(at: span.start)
      style = .formula
    }
    let range = span.start..<block.units.count
    if let inner = style.isCode ? range : block.units.trimmedOfBlanks(range), !inner.isEmpty {
      block.styles.append(StyledRange(style, inner))
    }
  }

  /// An address that is no link is shown, since it is a part of what was written.
  private func close(_ span: Span, to address: String, in block: inout Block) {
    let range = block.units.trimmedOfBlanks(span.start..<block.units.count)
    let text = range.map { String(units: block.units[$0]) }
    guard let range, let text else {
      block.units += Array(address.utf16)
      return
    }
    if LinkAddress.isAllowed(address) {
      if text != address { block.styles.append(StyledRange(.link(url: address), range)) }
    } else if text != address, !address.isEmpty {
      block.units += Array(" (\(address))".utf16)
    }
  }

  func add(_ kind: MD_TEXTTYPE, _ bytes: UnsafeRawBufferPointer) {
    calls += 1
    if leaf == nil { begin(.paragraph) }
    switch kind {
    case MD_TEXT_NULLCHAR: break
    case MD_TEXT_BR, MD_TEXT_SOFTBR: leaf?.units += [0x0A] + hang
    case MD_TEXT_ENTITY:
      leaf?.units += Array(
        CharacterReference.text(of: String(decoding: bytes, as: UTF8.self)).utf16)
    default: add(bytes)
    }
  }

  /// With its breaks, and without what its preparation has added.
  private func add(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.contains(where: { $0 < 0x0D && $0 != .tab }) else {
      leaf?.units.append(utf8: bytes)
      return
    }
    var kept: [UInt8] = []
    func keep() {
      kept.withUnsafeBytes { leaf?.units.append(utf8: $0) }
      kept = []
    }
    for byte in bytes where !SourcePreparation.isAdded(byte) {
      if byte == SourcePreparation.lineBreak {
        keep()
        leaf?.units += [0x0A] + hang
      } else {
        kept.append(byte)
      }
    }
    keep()
  }

  private static func text(_ attribute: MD_ATTRIBUTE) -> String {
    guard let start = attribute.text else { return "" }
    return String(
      decoding: UnsafeRawBufferPointer(start: start, count: Int(attribute.size))
        .filter { !SourcePreparation.isAdded($0) }, as: UTF8.self
    ).replacingCharacterReferences
  }
}
