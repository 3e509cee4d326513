/// A text that is a command, as Telegram itself finds one and shows it as a link: a slash, 1–64 of
/// `A–Z a–z 0–9 _`, perhaps `@name`, and then neither a letter or digit nor one of `/ < >` (TDLib,
/// MessageEntity.cpp, `match_bot_commands`). So a path, a comment and a regular expression are
/// none.
struct BotCommandText {
  /// In lower case.
  let name: String
  /// In lower case, without the at sign.
  let addressee: String?
  /// What follows, trimmed.
  let argument: String

  private static let maximumLength = 64
  /// Of a bot's name.
  private static let lengths = 3...32

  /// `nil` if the text is no command.
  init?(_ text: String) {
    var rest = text.unicodeScalars[...]
    guard rest.popFirst() == "/" else { return nil }
    let name = rest.prefix { $0.isPartOfAName }
    guard 1...Self.maximumLength ~= name.count else { return nil }
    rest = rest.dropFirst(name.count)
    var addressee: Substring.UnicodeScalarView?
    if rest.first == "@" {
      let found = rest.dropFirst().prefix { $0.isPartOfAName }
      if Self.lengths ~= found.count {
        addressee = found
        rest = rest.dropFirst(1 + found.count)
      }
    }
    if let next = rest.first, next.isPartOfAWord || next == "/" || next == "<" || next == ">" {
      return nil
    }
    self.name = String(name).lowercased()
    self.addressee = addressee.map { String($0).lowercased() }
    argument = Self.argument(in: rest)
  }

  private static let marks: Set<Unicode.Scalar> = [".", ",", ":", ";", "!", "?", "…"]

  /// `/plan: a shop` and `/help.` end with a mark that belongs to the sentence.
  private static func argument(in rest: Substring.UnicodeScalarView) -> String {
    let afterMarks = rest.drop { marks.contains($0) }
    let isAlone = afterMarks.first.map(\.properties.isWhitespace) ?? true
    return Substring(isAlone ? afterMarks : rest).trimmed
  }
}

extension Unicode.Scalar {
  /// Of a command's or a bot's.
  var isPartOfAName: Bool {
    switch self {
    case "A"..."Z", "a"..."z", "0"..."9", "_": true
    default: false
    }
  }

  /// Letters, numbers of every kind, and the underscore.
  var isPartOfAWord: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber:
      true
    default: self == "_"
    }
  }
}

extension Substring {
  var trimmed: String {
    var rest = drop(while: \.isWhitespace)
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
