import Foundation
import Software

/// What a coding model answers, done to a small project.
enum AnswerTarget {
  static func run(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    checkWholeFile(text)
    guard let answer = try? StepAnswer(parsing: text) else { return }
    demand(answer.note.count <= StepAnswer.maximumNote, "a long note")
    let given = lines(of: text)
    for change in answer.changes {
      check(change.path)
      if case .write(_, let content) = change {
        demand(("\n" + given).holds("\n" + content), "a file that was not written: \(content)")
      }
    }
    checkBeginnings(of: text, whole: flat(answer.changes))
    apply(answer.changes)
  }

  /// On Linux, macOS and Windows, by rules that share no code with `ProjectPath`.
  static func check(_ path: ProjectPath) {
    let text = path.text
    demand((try? ProjectPath(text)) == path, "\(text) is not taken again")
    demand(text.utf8.count <= 200 && !text.hasPrefix("/"), "the path \(text)")
    demand(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\\" }, "the path \(text)")
    for part in text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      let part = String(decoding: part, as: UTF8.self)
      demand(!["", ".", ".."].contains(part), "the path \(text)")
      // What HFS+ ignores, and what is the same to it but for its width or case.
      let seen = String(
        String.UnicodeScalarView(
          part.unicodeScalars.filter { scalar in
            !(0x200B...0x200F ~= scalar.value || 0x202A...0x202E ~= scalar.value
              || 0x206A...0x206F ~= scalar.value || scalar.value == 0xFEFF)
          })
      ).precomposedStringWithCompatibilityMapping.lowercased()
      demand(![".git", "git~1", "..", "nul", "con"].contains(seen), "the path \(text)")
    }
  }

  /// An answer that breaks off has nothing that the whole one has not.
  private static func checkBeginnings(of text: String, whole: [FileChange]) {
    let bytes = Array(text.utf8)
    for step in 1..<8 {
      let cut = String(decoding: bytes[..<(bytes.count * step / 8)], as: UTF8.self)
      guard let part = try? StepAnswer(parsing: cut, isCutOff: true) else { continue }
      demand(part.unfinished != nil, "an answer that broke off, and does not say so")
      demand(whole.starts(with: flat(part.changes)), "half a change: \(part.changes)")
    }
  }

  /// Each edit by itself, since those of one file are joined as they come.
  private static func flat(_ changes: [FileChange]) -> [FileChange] {
    changes.flatMap { change -> [FileChange] in
      guard case .edit(let path, let edits) = change else { return [change] }
      return edits.map { .edit(path, [$0]) }
    }
  }

  private static func apply(_ changes: [FileChange]) {
    var files = ProjectFiles()
    let start: [(String, String)] = [
      ("app.py", "def add(a, b):\n    return a - b\n\nprint(add(1, 2))\n"), ("src/a.txt", "a\na\n"),
    ]
    let first = start.compactMap { name, text in
      (try? ProjectPath(name)).map { FileChange.write($0, text) }
    }
    demand((try? files.apply(first)) != nil, "the first files")
    let before = files
    guard (try? files.apply(changes)) != nil else {
      return demand(files == before, "half of the changes")
    }
    demand((try? ProjectFiles(files.contents)) == files, "files that are not taken again")
    demand(
      files.contents.isEmpty || (try? ZipArchive.bytes(of: files, folder: "a")) != nil, "no zip")
  }

  /// Any other text comes through as a file, between fences that are longer than its own.
  private static func checkWholeFile(_ text: String) {
    let content = lines(of: text)
    // A block that begins a file is one.
    guard !content.split(separator: "\n").prefix(2).contains(where: { $0.hasSuffix(" SEARCH") })
    else { return }
    let ended =
      content.isEmpty || content.utf8.last == UInt8(ascii: "\n") ? content : content + "\n"
    let fence = String(repeating: "`", count: 4 + longestRun(in: content))
    guard let answer = try? StepAnswer(parsing: "a/b.txt\n\(fence)\n\(ended)\(fence)\n") else {
      return demand(false, "a file that is not taken")
    }
    demand(answer.changes.count == 1, "more than the file")
    if case .write(let path, let read)? = answer.changes.first {
      demand(path.text == "a/b.txt" && read.utf8.elementsEqual(ended.utf8), "another file")
    }
  }

  private static func longestRun(in text: String) -> Int {
    text.utf8.split { $0 != UInt8(ascii: "`") }.map(\.count).max() ?? 0
  }

  /// With ends of lines as a project has them.
  private static func lines(of text: String) -> String {
    text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      var line = line
      while line.last == UInt8(ascii: "\r") { line.removeLast() }
      return String(decoding: line, as: UTF8.self)
    }.joined(separator: "\n")
  }
}
