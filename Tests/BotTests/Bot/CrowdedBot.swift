import Bot
import Commands
import Foundation
import GRDB
import HTTPTransport
import LanguageModels
import Ledger
import Messaging
import TelegramBotAPI
import TestSupport

/// The whole bot on a real file, and the others around it: a Telegram and two providers that fail
/// at random, the crowd, and other programs on the same file. The bot's waits pass faster.
final class CrowdedBot: Sendable {
  static let administrator: Int64 = 1
  static let initialGrant = Credits(micro: 100_000_000)
  /// How many of the bot's seconds pass in one.
  private static let haste = 50
  /// Of a hundred requests to Telegram, or of 25 polls.
  private static let faults = 8

  /// What has reached Telegram so far.
  struct Tally: Sendable {
    struct Chat: Sendable {
      var messages = 0
      /// Which of them, by their place in the chat, the bot was not told of: it repeats them.
      var unconfirmed: Set<Int> = []
    }

    var chats: [Int64: Chat] = [:]
    /// To buttons.
    var answers = 0
    var unconfirmedAnswers = 0
    /// Requests of the crowd that have had their outcome.
    var outcomes = 0
    var draws: [String: Int] = [:]
  }

  let chance: Chance
  let telegram: FakeTelegram
  let gemini: FakeGemini
  let openRouter: FakeOpenRouter
  let tally = Watched(Tally())
  /// How often each question has come to its provider.
  let calls = Watched<[String: Int]>([:])
  /// What each person has asked, with the update that it came in.
  let asked = Watched<[Int: [(request: CrowdRequest, updateID: Int64)]]>([:])
  /// In micro-credits, beside the initial ones.
  let granted = Watched<[Int: Int64]>([:])
  private let commits = Watched(0)
  private let folder: URL
  private let crowd: Crowd
  private let start = Date()

  init(seed: UInt64) throws {
    chance = Chance(seed: seed)
    crowd = Crowd(chance: chance)
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-races-\(UUID().uuidString)")
    telegram = try FakeTelegram()
    gemini = try FakeGemini()
    openRouter = try FakeOpenRouter()
    mistreat(gemini)
    mistreat(openRouter)
    telegram.onCall { [weak self] in self?.fault(for: $0) }
  }

  deinit {
    telegram.stop()
    gemini.stop()
    openRouter.stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Another connection each time, as another program's.
  func database() throws -> LedgerDatabase {
    let path = folder.appendingPathComponent("races.sqlite").path
    var database = try LedgerDatabase.openForBot(path: path)
    database.clock = { [start] in Self.slowClock(since: start) }
    try database.write { try $0.db.execute(sql: Self.projects) }
    return database
  }
}

extension CrowdedBot {
  /// Goes so slowly that on no machine an answer becomes too old to be sent.
  static func slowClock(since start: Date) -> Date {
    start.addingTimeInterval(Date().timeIntervalSince(start) / Double(haste))
  }

