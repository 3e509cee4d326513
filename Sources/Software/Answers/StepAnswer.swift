/// What a coding model answers: files and changes of files, with a few words beside them.
///
/// The format is the one that `StepAnswer.format` tells models: new files whole between fences,
/// under their path, and changes as aider's SEARCH/REPLACE blocks
/// (aider.chat/docs/more/edit-formats.html). Models slip from it in known ways, which are
/// understood: a path as a heading, in backticks or behind the fence, blocks within fences, CRLF, a
/// path that is named once for several blocks.
package struct StepAnswer: Sendable, Equatable {
  /// In bytes; a model writes some 100 kB in one answer at most.
  package static let maximumBytes = 1_048_576
  package static let maximumNote = 1_500
  /// Of all files.
  package static let maximumEdits = 300

  /// In their order, those of a file that follow each other as one.
  package private(set) var changes: [FileChange] = []
  /// What the model says beside them, in its own words.
  package private(set) var note = ""
  /// Within what the answer broke off, if it did; `changes` has nothing of that.
  package private(set) var unfinished: String?

  /// - Parameter isCutOff: Whether the provider says that the answer is not at its end.
  /// - Throws: What is wrong, if a part of the answer is no whole change, or nothing in it is one.
  package init(parsing text: String, isCutOff: Bool = false) throws(SoftwareError) {
    guard text.utf8.count <= Self.maximumBytes else { throw .answerTooLong }
    // A line that is not at its end may become another: what closes a block, for one.
    let end = text.utf8.lastIndex(of: UInt8(ascii: "\n")) ?? text.startIndex
    var parser = StepAnswerParser(isCutOff ? String(text[..<end]) : text)
    try parser.parse()
    if isCutOff { parser.breakOff() }
    changes = parser.changes
    note = parser.prose.joined(separator: "\n").paragraphs(upTo: Self.maximumNote)
    unfinished = parser.unfinished
    if changes.isEmpty { throw unfinished.map(SoftwareError.cutOff) ?? .noChanges }
  }
}

/// The reading of an answer, line by line.
struct StepAnswerParser {
  private let lines: [String]
  private var index = 0
  private var edits = 0
  /// The file that was named last, which a block without a path belongs to: where its lines stand
  /// once, it is the right one.
  private var lastPath: ProjectPath?
  /// Whether the last change is a file that a fence of its own may have ended.
  private var isLastDoubtful = false

  private(set) var changes: [FileChange] = []
  private(set) var prose: [String] = []
  private(set) var unfinished: String?

  init(_ text: String) {
    lines = text.lines
  }

  mutating func parse() throws(SoftwareError) {
    while index < lines.count, unfinished == nil {
      let line = lines[index]
      if let fence = Fence(opening: line) {
        try readFenced(fence)
      } else if line.isSearchMark {
        try readBlocks(until: nil)
      } else if line.isDeleteMark {
        guard let path = try takePathAbove() else { throw .brokenBlock("DELETE") }
        append(.delete(path))
        index += 1
      } else {
        if let path = PathLine.mentioned(in: line) { lastPath = path }
        // Of blank lines one is enough, and what is above a block is near it.
        if !line.isBlankLine || prose.last?.isBlankLine == false { prose.append(line) }
        index += 1
      }
    }
  }

  /// What stands between fences: a whole file, blocks, or an example that is no part of the answer.
  private mutating func readFenced(_ fence: Fence) throws(SoftwareError) {
    let first = lines[(index + 1)...].firstIndex { !$0.isBlankLine } ?? lines.count
    let second = lines.dropFirst(first + 1).firstIndex { !$0.isBlankLine } ?? lines.count
    let path = try namedPath(of: fence)
    if first < lines.count, lines[first].isSearchMark {
      lastPath = path ?? lastPath
      index = first
      return try readBlocks(until: fence)
    }
    if second < lines.count, lines[second].isSearchMark,
      let inner = try PathLine(lines[first])?.path, path == nil || path == inner
    {
      lastPath = inner
      index = second
      return try readBlocks(until: fence)
    }
    let start = index + 1
    guard let end = fence.end(in: lines, from: start) else {
      unfinished = path?.text
      index = lines.count
      return
    }
    index = end + 1
    // An example, such as how to run it.
    guard let path else { return }
    append(.write(path, lines[start..<end].block))
    lastPath = nil
    if fence.length == 3 {
      isLastDoubtful = true
      try checkWhatFollows(path, isMarkdown: path.isMarkdown || fence.isMarkdown)
    }
  }

