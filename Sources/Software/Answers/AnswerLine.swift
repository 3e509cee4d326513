// What single lines of an answer are.

extension String {
  var isSearchMark: Bool { isMark("<", "SEARCH") }
  var isReplaceMark: Bool { isMark(">", "REPLACE") }
  var isDeleteMark: Bool { isMark("<", "DELETE") }

  /// Between what is looked for and what takes its place.
  var isDivider: Bool {
    let line = utf8WithoutSpacesAtEnd
    return 5...9 ~= line.count && line.allSatisfy { $0 == UInt8(ascii: "=") }
  }

  /// Models miscount: five to nine signs, then the word.
  private func isMark(_ sign: Unicode.Scalar, _ word: String) -> Bool {
    let line = utf8WithoutSpacesAtEnd
    let rest = line.drop { $0 == UInt8(ascii: sign) }
    let signs = line.count - rest.count
    return 5...9 ~= signs && rest.first == UInt8(ascii: " ")
      && rest.dropFirst().elementsEqual(word.utf8)
  }

  private var utf8WithoutSpacesAtEnd: Substring.UTF8View {
    var line = self[...].utf8
    while let last = line.last, last == 0x20 || last == 0x09 { line.removeLast() }
    return line
  }
}

/// The line that begins code.
struct Fence {
  private let sign: Unicode.Scalar
  let length: Int
  /// What stands behind the signs.
  let info: String

  /// `nil` if that is no fence. Those of answers stand at the left.
  init?(opening line: String) {
    guard let first = line.unicodeScalars.first, first == "`" || first == "~" else { return nil }
    sign = first
    let rest = line.unicodeScalars.drop { $0 == first }
    length = line.unicodeScalars.count - rest.count
    info = String(rest).line(upTo: 400)
    guard length >= 3, !info.contains("`") else { return nil }
  }

  var isMarkdown: Bool { ["md", "markdown"].contains(info.lowercased()) }

  func isClosed(by line: String) -> Bool {
    guard let other = Fence(opening: line) else { return false }
    return other.sign == sign && other.length >= length && other.info.isEmpty
  }

  /// The line that closes it; a fence within, which says its language, has an end of its own.
  func end(in lines: [String], from start: Int) -> Int? {
    var open = [self]
    for index in lines.indices[start...] {
      guard let other = Fence(opening: lines[index]), other.sign == sign,
        let inner = open.last, other.length >= (other.info.isEmpty ? inner.length : length)
      else { continue }
      if !other.info.isEmpty {
        open.append(other)
      } else if open.count == 1 {
        return index
      } else {
        open.removeLast()
      }
    }
    return nil
  }

  /// As in "python app.py", "python:app.py", "app.py" and `title="app.py"`.
  var path: ProjectPath? {
    get throws(SoftwareError) {
      for word in info.split(separator: " ").reversed() {
        let name = word.split(whereSeparator: { ":=\"'".contains($0) }).last.map(String.init) ?? ""
        if PathLine.looksLikePath(name) { return try ProjectPath(name) }
      }
      return nil
    }
  }
}

/// A line that has a path and nothing else, but for marks around it and a word before.
struct PathLine {
  let path: ProjectPath

  /// - Returns: `nil` for any other line.
  /// - Throws: If it is one, and the path is none that can be written.
  init?(_ line: String) throws(SoftwareError) {
    guard line.utf8.count <= 600, let name = Self.name(in: line) else { return nil }
    path = try ProjectPath(name)
  }

  private static func name(in line: String) -> String? {
    var rest = line.trimmingSpaces
    // A heading, an item of a list, with a number or without.
    rest = rest.drop { "#*->\t ".contains($0) }
    if let number = rest.prefixMatch(of: /[0-9]{1,3}[.)][ ]+/) {
      rest = rest[number.range.upperBound...]
    }
    for word in ["new file", "file name", "filename", "file", "path", "edit", "update", "create"] {
      guard rest.lowercased().hasPrefix(word + ":") || rest.lowercased().hasPrefix(word + " `")
      else { continue }
      rest = rest.dropFirst(word.count).drop { $0 == ":" || $0 == " " || $0 == "*" }
      break
    }
    // A remark in parentheses behind it.
    if rest.last == ")", let start = rest.lastIndex(of: "("), start > rest.startIndex,
      rest[rest.index(before: start)] == " "
    {
      rest = rest[..<start].trimmingSpaces
    }
    while let last = rest.last, "*: ".contains(last) { rest.removeLast() }
    let bare = rest.trimmingPrefix("**")
    if bare.first == "`", bare.last == "`", bare.count > 2 {
      let name = bare.dropFirst().dropLast()
      return name.contains("`") || name.contains(" ") ? nil : String(name)
    }
    return looksLikePath(String(bare)) ? String(bare) : nil
  }

  /// Files that are known by a name without an ending.
  private static let knownNames: Set<String> = [
    "Makefile", "Dockerfile", "Procfile", "Gemfile", "Rakefile", "Jenkinsfile", "Vagrantfile",
    "LICENSE", "README", "CHANGELOG", "AUTHORS", "NOTICE", "VERSION",
  ]

  /// The last path in backticks, if the line has one.
  static func mentioned(in line: String) -> ProjectPath? {
    let parts = line.split(separator: "`", omittingEmptySubsequences: false)
    let names = parts.indices.filter { $0 % 2 == 1 && $0 < parts.count - 1 }
      .map { String(parts[$0]) }
    return names.last(where: looksLikePath).flatMap { try? ProjectPath($0) }
  }

  /// Without spaces, and with an ending, which words and headings do not have.
  static func looksLikePath(_ text: String) -> Bool {
    guard !text.isEmpty, !text.contains("://"), !text.contains("`"),
      !text.contains(where: \.isWhitespace)
    else { return false }
    let name = text.split(separator: "/").last.map(String.init) ?? text
    if knownNames.contains(name) { return true }
    guard let dot = name.lastIndex(of: ".") else { return false }
    let ending = name[name.index(after: dot)...]
    return 1...16 ~= ending.count && ending.contains(where: \.isLetter)
      && ending.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
  }
}

extension StringProtocol where SubSequence == Substring {
  fileprivate var trimmingSpaces: Substring {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return rest
  }
}
