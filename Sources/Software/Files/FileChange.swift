/// What is done to one file.
package enum FileChange: Sendable, Equatable {
  /// The whole file, new or instead of what was there.
  case write(ProjectPath, String)
  /// Some of its lines, one edit after the other.
  case edit(ProjectPath, [Edit])
  case delete(ProjectPath)

  /// Lines that stand once in a file, and what is to stand in their place.
  package struct Edit: Sendable, Equatable {
    package var search: String
    package var replace: String

    package init(search: String, replace: String) {
      self.search = search
      self.replace = replace
    }
  }

  package var path: ProjectPath {
    switch self {
    case .write(let path, _), .edit(let path, _), .delete(let path): path
    }
  }
}

extension FileChange.Edit {
  /// The file with this edit done.
  ///
  /// The lines are looked for as they stand. Where they are not there, spaces at the ends of lines
  /// are disregarded; then an indentation of the whole block that is too small or too large, and
  /// the new lines are indented like the old ones. In each of these ways they must be there once.
  func apply(to file: String, at path: ProjectPath) throws(SoftwareError) -> String {
    let wanted = search.linesOfBlock
    guard let first = wanted.first(where: { !$0.isBlankLine }) else { throw .emptySearch(path) }
    var lines = file.lines
    // The end of the last line is no line.
    let endsWithNewline = lines.last == ""
    if endsWithNewline { lines.removeLast() }
    for way in Match.Way.allCases {
      let matches = Match.all(of: wanted, in: lines, way)
      guard let match = matches.first else { continue }
      guard matches.count == 1 else {
        throw .searchNotUnique(path, line: first.line(upTo: 80), count: matches.count)
      }
      let new = match.indent(replace.linesOfBlock)
      lines.replaceSubrange(match.start..<match.start + wanted.count, with: new)
      return lines.joined(separator: "\n") + (endsWithNewline && !lines.isEmpty ? "\n" : "")
    }
    throw .searchNotFound(path, line: first.line(upTo: 80))
  }
}

/// Where lines stand in a file.
private struct Match {
  enum Way: CaseIterable {
    case exactly, withoutSpacesAtEnds, indentedOtherwise

    func compared(_ line: String) -> String {
      switch self {
      case .exactly: line
      case .withoutSpacesAtEnds: line.withoutSpacesAtEnd
      case .indentedOtherwise: String(line.withoutSpacesAtEnd.drop { $0 == " " || $0 == "\t" })
      }
    }
  }

  var start: Int
  /// What is put before each new line, and what is taken from there.
  var added = ""
  var removed = ""

  static func all(of wanted: [String], in lines: [String], _ way: Way) -> [Match] {
    let starts = lines.map(way.compared).starts(of: wanted.map(way.compared))
    guard way == .indentedOtherwise else { return starts.map { Match(start: $0) } }
    // More than a few are not one, whatever their indentation.
    return starts.prefix(20).compactMap { Match(start: $0, lines[$0...], wanted) }
  }

  init(start: Int) { self.start = start }

  /// `nil` unless all lines that are not blank differ by one and the same indentation.
  private init?(start: Int, _ found: ArraySlice<String>, _ wanted: [String]) {
    self.start = start
    var difference: (added: String, removed: String)?
    for (line, sought) in zip(found, wanted) where !sought.isBlankLine {
      let (there, here) = (line.indentation, sought.indentation)
      guard there.hasSuffix(here) || here.hasSuffix(there) else { return nil }
      let one =
        there.hasSuffix(here)
        ? (String(there.dropLast(here.count)), "") : ("", String(here.dropLast(there.count)))
      if let difference, difference != one { return nil }
      difference = one
    }
    guard let difference else { return nil }
    (added, removed) = difference
  }

  func indent(_ lines: [String]) -> [String] {
    lines.map { line in
      if line.isBlankLine { return line }
      return added + (line.hasPrefix(removed) ? String(line.dropFirst(removed.count)) : line)
    }
  }
}

extension [String] {
  /// Where `wanted` begins, also overlapping, in a time that grows with the sum of both lengths:
  /// the algorithm of Knuth, Morris and Pratt.
  fileprivate func starts(of wanted: [String]) -> [Int] {
    guard !wanted.isEmpty, wanted.count <= count else { return [] }
    // For each beginning of `wanted`, how long a shorter beginning its end is.
    var borders = [0]
    for line in wanted.dropFirst() {
      let length = Self.grow(borders[borders.count - 1], by: line, wanted, borders)
      borders.append(length)
    }
    var (starts, length) = ([Int](), 0)
    for (index, line) in enumerated() {
      if length == wanted.count { length = borders[length - 1] }
      length = Self.grow(length, by: line, wanted, borders)
      if length == wanted.count { starts.append(index + 1 - length) }
    }
    return starts
  }

  private static func grow(
    _ length: Int, by line: String, _ wanted: [String], _ borders: [Int]
  ) -> Int {
    var length = length
    while length > 0, wanted[length] != line { length = borders[length - 1] }
    return wanted[length] == line ? length + 1 : 0
  }
}

extension String {
  /// The lines of a text whose last line may lack its end.
  fileprivate var linesOfBlock: [String] {
    guard !isEmpty else { return [] }
    let lines = lines
    return lines.last == "" ? lines.dropLast() : lines
  }

  fileprivate var withoutSpacesAtEnd: String {
    var rest = self[...]
    while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
    return String(rest)
  }

  fileprivate var indentation: String { String(prefix { $0 == " " || $0 == "\t" }) }

  var isBlankLine: Bool { utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } }
}