  /// A file may have fences of its own, and a Markdown file mostly has. Between fences as short as
  /// those, it is taken only where nothing follows that looks like its rest.
  private func checkWhatFollows(
    _ path: ProjectPath, isMarkdown: Bool
  ) throws(SoftwareError) {
    let next = isMarkdown ? lines[index...].first { !$0.isBlankLine } : lines[index...].first
    guard let next, !next.isBlankLine, !next.isSearchMark, try PathLine(next) == nil
    else { return }
    if let fence = Fence(opening: next), try fence.path != nil { return }
    throw .fencesUnclear(path)
  }

  /// Takes back what may be a part alone, where the answer is not at its end.
  mutating func breakOff() {
    if isLastDoubtful, unfinished == nil, let last = changes.popLast() {
      unfinished = last.path.text
    }
    unfinished = unfinished ?? "the answer"
  }

  /// One SEARCH/REPLACE block after the other.
  ///
  /// - Parameter fence: Around them.
  private mutating func readBlocks(until fence: Fence?) throws(SoftwareError) {
    while index < lines.count, unfinished == nil {
      let line = lines[index]
      if line.isSearchMark {
        try readBlock()
      } else if let fence {
        if fence.isClosed(by: line) {
          index += 1
          return
        }
        if let path = try PathLine(line)?.path { lastPath = path }
        index += 1
      } else {
        return
      }
    }
  }

  private mutating func readBlock() throws(SoftwareError) {
    if let path = try takePathAbove() { lastPath = path }
    guard let path = lastPath else { throw .brokenBlock("an unnamed file") }
    var (search, replace, isReplace) = ([String](), [String](), false)
    index += 1
    while index < lines.count {
      let line = lines[index]
      index += 1
      if line.isReplaceMark {
        guard isReplace else { throw .brokenBlock(path.text) }
        edits += 1
        guard edits <= StepAnswer.maximumEdits else { throw .answerTooLong }
        return append(.edit(path, [.init(search: search.block, replace: replace.block)]))
      }
      if line.isDivider {
        // Which of two divides is not to be guessed.
        guard !isReplace else { throw .brokenBlock(path.text) }
        isReplace = true
      } else if line.isSearchMark {
        throw .brokenBlock(path.text)
      } else if isReplace {
        replace.append(line)
      } else {
        search.append(line)
      }
    }
    unfinished = path.text
  }

  private mutating func append(_ change: FileChange) {
    isLastDoubtful = false
    if case .edit(let path, let new) = change, case .edit(path, let edits)? = changes.last {
      changes[changes.count - 1] = .edit(path, edits + new)
    } else {
      changes.append(change)
    }
  }

  /// By what stands behind the fence, or else above it.
  private mutating func namedPath(of fence: Fence) throws(SoftwareError) -> ProjectPath? {
    let above = try takePathAbove()
    return try fence.path ?? above
  }

  /// The path in the last line of the prose, which then is none.
  private mutating func takePathAbove() throws(SoftwareError) -> ProjectPath? {
    guard let place = prose.lastIndex(where: { !$0.isBlankLine }),
      let path = try PathLine(prose[place])?.path
    else { return nil }
    prose.removeSubrange(place...)
    return path
  }
}

extension Collection<String> {
  fileprivate var block: String { isEmpty ? "" : joined(separator: "\n") + "\n" }
}

extension ProjectPath {
  fileprivate var isMarkdown: Bool {
    [".md", ".markdown", ".mdx"].contains { text.lowercased().hasSuffix($0) }
  }
}
