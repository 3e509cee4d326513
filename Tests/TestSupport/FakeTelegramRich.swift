/// Messages of blocks. Bot API, *sendRichMessage*.
extension FakeTelegramState {
  mutating func sendRichMessage(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    guard let chatID = parameters["chat_id"]?.integer, let rich = parameters["rich_message"] else {
      return .violation("a rich message is not there")
    }
    if let fault = Self.richFault(rich) { return .violation(fault) }
    lastMessageID += 1
    drafts[chatID] = nil
    let message = SentMessage(
      id: lastMessageID, chatID: chatID, text: rich.richWords, rich: rich,
      replyMarkup: parameters["reply_markup"], parameters: parameters)
    messages.append(message)
    return .result(Self.json(of: message))
  }

  /// Which limit a rich message breaks; `nil` if none.
  static func richFault(_ message: JSONValue) -> String? {
    let forms = ["html", "markdown", "blocks"].filter { message[$0] != nil }
    guard forms == ["blocks"] else { return "blocks alone are imitated, not \(forms)" }
    if message.richWords.allSatisfy(\.isWhitespace) { return "rich message is empty" }
    if message.richWords.utf16.count > 32_768 { return "rich message is too long" }
    if message.richBlockCount > 500 { return "rich message has too many blocks" }
    if message.richDepth > 16 { return "rich message is too deep" }
    return message.richTableFault
  }
}

extension JSONValue {
  private static let nested = ["blocks", "items", "cells", "text"]

  private var inner: [JSONValue] {
    array ?? Self.nested.compactMap { self[$0] }
  }

  /// What of a rich message is there to be read, without its layout.
  package var richWords: String {
    if let string { return string }
    let parts = inner.map(\.richWords) + [self["expression"]?.string].compactMap { $0 }
    // Texts in a row are one text; all else stands apart.
    let isText = array?.contains { $0.string != nil } == true
    return parts.filter { !$0.isEmpty }.joined(separator: isText ? "" : "\n")
  }

  fileprivate var richBlockCount: Int {
    let isBlock = self["type"] != nil && self["blocks"] == nil || self["items"] != nil
    return (isBlock ? 1 : 0) + inner.map(\.richBlockCount).reduce(0, +)
  }

  fileprivate var richDepth: Int {
    (self["type"] != nil ? 1 : 0) + (inner.map(\.richDepth).max() ?? 0)
  }

  fileprivate var richTableFault: String? {
    for row in self["cells"]?.array ?? [] where (row.array?.count ?? 0) > 20 {
      return "a table has too many columns"
    }
    return inner.compactMap(\.richTableFault).first
  }
}
