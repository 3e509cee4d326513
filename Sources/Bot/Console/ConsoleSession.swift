package import Commands
import Foundation
package import LanguageModels
package import Ledger
import Messaging
import TelegramBotAPI

/// A conversation in the terminal, through the same dispatcher, orchestrator, ledger and file as
/// the daemon's. Its updates have negative ids, so that both can use one file at once.
package struct ConsoleSession: Sendable {
  /// The Telegram user id of whoever sits at the terminal; Telegram gives it to nobody.
  package static let userID: Int64 = 0
  private static let botID: Int64 = 1

  private let engine: Engine
  private let writer: LedgerWriter
  private let firstName: String
  private let print: @Sendable (String) -> Void

  /// - Throws: Errors of the database.
  package init(
    database: LedgerDatabase, llm: LLMClient, settings: BotSettings, firstName: String,
    print: @escaping @Sendable (String) -> Void
  ) throws {
    self.firstName = firstName
    self.print = print
    writer = LedgerWriter(database: database) { try? await Task.sleep(for: $0) }
    let bot = try JSONDecoder().decode(
      User.self,
      from: Data(
        #"{"id":\#(Self.botID),"is_bot":true,"first_name":"aidevbot","username":"aidevbot"}"#.utf8))
    engine = try Engine(
      channel: .console, bot: bot, writer: writer, llm: llm, settings: settings)
  }

  /// Takes line after line, and prints what the bot answers to each before it takes the next. A
  /// line `#2` presses the second button of the last message that has buttons.
  package func run(_ lines: some AsyncSequence<String, Never>, prompt: () -> Void) async throws {
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    var buttons = try deliver()
    prompt()
    for await line in lines {
      let text = line.trimmingCharacters(in: .whitespacesAndNewlines)
      if let update = update(for: text, buttons) {
        try await engine.receive([try stored(update)], nextOffset: nil)
        await engine.dispatcher.becomeIdle()
        let new = try deliver()
        if !new.isEmpty { buttons = new }
      }
      prompt()
    }
  }

  private func update(for text: String, _ buttons: [Button]) -> ConsoleUpdate? {
    guard !text.isEmpty else { return nil }
    guard text.utf16.count <= TelegramLimits.messageText else {
      print("As in Telegram, a message may have \(TelegramLimits.messageText) characters at most.")
      return nil
    }
    if text.first == "#", let number = Int(text.dropFirst()) {
      guard number > 0, buttons.indices.contains(number - 1) else {
        print("There is no button \(number).")
        return nil
      }
      guard case .press(let data) = buttons[number - 1].action else {
        print("That button opens a link.")
        return nil
      }
      return ConsoleUpdate(pressing: data, by: firstName)
    }
    return ConsoleUpdate(saying: text, by: firstName)
  }

  private func stored(_ update: ConsoleUpdate) throws -> ReceivedUpdate {
    var update = update
    // Microseconds, counted downwards: never used twice, and never one of Telegram's.
    update.updateID = -Int64(Date().timeIntervalSince1970 * 1_000_000)
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return ReceivedUpdate(id: update.updateID, json: try encoder.encode(update))
  }

  /// Prints what is queued and returns the buttons of the last message.
  private func deliver() throws -> [Button] {
    let replies = try writer.read { try engine.outbox.queued(after: 0, limit: .max, in: $0) }
    var buttons: [Button] = []
    for reply in replies {
      switch reply.content {
      case .message(let message):
        buttons = message.buttons
        print(message.inTerminal)
      case .request(let request):
        buttons = []
        print(try Self.standIn(for: request))
      case nil: continue  // Fetched whole, it always has a content.
      }
      try writer.writeAtOnce { try engine.outbox.end(reply.id, .sent(messageID: nil), in: $0) }
    }
    return buttons
  }

  /// In place of what Telegram alone can show.
  private static func standIn(for request: BotRequest) throws -> String {
    switch request.method {
    case "answerCallbackQuery":
      try JSONDecoder().decode(Notice.self, from: request.json).text ?? ""
    case "sendInvoice": "(In Telegram, an invoice follows here. Stars can be paid there alone.)"
    case "createInvoiceLink": "(In Telegram, a link to subscribe follows here.)"
    default: ""
    }
  }
}

/// The note over the chat that answers a press.
private struct Notice: Decodable {
  var text: String?
}

extension OutboxMessage {
  fileprivate var inTerminal: String {
    let lines = buttons.enumerated().map { index, button in
      let link = if case .open(let url) = button.action { " \(url)" } else { "" }
      return "  [#\(index + 1)  \(button.title)]\(link)"
    }
    // Neither a model nor a person moves the operator's cursor.
    return ([text] + lines).joined(separator: "\n").inPlainLines
  }
}

/// What a line at the terminal would be, had it been written in Telegram.
private struct ConsoleUpdate: Encodable {
  struct User: Encodable {
    var id: Int64
    var isBot: Bool
    var firstName: String
  }
  struct Chat: Encodable {
    var id: Int64
    var type: String
  }
  struct Message: Encodable {
    var messageId: Int64
    var date: Int
    var chat: Chat
    var from: User?
    var text: String?
  }
  struct CallbackQuery: Encodable {
    var id: String
    var from: User
    var message: Message
    var chatInstance = "console"
    var data: String
  }

  var updateID: Int64 = 0
  var message: Message?
  var callbackQuery: CallbackQuery?

  init(saying text: String, by firstName: String) {
    message = Self.message(from: Self.person(firstName), text: text)
  }

  init(pressing data: String, by firstName: String) {
    callbackQuery = CallbackQuery(
      id: UUID().uuidString, from: Self.person(firstName), message: Self.message(), data: data)
  }

  enum CodingKeys: String, CodingKey {
    case updateID = "updateId"
    case message, callbackQuery
  }

  private static func person(_ firstName: String) -> User {
    User(id: ConsoleSession.userID, isBot: false, firstName: firstName)
  }

  private static func message(from user: User? = nil, text: String? = nil) -> Message {
    Message(
      messageId: 1, date: Int(Date().timeIntervalSince1970),
      chat: Chat(id: ConsoleSession.userID, type: "private"), from: user, text: text)
  }
}