  /// Everybody has two projects, between which they switch.
  private static let projects = """
    CREATE TRIGGER IF NOT EXISTS projects_of_the_crowd AFTER INSERT ON users
    BEGIN
      INSERT INTO projects (id, user_id, title, status, created_at, updated_at)
      SELECT NEW.id || value, NEW.id, value, 'active', NEW.created_at, NEW.created_at
      FROM (SELECT 'one' AS value UNION ALL SELECT 'two');
    END
    """
}

// MARK: - Faults

extension CrowdedBot {
  private func mistreat<Dialect: FakeDialect>(_ provider: FakeProvider<Dialect>) {
    provider.onAnswer { [chance] request, answer in
      guard let question = Question(in: request, chance) else { return }
      answer.text = question.answer
      answer.inputTokens = question.inputTokens
      answer.outputTokens = question.outputTokens
      answer.cost = "\(question.cost)e-9"
    }
    provider.onCall { [chance, calls] request in
      guard let question = Question(in: request, chance) else { return nil }
      let count = calls.change { calls in
        calls[question.name, default: 0] += 1
        return calls[question.name]
      }
      return switch question.fate {
      case .answered, .empty: nil
      case .busyKey: count == 1 ? .json("{}", status: 429) : nil
      case .refused(let status): .json("{}", status: status)
      case .reset: .reset
      case .cutOff: .cut(#"{"candidates": [], "choices": []}"#, after: 20)
      }
    }
  }

  private func fault(for call: FakeTelegramState.Call) -> FakeTelegramFault? {
    let chat = call.parameters["chat_id"]?.integer
    return tally.change { tally in
      // What is drawn next for the chat, or for the method.
      let purpose = "\(call.method) \(chat ?? 0)"
      tally.draws[purpose, default: 0] += 1
      let bound = call.method == "getUpdates" ? 25 : 100  // There are few polls.
      let draw = chance.draw(bound, for: "\(purpose) \(tally.draws[purpose, default: 0])")
      let fault = draw < Self.faults ? Self.fault(draw, of: call.method) : nil
      tally.count(call.method, to: chat, fault)
      return fault
    }
  }

  static func fault(_ draw: Int, of method: String) -> FakeTelegramFault {
    switch draw {
    case 0: .tooManyRequests(retryAfter: 1)
    case 1: .htmlBadGateway
    case 2, 3: .reset
    // Three lists in a row that cannot be read are told to the administrators.
    case 4, 5: ["getStarTransactions", "getMyStarBalance"].contains(method) ? .reset : .truncated
    case 6 where method == "getUpdates": .conflict(webhook: false)
    default: .loseAnswer
    }
  }
}

extension CrowdedBot.Tally {
  fileprivate mutating func count(_ method: String, to chat: Int64?, _ fault: FakeTelegramFault?) {
    guard fault?.letsItAct ?? true else { return }
    switch (method, chat) {
    case ("sendMessage", let chat?):
      if fault == nil {
        outcomes += chat == CrowdedBot.administrator ? 0 : 1
      } else {
        chats[chat, default: Chat()].unconfirmed.insert(chats[chat, default: Chat()].messages)
      }
      chats[chat, default: Chat()].messages += 1
    case ("answerCallbackQuery", _):
      answers += 1
      if fault == nil { outcomes += 1 } else { unconfirmedAnswers += 1 }
    default: break
    }
  }
}

extension FakeTelegramFault {
  var letsItAct: Bool {
    switch self {
    case .truncated, .loseAnswer: true
    default: false
    }
  }
}

// MARK: - The run

extension CrowdedBot {
  /// Runs the bot until the whole crowd has been answered, and everything has come to rest.
  func run() async throws {
    let isOver = Watched(false)
    let bot = try bot()
    let (auditor, grantor) = (try database(), try database())
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await bot.run {
          _ = try? await isOver.wait(for: "the end", within: .seconds(3_600)) { $0 }
        }
      }
      group.addTask { try await self.audit(auditor) }
      group.addTask { try await self.grant(grantor) }
      defer { isOver.change { $0 = true } }
      for wave in 0..<Crowd.waves {
        // The next ones write while half of a wave still waits.
        try await reach(Crowd.people * Crowd.requestsPerWave * wave / 2)
        await ask(wave: wave)
      }
      try await reach(Crowd.requests)
      // What a stop finds waiting is left to the next start.
      try await commits.wait(for: "the last replies") { _ in
        (try? auditor.read { try Bool.fetchOne($0.db, sql: Self.hasSentAll) }) == true
      }
      isOver.change { $0 = true }
      try await group.waitForAll()
    }
  }

  /// Nobody waits for the end of old buttons; the next start would see to it.
  static let hasSentAll = """
    SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued'
      AND coalesce(method, '') <> 'editMessageReplyMarkup')
    """

  private func bot() throws -> TelegramBot {
    // On a machine with much else to do, the failures are to be the ones that were drawn.
    let transport = HTTPTransport(limits: .init(connect: .seconds(600)))
    let start = ContinuousClock.now
    func keys() -> KeyRing {
      KeyRing(
        ["test-key-of-some-length-1", "test-key-of-some-length-2", "test-key-of-some-length-3"],
        now: { start + start.duration(to: .now) * Self.haste })
    }
    let database = try database()
    let counter = CommitCounter(commits)
    try database.write { $0.db.add(transactionObserver: counter, extent: .databaseLifetime) }
    return TelegramBot(
      client: TelegramClient(transport: transport, baseURL: telegram.url, token: telegram.token),
      database: database,
      llm: LLMClient([
        .google: GeminiModel(transport: transport, baseURL: gemini.url, keys: keys()),
        .openrouter: OpenRouterModel(
          transport: transport, baseURL: openRouter.url, keys: keys()),
      ]),
      settings: BotSettings(
        models: try Question.models(),
        terms: try BillingTerms(creditValueUSD: "0.01", markup: "1.5"),
        initialGrant: Self.initialGrant,
        sendRates: OutboxDelivery.Rates(perSecond: 0, perChatPerSecond: 0),
        store: try .ofTests(), administrators: [Self.administrator]),
      workshop: .closed, logger: .silent,
      sleep: { try await ContinuousClock().sleep(for: $0 / Self.haste) })
  }

