import Assistant
import Builds
package import Commands
package import Foundation
package import LanguageModels
package import Ledger
import Markdown
import Messaging
import Synchronization
import TelegramBotAPI
package import Workshop

/// A conversation in the terminal, through the same dispatcher, orchestrator, ledger and file as
/// the daemon's. Its updates have negative ids, so that both can use one file at once.
///
/// A class, because an interruption comes from elsewhere and ends what an engine has under way.
package final class ConsoleSession: Sendable {
  /// The Telegram user id of whoever sits at the terminal; Telegram gives it to nobody.
  package static let userID: Int64 = 0
  private static let botID: Int64 = 1
  /// UTF-16 units: as long as what Telegram's apps cut into eight messages.
  static let maximumLength = 8 * TelegramLimits.messageText

  private struct State {
    var engine: Engine
    var isInterrupted = false
  }

  private let state: Mutex<State>
  private let makeEngine: @Sendable () throws -> Engine
  private let writer: LedgerWriter
  private let firstName: String
  private let print: @Sendable (String) -> Void
  private let printStyled: @Sendable (String) -> Void
  private let showsStyles: Bool
  private let printPart: (@Sendable (String, _ isLast: Bool) -> Void)?
  private let lastPreview: LastPreview
  private let arrivals: Arrivals
  private let save: @Sendable (_ name: String, Data) throws -> String

  private var engine: Engine { state.withLock { $0.engine } }
  /// Which messages lines are.
  package var lines: ConsoleLines { ConsoleLines(engine.commands) }

  /// - Parameters:
  ///   - showsStyles: Whether the terminal shows bold text, and somebody wants it.
  ///   - save: Keeps a file that the bot sends, and says where.
  ///   - printPart: Prints a part of an answer, which goes on where the one before ended; `nil`
  ///     where answers come whole.
  /// - Throws: Errors of the database.
  package init(
    database: LedgerDatabase, llm: LLMClient, settings: BotSettings, workshop: Workshop,
    firstName: String, showsStyles: Bool = false,
    save: @escaping @Sendable (_ name: String, Data) throws -> String,
    printPart: (@Sendable (String, _ isLast: Bool) -> Void)? = nil,
    print: @escaping @Sendable (String) -> Void
  ) throws {
    let lastPreview = LastPreview()
    self.lastPreview = lastPreview
    let arrivals = Arrivals()
    self.arrivals = arrivals
    self.save = save
    self.printPart = printPart
    self.firstName = firstName
    self.showsStyles = showsStyles
    printStyled = print
    // Neither a model nor a person moves the operator's cursor.
    self.print = { print($0.inPlainLines) }
    let writer = LedgerWriter(database: database) { try? await Task.sleep(for: $0) }
    self.writer = writer
    let bot = try JSONDecoder().decode(
      User.self,
      from: Data(
        #"{"id":\#(Self.botID),"is_bot":true,"first_name":"aidevbot","username":"aidevbot"}"#.utf8))
    makeEngine = {
      try Engine(
        channel: .console, bot: bot, writer: writer, llm: llm, settings: settings,
        workshop: workshop,
        effects: Engine.Effects(
          preview: { _, _ in
            guard let printPart else { return nil }
            let preview = ConsolePreview { part, isFirst in
              printPart((isFirst ? "\n" : "") + part.inTerminal(styled: showsStyles), false)
            }
            lastPreview.replace(by: preview)
            return preview
          }, repliesArrived: { arrivals.note() }))
    }
    state = Mutex(State(engine: try makeEngine()))
  }

  /// Takes message after message until somebody says `exit`, and prints what the bot answers to
  /// each before it takes the next. `#2` presses the second button of the last message that has
  /// buttons.
  ///
  /// - Parameters:
  ///   - erased: Called once the person at the terminal has erased their account.
  ///   - prompt: Called before each message.
  package func run(
    _ messages: some AsyncSequence<String, Never>, erased: () async -> Void = {},
    prompt: () -> Void
  ) async throws {
    var buttons = try await goOn()
    prompt()
    for await message in messages {
      let text = message.trimmingCharacters(in: .whitespacesAndNewlines)
      switch ConsoleWord(text) {
      case .exit: return
      case .help: print(Self.help)
      case nil: break
      }
      buttons = try await renew() ?? buttons
      if let update = update(for: ConsoleWord(text) == .help ? "/help" : text, buttons) {
        let hadAccount = try hasAccount
        try await engine.receive([try stored(update)], nextOffset: nil)
        await engine.dispatcher.becomeIdle()
        let new = try await deliverWhatIsBuilt()
        if !new.isEmpty { buttons = new }
        buttons = try await renew() ?? buttons
        if hadAccount, try !hasAccount { await erased() }
      }
      prompt()
    }
  }

  /// Stops the answer that is under way, by the rule of stopped answers; else whatever is under
  /// way is cancelled, at no cost. The conversation goes on.
  package func interrupt() async {
    guard !engine.answers.stopAll(of: Self.userID, inChat: nil) else { return }
    let desk = engine.desk
    let isBuilding = try? await writer.writeOnce {
      try desk.interrupt(ofTelegramUser: Self.userID, in: $0)
    }
    guard isBuilding != true else { return }
    let engine = state.withLock { state in
      state.isInterrupted = true
      return state.engine
    }
    await engine.dispatcher.cancel()
  }

  private static let help = """
    Here in the terminal, #1 presses the first button, Ctrl-C stops an answer or pauses a build, \
    and exit or Ctrl-D ends the conversation. A text of several lines that you paste is one message.
    """

  /// Ends what was left unfinished. Returns the buttons of the last message.
  private func goOn() async throws -> [Button] {
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    return try await deliverWhatIsBuilt()
  }

  /// Prints what comes while something is built, until it waits for a person. Returns the buttons
  /// of the last message.
  private func deliverWhatIsBuilt() async throws -> [Button] {
    var buttons = try deliver()
    let (arrivals, builds) = (arrivals, engine.builds)
    let arriving = arrivals.begin()
    let building = Task {
      await builds.finish()
      arrivals.end()
    }
    for await _ in arriving {
      let new = try deliver()
      if !new.isEmpty { buttons = new }
    }
    await building.value
    let new = try deliver()
    return new.isEmpty ? buttons : new
  }

  /// After an interruption, the engine that was interrupted takes nothing more. Returns the buttons
  /// that another one shows, if any.
  private func renew() async throws -> [Button]? {
    guard state.withLock({ $0.isInterrupted }) else { return nil }
    let new = try makeEngine()
    state.withLock { $0 = State(engine: new) }
    let buttons = try await goOn()
    return buttons.isEmpty ? nil : buttons
  }

  private var hasAccount: Bool {
    get throws { try writer.read { try $0.users.find(telegramUserID: Self.userID) != nil } }
  }

  private func update(for text: String, _ buttons: [Button]) -> ConsoleUpdate? {
    guard !text.isEmpty else { return nil }
    guard text.utf16.count <= Self.maximumLength else {
      print("That is too long: a message may have \(Self.maximumLength) characters at most.")
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
        show(message)
      // What was printed stays as it is.
      case .request(let request) where request.method == "editMessageReplyMarkup": break
      // A note that comes before an answer is late where that is seen already.
      case .request(let request)
      where request.method == "answerCallbackQuery" && lastPreview.isPrinted:
        break
      case .request(let request):
        if let file = request.attachment {
          print(kept(file))
        } else {
          buttons = []
          print(try Self.standIn(for: request))
        }
      case nil: continue  // Fetched whole, it always has a content.
      }
      try writer.writeAtOnce { try engine.outbox.end(reply.id, .sent(messageID: nil), in: $0) }
    }
    return buttons
  }

  /// Prints a message, or what of it was not seen while it grew.
  private func show(_ message: OutboxMessage) {
    let printed = lastPreview.takePrinted()
    guard let printPart, !printed.isEmpty, message.text.hasPrefix(printed) else {
      if !printed.isEmpty { printPart?("", true) }
      return printStyled(message.inTerminal(after: 0, styled: showsStyles))
    }
    printPart(message.inTerminal(after: printed.utf16.count, styled: showsStyles), true)
  }

  private func kept(_ file: BotRequest.Attachment) -> String {
    do {
      return "Saved: \(try save(file.fileName, file.data))"
    } catch {
      return "\(file.fileName) could not be saved: \(error.localizedDescription)"
    }
  }

  /// In place of what Telegram alone can show.
  private static func standIn(for request: BotRequest) throws -> String {
    switch request.method {
    case "answerCallbackQuery":
      try JSONDecoder().decode(Notice.self, from: request.json).text ?? ""
    case "sendInvoice": "(In Telegram, an invoice follows here. You can pay with Stars only there.)"
    case "createInvoiceLink": "(In Telegram, a link to subscribe follows here.)"
    default: ""
    }
  }
}

/// Says when there is something to print.
private final class Arrivals: Sendable {
  private let source = Mutex<AsyncStream<Void>.Continuation?>(nil)

  func begin() -> AsyncStream<Void> {
    let (stream, source) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    self.source.withLock { $0 = source }
    return stream
  }

  func note() { source.withLock { _ = $0?.yield() } }

  func end() { source.withLock { $0.take()?.finish() } }
}

/// The note over the chat that answers a press.
private struct Notice: Decodable {
  var text: String?
}

extension OutboxMessage {
  fileprivate func inTerminal(after beginning: Int, styled: Bool) -> String {
    let text = FormattedText(self.text, styles: entities.map(StyledRange.init)).after(beginning)
      .inTerminal(styled: styled)
    let lines = buttons.enumerated().map { index, button in
      let link = if case .open(let url) = button.action { " \(url)" } else { "" }
      return "  [#\(index + 1)  \(button.title)]\(link)".inPlainLines
    }
    return ([text] + lines).joined(separator: "\n")
  }
}

extension FormattedText {
  fileprivate func inTerminal(styled: Bool) -> String {
    // Neither a model nor a person moves the operator's cursor; each is replaced by one unit.
    let plain = text.inPlainLines
    return styled ? FormattedText(plain, styles: styles).inTerminal : plain
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
