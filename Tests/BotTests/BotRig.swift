@testable import Assistant
@testable import Bot
@testable import Commands
import Dispatch
import Foundation
import GRDB
import HTTPTransport
import LanguageModels
import Ledger
import Logging
@testable import Messaging
import Metering
@testable import Sales
@testable import TelegramBotAPI
import Testing
import TestSupport
import Workshop

/// A bot on a real database in a folder of its own, with fake providers. It waits for nothing: its
/// writer notes how long it would have. When it goes with its test, its ledger is verified: the
/// test fails if the bot has broken it.
final class BotRig: Sendable {
  static let flash = "google/gemini-2.5-flash"
  static let pro = "google/gemini-2.5-pro"
  static let sonnet = "openrouter/anthropic/claude-sonnet-5.5"

  let folder: URL
  let database: LedgerDatabase
  let gemini: FakeGemini
  let openRouter: FakeOpenRouter
  let llm: LLMClient
  let settings: BotSettings
  let workshop: Workshop
  let waits: Watched<[Duration]>
  let writer: LedgerWriter
  /// How many transactions were committed to the file.
  let commits = Watched(0)
  /// How often the engine's outbox has said that there are replies to send.
  let wakes = Watched(0)
  /// Shows growing answers, once somebody sends.
  let previews: TelegramPreviews
  let engine: Engine
  private let lastUpdateID = Watched<Int64>(100)
  private let isBrokenOnPurpose = Watched(false)
  private let location: SourceLocation

  /// - Parameters:
  ///   - model: For every task.
  ///   - others: May be chosen in its place.
  ///   - credits: The initial grant.
  ///   - keys: Of both providers.
  ///   - wait: In place of noting how long it would have waited.
  init(
    model: String = flash, others: [String] = [], credits: String = "100",
    notices: BalanceNotices = BalanceNotices(), administrators: [Int64] = [],
    promotions: BotSettings.Promotions = .init(), timeout: Duration = .seconds(3_600),
    keys: [String] = ["test-key-of-some-length-abcd"],
    streaming: AnswerStreaming = .off, richMessages: RichMessages = .never,
    workshop: Workshop = .closed, wait: (@Sendable (Duration) async -> Void)? = nil,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    self.location = location
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-bot-\(UUID().uuidString)")
    database = try LedgerDatabase.openForBot(
      path: folder.appendingPathComponent("test.sqlite").path)
    let waits = Watched<[Duration]>([])
    self.waits = waits
    writer = LedgerWriter(database: database) { duration in
      waits.change { $0.append(duration) }
      if let wait { return await wait(duration) }
      // Housekeeping goes round until it is cancelled.
      if duration >= .seconds(60) { await untilCancelled() }
    }
    gemini = try FakeGemini()
    openRouter = try FakeOpenRouter()
    let transport = HTTPTransport.ofAllTests
    let keys = KeyRing(keys)
    let limits = CallLimits(
      idle: timeout, total: timeout, free: timeout, lookUpPauses: [.milliseconds(1)])
    llm = LLMClient([
      .google: GeminiModel(
        transport: transport, baseURL: gemini.url, keys: keys, limits: limits),
      .openrouter: OpenRouterModel(
        transport: transport, baseURL: openRouter.url, keys: keys, limits: limits),
      .demo: DemoModel(),
    ])
    let ids = try ([model] + others).map { try #require(ModelID(parsing: $0)) }
    settings = BotSettings(
      models: ModelAssignment(
        Dictionary(uniqueKeysWithValues: TaskType.allCases.map { ($0, ids) })),
      terms: try BillingTerms(creditValueUSD: "0.01", markup: "1.5"),
      initialGrant: try Credits(parsing: credits),
      sendRates: OutboxDelivery.Rates(perSecond: 0, perChatPerSecond: 0),
      store: try .ofTests(), promotions: promotions, streaming: streaming,
      richMessages: richMessages, notices: notices,
      administrators: administrators)
    let counter = CommitCounter(commits)
    try database.write { $0.db.add(transactionObserver: counter, extent: .databaseLifetime) }
    previews = TelegramPreviews(streaming: { streaming }, sleep: writer.sleep)
    self.workshop = workshop
    engine = try Self.engine(writer, llm, settings, workshop, wakes, previews)
  }

  deinit {
    verifyLedger()
    try? database.close()
    try? FileManager.default.removeItem(at: folder)
  }

  private func verifyLedger() {
    guard !isBrokenOnPurpose.value else { return }
    do {
      let breaks = try ledgerBreaks()
      #expect(breaks == [], "The ledger is broken.", sourceLocation: location)
    } catch {
      Issue.record(error, "The ledger cannot be verified.", sourceLocation: location)
    }
  }

  static let placesForCalls = 256

  /// The bot after another start of the process.
  func restarted() throws -> Engine {
    try Self.engine(writer, llm, settings, workshop, wakes, previews)
  }

  static func engine(
    _ writer: LedgerWriter, _ llm: LLMClient, _ settings: BotSettings, _ workshop: Workshop,
    _ wakes: Watched<Int>, _ previews: TelegramPreviews
  ) throws -> Engine {
    try Engine(
      channel: .telegram, bot: .bot, writer: writer, llm: llm, settings: settings,
      workshop: workshop,
      effects: Engine.Effects(
        typing: parkedTyping, preview: previews.begin, repliesArrived: { wakes.change { $0 += 1 } },
        // However slow the machine is, no minute passes.
        now: { [now = ContinuousClock.now] in now }),
      // As tests fill them, they are fewer.
      places: CallPlaces(count: placesForCalls))
  }

  /// Lasts until it is cancelled, as typing does.
  static let parkedTyping: @Sendable (Address) async -> Void = { _ in
    await untilCancelled()
  }
}

/// Counts the commits of a connection.
final class CommitCounter: TransactionObserver {
  private let commits: Watched<Int>

