import Bot
import Foundation
import GRDB
import Ledger
@testable import Messaging
@testable import TelegramBotAPI

/// What the bot says, from a text of any length to the bytes of the requests in the outbox.
enum RendererTarget {
  static func run(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    for limit in [2, 40, TelegramLimits.messageText] {
      check(TextSplitter.split(text, limit: limit), of: text, limit)
    }
    checkRequests(for: text)
  }

  /// In order, they are the text, but for white space where it was cut.
  private static func check(_ parts: [String], of text: String, _ limit: Int) {
    var rest = text.unicodeScalars[...]
    var last = ""
    for part in parts {
      demand(part.utf16.count <= limit, "a part of \(part.utf16.count) units")
      demand(!part.allSatisfy(\.isWhitespace), "a blank part")
      // Without white space, the cut is between two characters, where one fits into a part.
      let isBorder =
        limit < 40 || last.count < 2 || rest.first?.properties.isWhitespace != false
        || String.Index(rest.startIndex, within: text) != nil
      demand(isBorder, "a cut within a character before \(part.debugDescription)")
      rest = rest.drop(while: \.properties.isWhitespace)
      let end = text.utf8.index(
        rest.startIndex, offsetBy: part.utf8.count, limitedBy: text.endIndex)
      let next = text[rest.startIndex..<(end ?? text.endIndex)]
      demand(isSame(String(next), part), "\(part.debugDescription) is not what follows")
      rest = text.unicodeScalars[next.endIndex...]
      last = part
    }
    demand(rest.allSatisfy(\.properties.isWhitespace), "the end is lost")
  }
}

// MARK: - Requests

extension RendererTarget {
  private struct RolledBack: Error {}

  /// What Foundation reads in a request.
  private struct Message: Decodable {
    struct Markup: Decodable {
      struct Button: Decodable {
        var text: String
        var callback_data: String
      }
      var inline_keyboard: [[Button]]
    }
    var chat_id: Int64
    var message_thread_id: Int64?
    var text: String
    var reply_markup: Markup?
  }

  private static let outbox = Outbox(channel: .telegram)
  private static let sender = Address(
    user: User(id: 7, isBot: false, firstName: "Ada"), chatID: 7, isPrivate: false, threadID: 3,
    replyTo: 5)

  private static let database: LedgerDatabase = {
    let file = FileManager.default.temporaryDirectory.appending(path: "fuzz.sqlite").path
    do {
      return try LedgerDatabase.openForBot(path: file)
    } catch {
      fatalError("\(error)")
    }
  }()

  private static func checkRequests(for text: String) {
    let buttons = text.isEmpty ? [] : [Button(text, command: "projects", argument: "7")]
    do {
      try database.write { tx in
        try outbox.queue(
          Reply(text, buttons: buttons), to: sender, updateID: 1, in: tx)
        let queued = try outbox.queued(after: 0, limit: .max, in: tx)
        check(
          try queued.compactMap { try $0.content?.request(to: $0.chatID) }, for: text)
        throw RolledBack()
      }
    } catch is RolledBack {
    } catch {
      fatalError("not queued: \(error)")
    }
  }

  private static func check(_ requests: [BotRequest], for text: String) {
    // SQLite would end a text at a NUL, so none is kept.
    let kept = text.unicodeScalars.filter { $0 != "\0" }
    let parts = TextSplitter.split(String(String.UnicodeScalarView(kept)))
    let messages = requests.map(message)
    demand(messages.count == parts.count, "\(messages.count) messages")
    for (message, part) in zip(messages, parts) {
      demand(isSame(message.text, part), "\(part.debugDescription) became another text")
      demand(message.chat_id == 7 && message.message_thread_id == 3, "another chat")
    }
    if let button = messages.last?.reply_markup?.inline_keyboard.first?.first {
      demand(isSame(button.text, text), "another button")
      demand(button.callback_data == "projects:7", "another button")
    } else {
      demand(parts.isEmpty, "no button")
    }
    for (request, part) in zip(requests, parts) { checkMove(of: request, part) }
  }

  /// To the supergroup that the chat has become.
  private static func checkMove(of request: BotRequest, _ part: String) {
    guard let moved = try? request.addressed(to: -1_001) else {
      fatalError("no way for \(request)")
    }
    demand(message(moved).chat_id == -1_001, "not moved")
    demand(isSame(message(moved).text, part), "\(part.debugDescription) was changed")
  }

  private static func message(_ request: BotRequest) -> Message {
    do {
      return try JSONDecoder().decode(Message.self, from: request.json)
    } catch {
      fatalError("\(String(decoding: request.json, as: UTF8.self)): \(error)")
    }
  }

  /// Scalar by scalar: as characters, different ones can be equal.
  private static func isSame(_ one: String, _ other: String) -> Bool {
    Array(one.utf8) == Array(other.utf8)
  }
}