  /// Waits until so many requests have had their outcome; gives up where fifty more take ten
  /// minutes.
  private func reach(_ count: Int) async throws {
    var next = 0
    while next < count {
      next = min(next + 50, count)
      let goal = next
      try await tally.wait(for: "outcome \(goal) of \(Crowd.requests)", within: .seconds(600)) {
        $0.outcomes >= goal
      }
    }
  }

  /// All people at once.
  private func ask(wave: Int) async {
    let buttons = buttons()
    await withTaskGroup { group in
      for person in 0..<Crowd.people {
        group.addTask {
          for request in self.crowd.requests(of: person, inWave: wave) {
            let id = self.deliver(request, from: Crowd.userID(of: person), buttons)
            self.asked.change { $0[person, default: []].append((request, id)) }
          }
        }
      }
    }
    // Telegram serves some of them again.
    let ids = asked.value.values.flatMap { $0.map(\.updateID) }.sorted()
    for index in 0..<20 {
      telegram.deliverAgain(ids[chance.draw(ids.count, for: "repeat \(wave) \(index)")])
    }
  }

  private func deliver(
    _ request: CrowdRequest, from user: Int64,
    _ buttons: [Int64: (messageID: Int64, data: String)]
  ) -> Int64 {
    switch request {
    case .command(let text, _): return telegram.message(text, from: user)
    case .question(let question): return telegram.message(question.text, from: user)
    case .press:
      let button = buttons[user] ?? (1_001, "projects:none")
      return telegram.callback(button.data, from: user, messageID: button.messageID)
    }
  }

  /// The latest one of each chat.
  private func buttons() -> [Int64: (messageID: Int64, data: String)] {
    var latest: [Int64: (messageID: Int64, data: String)] = [:]
    for message in telegram.state.value.messages {
      let row = message.replyMarkup?["inline_keyboard"]?.array?.last?.array
      guard let data = row?.first?["callback_data"]?.string, data.hasPrefix("projects:") else {
        continue
      }
      latest[message.chatID] = (message.id, data)
    }
    return latest
  }
}

// MARK: - Other programs on the same file

extension CrowdedBot {
  /// As `aidevbot ledger verify` does, again and again.
  private func audit(_ database: LedgerDatabase) async throws {
    for step in 1...10 {
      try await reach(Crowd.requests * step / 11)
      let breaks = try await onOtherThread {
        try database.read { try $0.verification.verify().breaks }
      }
      guard breaks.isEmpty else { throw LedgerBroken(breaks: breaks) }
    }
  }

  struct LedgerBroken: Error {
    var breaks: [String]
  }

  /// As `aidevbot credits grant` does, to everybody, several times.
  private func grant(_ database: LedgerDatabase) async throws {
    for round in 1...8 {
      try await reach(Crowd.requests * round / 10)
      for person in 0..<Crowd.people {
        let amount = Int64(chance.draw(3_000_000, for: "grant \(round) \(person)")) - 1_000_000
        let isBooked = try await onOtherThread {
          try database.grant(Credits(micro: amount), to: person)
        }
        if isBooked { granted.change { $0[person, default: 0] += amount } }
        if tally.value.outcomes >= Crowd.requests { return }
      }
    }
  }

  /// Holds up none of the threads that the bot runs on.
  private func onOtherThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
    }
  }
}

extension LedgerDatabase {
  /// Returns false where the person has no account yet, or the file was never free for as long as
  /// the product waits.
  fileprivate func grant(_ amount: Credits, to person: Int) throws -> Bool {
    do {
      return try write { tx in
        let user = Crowd.userID(of: person)
        guard let account = try tx.users.find(telegramUserID: user) else {
          return false
        }
        try tx.transactions.record(
          NewTransaction(
            userID: account.id, type: .manualAdjustment, amount: amount,
            idempotencyKey: "manual:\(UUID().uuidString)", description: "test"))
        return true
      }
    } catch DatabaseError.SQLITE_BUSY {
      return false
    }
  }
}