  init(_ commits: Watched<Int>) {
    self.commits = commits
  }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
  func databaseDidChange(with event: DatabaseEvent) {}
  func databaseDidCommit(_ db: Database) {
    // Elsewhere: whoever waits may be the last to hold the rig, which closes the database, and that
    // waits for the queue that this is called on.
    DispatchQueue.global().async { [commits] in commits.change { $0 += 1 } }
  }
  func databaseDidRollback(_ db: Database) {}
}

extension Workshop {
  /// Where nothing can be run.
  static let closed = Workshop(
    languages: { () throws(WorkshopError) in [] },
    run: { _ throws(WorkshopError) in throw .unavailable("it is closed") })
}

extension Store {
  /// Two packages and a subscription.
  static func ofTests() throws -> Store {
    Store(
      packages: [
        CreditPackage(name: "Starter", credits: try Credits(parsing: "250"), price: 200),
        CreditPackage(
          name: "Builder", credits: try Credits(parsing: "1000"), bonus: try Credits(parsing: "50"),
          price: 850),
      ],
      subscription: CreditPackage(
        name: "Monthly", credits: try Credits(parsing: "500"), price: 380, isMonthly: true),
      usdPerStar: try USD(parsing: "0.013"))
  }
}

extension LedgerDatabase {
  /// As if it were at that time.
  func write<Value>(
    at date: Date, _ body: (LedgerTransaction) throws -> Value
  ) throws -> Value {
    try write { try body($0.at(date)) }
  }
}

extension Outbox {
  /// Queues a text.
  func queue(
    _ text: String, chatID: Int64, threadID: Int64? = nil, updateID: Int64,
    in tx: LedgerTransaction
  ) throws {
    let address = Address(
      user: User(id: chatID, isBot: false, firstName: "Ada"), chatID: chatID, isPrivate: true,
      threadID: threadID)
    try queue(Reply(text), to: address, updateID: updateID, in: tx)
  }
}

// MARK: - What people do

extension BotRig {
  func nextUpdateID() -> Int64 {
    lastUpdateID.change { id in
      id += 1
      return id
    }
  }

  /// Delivers one update of that kind and returns its id, without waiting for what it brings.
  @discardableResult
  func deliver(_ kind: String, _ value: JSONValue) async throws -> Int64 {
    let id = nextUpdateID()
    try await engine.receive([.update(id, kind, value)], nextOffset: id + 1)
    return id
  }

  /// Delivers a message and returns the texts of the replies to it.
  @discardableResult
  func say(_ text: String, from user: Int64 = 42) async throws -> [String] {
    let id = try await deliver("message", .message(text, from: user))
    await engine.dispatcher.becomeIdle()
    return try texts(of: id)
  }

  /// Presses a button, and returns all replies to it.
  func press(_ data: String, from user: Int64 = 42) async throws -> [OutboxRow] {
    let id = try await deliver("callback_query", .press(data, from: user))
    await engine.dispatcher.becomeIdle()
    return try replies(to: id)
  }
}

extension BotRig {
  /// Delivers messages in one batch, and returns their ids.
  func deliverTogether(_ messages: [JSONValue]) async throws -> [Int64] {
    let updates = messages.map { ReceivedUpdate.update(nextUpdateID(), "message", $0) }
    try await engine.receive(updates, nextOffset: nil)
    return updates.map(\.id)
  }

  /// Role and text of what the last paid call brought along.
  func lastPrompt() -> [String] {
    let contents = gemini.paidCalls.last?.json["contents"] as? [[String: Any]] ?? []
    return contents.map { content in
      let parts = content["parts"] as? [[String: Any]] ?? []
      return "\(content["role"] ?? ""): \(parts.first?["text"] ?? "")"
    }
  }
}

// MARK: - What is in the file

struct OutboxRow: Sendable {
  var chatID: Int64?
  var method: String
  var parameters: JSONValue
  var state: String
  var lostAnswers: Int
  var failure: String?

