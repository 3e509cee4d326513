/// A part of the source that is read on its own: what is finished is read once, and no input makes
/// a piece so large that reading it takes long.
struct SourcePiece: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case markdown
    /// Without its fences.
    case code(info: String)
    /// Without its marks.
    case formula
  }

  var kind: Kind
  var bytes: [UInt8]
  /// How its first block stands below the piece before.
  var join = Block.Join.paragraph
}

/// Cuts the source into pieces, line by line, as it comes in.
struct SourcePieces: Sendable {
  /// Bytes of one piece of Markdown. What is longer is read in several; an answer's paragraphs and
  /// lists are far shorter.
  static let maximumBytes = 8_192

  private(set) var finished: [SourcePiece] = []
  private var open: Open = .nothing
  private var openBytes: [UInt8] = []
  private var join = Block.Join.paragraph
  /// A list goes on after an empty line if what follows belongs to it.
  private var endsWithEmptyLine = false
  private var isList = false
  /// A fence within a list.
  private var innerFence: Fence?
  /// What is not yet a whole line.
  private var line: [UInt8] = []

  private enum Open: Sendable {
    case nothing, markdown
    case code(Fence)
    /// Until this closes it.
    case formula(closing: [UInt8])
  }

  mutating func append(_ source: String) {
    var bytes = source.utf8.makeIterator()
    while var byte = bytes.next() {
      // A control character says nothing in a chat; SQLite would end a text at a NUL.
      if byte == 0 || byte == UInt8(ascii: "\r") { continue }
      if byte < 0x20 && !byte.isBlank || byte == 0x7F { byte = .space }
      // Those of two bytes: to a terminal, U+009B is what the escape character and a bracket are.
      if byte == 0xC2, let second = bytes.next() {
        if second >= 0xA0 { line.append(byte) }
        byte = second < 0xA0 ? .space : second
      }
      if byte == .newline {
        take(line)
        line.removeAll(keepingCapacity: true)
      } else {
        line.append(byte)
        if line.count >= Self.maximumBytes { takeLongLine() }
      }
    }
  }

  mutating func removeFinished() -> [SourcePiece] {
    defer { finished = [] }
    return finished
  }

  /// What would follow the finished ones, were the source to end here.
  var rest: [SourcePiece] {
    var copy = self
    copy.finished = []
    if !copy.line.isEmpty { copy.take(copy.line) }
    copy.close()
    return copy.finished
  }

  // MARK: - Lines

  private mutating func take(_ line: [UInt8]) {
    switch open {
    case .code(let fence): return takeCode(line, fence)
    case .formula(let closing): return takeFormula(line, closing)
    case .nothing, .markdown: break
    }
    if let fence = innerFence {
      add(line)
      if fence.isClosed(by: line) { innerFence = nil }
      return
    }
    guard !line.isBlank else {
      if isList {
        endsWithEmptyLine = true
      } else {
        close()
        join = .paragraph
      }
      return
    }
    let isItem = line.isListItem
    if endsWithEmptyLine {
      let goesOn = isItem || line.indentation >= 2
      if goesOn { openBytes.append(.newline) } else { close() }
      endsWithEmptyLine = false
    }
    if let fence = Fence(opening: line) {
      guard isList, fence.indentation > 0 else {
        close(joining: .line)
        open = .code(fence)
        return
      }
      innerFence = fence
    } else if !isList, beginsFormula(line) {
      return
    }
    if case .nothing = open { isList = isItem }
    // A list that begins right below a paragraph may be followed by an empty line as well.
    if isItem { isList = true }
    add(line)
  }

  private mutating func add(_ line: [UInt8]) {
    if openBytes.count + line.count > Self.maximumBytes, !openBytes.isEmpty {
      let (wasList, fence) = (isList, innerFence)
      close(joining: .line)
      (isList, innerFence) = (wasList, fence)
    }
    open = .markdown
    openBytes += line
    openBytes.append(.newline)
  }

  private mutating func takeCode(_ line: [UInt8], _ fence: Fence) {
    if fence.isClosed(by: line) { return close(joining: .line) }
    openBytes += line.dropFirst(min(fence.indentation, line.indentation))
    openBytes.append(.newline)
  }

  /// `\[` or `$$` that begin a line begin a formula of its own.
  private mutating func beginsFormula(_ line: [UInt8]) -> Bool {
    let text = line.trimmed
    for (opening, closing) in [("\\[", "\\]"), ("$$", "$$")] where text.starts(with: opening.utf8) {
      var inner = Array(text.dropFirst(2))
      let closing = Array(closing.utf8)
      if inner.hasSuffix(closing) {
        inner.removeLast(2)
        // Two formulas on a line are left to the paragraph.
        guard !inner.isBlank, !inner.contains(closing) else { return false }
        close()
        openBytes = inner
        open = .formula(closing: closing)
        close()
        return true
      }
      guard !inner.contains(closing) else { return false }
      close()
      openBytes = inner
      open = .formula(closing: closing)
      return true
    }
    return false
  }

  private mutating func takeFormula(_ line: [UInt8], _ closing: [UInt8]) {
    let text = line.trimmed
    if text.hasSuffix(closing) {
      openBytes += [.newline] + text.dropLast(2)
      return close()
    }
    // No formula is this long, and none has an empty line: it was something else.
    if line.isBlank || openBytes.count + line.count > Self.maximumBytes {
      let opening = closing == Array("$$".utf8) ? "$$" : "\\["
      openBytes = Array(opening.utf8) + openBytes + [.newline]
      open = .markdown
      close()
      if !line.isBlank { take(line) }
      return
    }
    openBytes += [.newline] + text
  }

  /// A line that no piece could hold is read in several.
  private mutating func takeLongLine() {
    if case .code = open {
      openBytes += line
      line.removeAll(keepingCapacity: true)
      return
    }
    var end = line.lastIndex(of: .space) ?? 0
    let isSpace = end > line.count / 2
    if !isSpace { end = line.lastCharacterStart }
    let rest = Array(line[(isSpace ? end + 1 : end)...])
    take(Array(line[..<end]))
    close(joining: isSpace ? .sameLineAfterSpace : .sameLine)
    line = rest
  }

  private mutating func close(joining next: Block.Join = .paragraph) {
    defer {
      (open, isList, innerFence, endsWithEmptyLine) = (.nothing, false, nil, false)
      openBytes = []
    }
    let kind: SourcePiece.Kind
    switch open {
    case .nothing: return
    case .markdown: kind = .markdown
    case .code(let fence): kind = .code(info: fence.info)
    case .formula: kind = .formula
    }
    finished.append(SourcePiece(kind: kind, bytes: openBytes, join: join))
    join = next
  }
}

/// The line that opens a block of code. CommonMark, *Fenced code blocks*.
struct Fence: Sendable, Equatable {
  var indentation: Int
  var mark: UInt8
  var length: Int
  var info: String

  init?(opening line: [UInt8]) {
    let indentation = line.indentation
    guard let mark = line.dropFirst(indentation).first,
      mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~")
    else { return nil }
    let rest = line.dropFirst(indentation)
    let length = rest.prefix { $0 == mark }.count
    let info = rest.dropFirst(length)
    guard length >= 3, mark != UInt8(ascii: "`") || !info.contains(mark) else { return nil }
    self.indentation = indentation
    self.mark = mark
    self.length = length
    self.info = String(decoding: Array(info.prefix(200)).trimmed, as: UTF8.self)
  }

  func isClosed(by line: [UInt8]) -> Bool {
    let text = line.trimmed
    return text.count >= length && text.allSatisfy { $0 == mark }
  }
}
