/// What of an answer comes as a file as well.
package struct MarkdownFile: Sendable, Equatable {
  /// Safe everywhere: letters, digits, dots, hyphens and underscores. One that begins with a dot,
  /// as `.env` does, Telegram may show without it.
  package var name: String
  package var content: String

  init(name: String, content: String) {
    self.name = name
    self.content = content
  }

  /// - Parameters:
  ///   - heading: What the answer is about, if it says so.
  ///   - others: They come with it, so that it is named otherwise.
  package init(answer: String, heading: String?, besides others: [MarkdownFile] = []) {
    let words = (heading ?? "").lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
    let name = words.prefix(6).joined(separator: "-").prefix(50)
    self.name = FileName.distinct((name.isEmpty ? "answer" : name) + ".md", from: others)
    content = answer
  }

  /// The first word behind the fence, if it looks like a language's name.
  static func language(of info: String) -> String? {
    let word = info.prefix { !$0.isWhitespace && $0 != ":" && $0 != "{" && $0 != "," }
    guard 1...32 ~= word.utf8.count,
      word.utf8.allSatisfy({ $0.isLetter || $0.isDigit || "+#-_.".utf8.contains($0) })
    else { return nil }
    return String(word)
  }
}