  var text: String { parameters["text"]?.string ?? "" }

  /// Titles and data of the buttons.
  var buttons: [(title: String, data: String)] {
    let rows = parameters["reply_markup"]?["inline_keyboard"]?.array ?? []
    return rows.flatMap { $0.array ?? [] }.map {
      ($0["text"]?.string ?? "", $0["callback_data"]?.string ?? "")
    }
  }
}

extension BotRig {
  func replies(to updateID: Int64? = nil) throws -> [OutboxRow] {
    try database.read { tx in
      try tx.db.all(
        """
        SELECT \(Outbox.Queued.columns), state, failure FROM outbox
        WHERE ?1 IS NULL OR update_id = ?1 ORDER BY id
        """, [updateID]
      ) { row in
        let queued = try Outbox.Queued(&row)
        let request = try queued.content?.request(to: queued.chatID)
        return try request.map { request in
          OutboxRow(
            chatID: queued.chatID, method: request.method,
            parameters: try JSONValue(json: request.json), state: row.next(),
            lostAnswers: queued.lostAnswers, failure: row.next())
        }
      }.compactMap(\.self)
    }
  }

  func texts(of updateID: Int64? = nil) throws -> [String] {
    try replies(to: updateID).map(\.text)
  }

  func inboxState(_ id: Int64) throws -> String? {
    try database.read {
      try String.fetchOne(
        $0.db, sql: "SELECT state FROM inbox WHERE update_id = ?", arguments: [id])
    }
  }

  /// Waits for the end of an update, beside what others are under way.
  func waitUntilFinished(_ id: Int64) async throws {
    try await commits.wait(for: "the end of update \(id)") { [self] _ in
      (try? inboxState(id)) != "pending"
    }
  }

  func account(_ telegramUserID: Int64 = 42) throws -> UserAccount {
    try database.read { try $0.users.account(telegramUserID: telegramUserID) }
  }

  func holds() throws -> [CreditHold] {
    try database.read {
      try CreditHold.all(
        "SELECT \(CreditHold.columns) FROM credit_holds ORDER BY rowid", [], in: $0.db)
    }
  }

  /// Rows of `api_key_usage`, in order.
  func usage() throws -> [Row] {
    try database.read { try Row.fetchAll($0.db, sql: "SELECT * FROM api_key_usage ORDER BY id") }
  }

  func count(_ table: String) throws -> Int {
    try database.read { try Int.fetchOne($0.db, sql: "SELECT count(*) FROM \(table)") ?? 0 }
  }

  func ledgerBreaks() throws -> [String] {
    try database.read { try $0.verification.verify().breaks }
  }

  /// Changes the file past the product. If that breaks the ledger, it is not verified in the end.
  func execute(_ sql: String) throws {
    let wasSound = try ledgerBreaks() == []
    try database.write { try $0.db.execute(sql: sql) }
    if wasSound, (try? ledgerBreaks()) != [] { isBrokenOnPurpose.change { $0 = true } }
  }
}

// MARK: - Updates as JSON

extension JSONValue {
  static func user(_ id: Int64) -> JSONValue {
    ["id": .integer(id), "is_bot": false, "first_name": "Ada", "username": .string("user\(id)")]
  }

  static func chat(_ id: Int64) -> JSONValue {
    ["id": .integer(id), "type": id > 0 ? "private" : "supergroup", "title": "Engines"]
  }

  /// A message; in the user's private chat, unless `chat` names a group.
  static func message(
    _ text: String?, from user: Int64 = 42, chat: Int64? = nil,
    adding more: [String: JSONValue] = [:]
  ) -> JSONValue {
    var message: [String: JSONValue] = [
      "message_id": 7, "from": .user(user), "chat": .chat(chat ?? user), "date": 1_800_000_000,
    ]
    if let text { message["text"] = .string(text) }
    return .object(message.merging(more) { $1 })
  }

  static func press(_ data: String, from user: Int64 = 42) -> JSONValue {
    [
      "id": "query1", "from": .user(user), "data": .string(data), "chat_instance": "1",
      "message": ["message_id": 8, "chat": .chat(user), "date": 1_800_000_000],
    ]
  }
}

extension ReceivedUpdate {
  static func update(_ id: Int64, _ kind: String, _ value: JSONValue) -> ReceivedUpdate {
    ReceivedUpdate(id: id, json: Data(#"{"update_id":\#(id),"\#(kind)":\#(value.json)}"#.utf8))
  }
}

extension User {
  static let bot = User(
    id: FakeTelegram.botID, isBot: true, firstName: "Dev", username: FakeTelegram.botUsername)
}

extension Logger {
  static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
