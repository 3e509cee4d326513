/// What of an answer comes as a file as well.
package struct MarkdownFile: Sendable, Equatable {
  /// Safe everywhere: letters, digits, dots, hyphens and underscores.
  package var name: String
  package var content: String

  /// - Parameter heading: What the answer is about, if it says so.
  package init(answer: String, heading: String?) {
    let words = (heading ?? "").lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let name = words.prefix(6).joined(separator: "-").prefix(50)
    self.name = (name.isEmpty ? "answer" : name) + ".md"
    content = answer
  }

  /// - Parameters:
  ///   - info: What stands behind the fence.
  ///   - above: The text right above it, which may name the file.
  init(code: String, info: String, above: String) {
    let named = Self.fileName(in: info) ?? Self.fileName(in: above)
    name = named ?? "code.\(Self.ending(of: Self.language(of: info)))"
    content = code + "\n"
  }

  /// The first word behind the fence, if it looks like a language's name.
  static func language(of info: String) -> String? {
    let word = info.prefix { !$0.isWhitespace && $0 != ":" && $0 != "{" && $0 != "," }
    guard 1...32 ~= word.utf8.count,
      word.utf8.allSatisfy({ $0.isLetter || $0.isDigit || "+#-_.".utf8.contains($0) })
    else { return nil }
    return String(word)
  }

  /// The last word that looks like a file's name, without its folder.
  private static func fileName(in text: String) -> String? {
    let words = text.split { character in
      character.isWhitespace || "/\\:=\"'`()[]{}<>,*".contains(character)
    }
    return words.last { word in
      let parts = word.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count >= 2, word.utf8.count <= 64, let ending = parts.last,
        let first = word.utf8.first, first.isLetter || first.isDigit || first == 0x5F,
        1...8 ~= ending.utf8.count, ending.utf8.contains(where: \.isLetter)
      else { return false }
      return parts.allSatisfy { !$0.isEmpty }
        && word.utf8.allSatisfy { $0.isLetter || $0.isDigit || "._-".utf8.contains($0) }
    }.map(String.init)
  }

  private static let endings = [
    "swift": "swift", "python": "py", "py": "py", "javascript": "js", "js": "js", "jsx": "jsx",
    "typescript": "ts", "ts": "ts", "tsx": "tsx", "bash": "sh", "sh": "sh", "shell": "sh",
    "zsh": "sh", "c": "c", "cpp": "cpp", "c++": "cpp", "csharp": "cs", "c#": "cs", "cs": "cs",
    "java": "java", "kotlin": "kt", "go": "go", "rust": "rs", "ruby": "rb", "php": "php",
    "html": "html", "css": "css", "scss": "scss", "json": "json", "yaml": "yaml", "yml": "yaml",
    "toml": "toml", "xml": "xml", "sql": "sql", "markdown": "md", "md": "md", "r": "r",
    "lua": "lua", "perl": "pl", "dart": "dart", "scala": "scala", "haskell": "hs", "diff": "diff",
    "powershell": "ps1", "dockerfile": "dockerfile", "latex": "tex", "tex": "tex", "csv": "csv",
  ]

  private static func ending(of language: String?) -> String {
    language.flatMap { endings[$0.lowercased()] } ?? "txt"
  }
}
