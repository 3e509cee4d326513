import Assistant
@testable import Bot
import Commands
import Foundation
import GRDB
import HTTPTransport
import LanguageModels
import Ledger
import Messaging
import Metering
import TelegramBotAPI
import TestSupport

/// The whole bot on a real file, a model whose answers come in many pieces, a Telegram that fails
/// at random, and people who stop answers while they grow. The bot's waits pass faster.
final class StoppingCrowd: Sendable {
  static let people = 16
  private static let questionsOfEach = 6
  private static let group: Int64 = -100
  private static let haste = 50
  /// Of a hundred requests to Telegram.
  private static let faults = 8

  struct Question: Sendable {
    enum Fate: CaseIterable, Sendable {
      case left
      /// Somebody else tries to stop it, in vain.
      case triedByOthers
      /// Whoever asked stops it while it grows.
      case pressed
      case commanded
      case stoppedThrice
      /// Perhaps before it has begun.
      case pressedAtOnce
    }

    let name: String
    let person: Int64
    /// A group for every third of the people.
    let chat: Int64
    let fate: Fate
    let outputTokens: Int

    var pieces: [String] { ["Answer \(name):"] + (1...8).map { " piece \($0)," } }
    var answer: String { pieces.joined() + " end." }

    /// At 0.30 and 2.50 USD per million tokens, 1,000 of the question; see `Crowd`.
    var charge: Credits {
      Credits(micro: (Int64(300 * 1_000 + 2_500 * outputTokens) * 15 + 99) / 100)
    }
  }

  struct Tally: Sendable {
    var draws: [String: Int] = [:]
    /// Messages that Telegram has taken without saying so.
    var unconfirmed = 0
    /// How often somebody else has tried, and was told so: after a press, and after `/stop`.
    var tries = 0
    var refusals = 0
    var vainCommands = 0
  }

  let questions: [Question]
  let telegram: FakeTelegram
  let database: LedgerDatabase
  let gemini: FakeGemini
  let tally = Watched(Tally())
  /// The update of each question.
  let asked = Watched<[String: Int64]>([:])
  let calls = Watched<[String: Int]>([:])
  /// What went wrong while it ran.
  let failures = Watched<[String]>([])
  private let commits = Watched(0)
  private let chance: Chance
  private let folder: URL

  init(seed: UInt64) throws {
    let chance = Chance(seed: seed)
    self.chance = chance
    questions = (0..<Self.people).flatMap { person in
      (0..<Self.questionsOfEach).map { Self.question($0, of: person, chance) }
    }
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-stops-\(UUID().uuidString)")
    var database = try LedgerDatabase.openForBot(
      path: folder.appendingPathComponent("stops.sqlite").path)
    database.clock = { [start = Date()] in CrowdedBot.slowClock(since: start) }
    self.database = database
    telegram = try FakeTelegram()
    gemini = try FakeGemini()
    let counter = CommitCounter(commits)
    try database.write { $0.db.add(transactionObserver: counter, extent: .databaseLifetime) }
    telegram.onCall { [weak self] in self?.fault(for: $0) }
    gemini.onCall { [weak self] in self?.reply(to: $0) }
  }

  deinit {
    telegram.stop()
    gemini.stop()
    try? database.close()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func question(_ number: Int, of person: Int, _ chance: Chance) -> Question {
    let name = "\(person)-\(number)"
    let fates = Question.Fate.allCases
    let id = Crowd.userID(of: person)
    return Question(
      name: name, person: id, chat: person.isMultiple(of: 3) ? group : id,
      fate: fates[chance.draw(fates.count, for: "fate \(name)")],
      outputTokens: 1 + chance.draw(400, for: "output \(name)"))
  }
}

// MARK: - The run

extension StoppingCrowd {
  /// Runs the bot until all questions have ended, and everything has come to rest.
  func run() async throws {
    let isOver = Watched(false)
    let bot = try bot()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await bot.run {
          _ = try? await isOver.wait(for: "the end", within: .seconds(3_600)) { $0 }
        }
      }
      group.addTask { [self] in
        defer { isOver.change { $0 = true } }
        try await withThrowingTaskGroup(of: Void.self) { people in
          for person in 0..<Self.people {
            people.addTask { try await self.ask(as: Crowd.userID(of: person)) }
          }
          try await people.waitForAll()
        }
        // What a stop finds waiting is left to the next start.
        try await self.wait(for: "the last replies", untilThereIs: CrowdedBot.hasSentAll)
      }
      try await group.waitForAll()
    }
  }

  private func bot() throws -> TelegramBot {
    let transport = HTTPTransport(limits: .init(connect: .seconds(600)))
    let limits = CallLimits(
      idle: .seconds(3_600), total: .seconds(3_600), free: .seconds(3_600),
      lookUpPauses: [.milliseconds(1)])
    return TelegramBot(
      client: TelegramClient(transport: transport, baseURL: telegram.url, token: telegram.token),
      database: database,
      llm: LLMClient([
        .google: GeminiModel(
          transport: transport, baseURL: gemini.url, keys: KeyRing(["test-key-of-some-length-1"]),
          limits: limits)
      ]),
      settings: BotSettings(
        models: try .gemini(), terms: try BillingTerms(creditValueUSD: "0.01", markup: "1.5"),
        initialGrant: CrowdedBot.initialGrant,
        sendRates: OutboxDelivery.Rates(perSecond: 0, perChatPerSecond: 0),
        store: try .ofTests()),
      workshop: .closed, logger: .silent,
      sleep: { try await ContinuousClock().sleep(for: $0 / Self.haste) })
  }

  /// One question after the other.
  private func ask(as person: Int64) async throws {
    try await waitUntilFinished(telegram.message("/start", from: person))
    for question in questions where question.person == person {
      let isInGroup = question.chat == Self.group
      let update = telegram.message(
        "\(isInGroup ? "@devbot " : "")Question \(question.name)", from: person,
        chat: question.chat)
      asked.change { $0[question.name] = update }
      if question.fate == .pressedAtOnce { press(question, as: person) }
      try await waitUntilFinished(update)
    }
  }

  private func waitUntilFinished(_ update: Int64) async throws {
    try await wait(
      for: "the end of update \(update)",
      untilThereIs: "SELECT state <> 'pending' FROM inbox WHERE update_id = \(update)")
  }

  private func wait(for what: String, untilThereIs sql: String) async throws {
    try await commits.wait(for: what) { [database] _ in
      (try? database.read { try Bool.fetchOne($0.db, sql: sql) }) == true
    }
  }
}

extension ModelAssignment {
  fileprivate static func gemini() throws -> ModelAssignment {
    let models = ModelID(parsing: BotRig.flash).map { [$0] } ?? []
    return ModelAssignment(Dictionary(uniqueKeysWithValues: TaskType.allCases.map { ($0, models) }))
  }
}

// MARK: - Answers and stops

extension StoppingCrowd {
  private func reply(to request: LoopbackRequest) -> LoopbackReply? {
    guard GeminiDialect.asksForAnswer(request), let question = question(in: request) else {
      return nil
    }
    calls.change { $0[question.name, default: 0] += 1 }
    let answer = SlowAnswer()
    Task {
      do {
        try await self.drive(answer, to: question)
      } catch {
        failures.change { $0.append("\(question.name): \(error)") }
        answer.breakOff()
      }
    }
    return answer.reply
  }

  private func question(in request: LoopbackRequest) -> Question? {
    guard let mark = request.body.range(of: Data("Question ".utf8), options: .backwards) else {
      return nil
    }
    let name = request.body[mark.upperBound...].prefix { $0 == 0x2D || 0x30...0x39 ~= $0 }
    return questions.first { $0.name == String(decoding: name, as: UTF8.self) }
  }

  private func drive(_ answer: SlowAnswer, to question: Question) async throws {
    let half = question.pieces.count / 2
    question.pieces.prefix(half).forEach { answer.say($0) }
    let asked = try await asked.wait(for: "the question") { $0[question.name] != nil }
    switch question.fate {
    case .left, .pressedAtOnce: break
    case .triedByOthers: try await tryToStop(question)
    case .pressed: press(question, as: question.person)
    case .commanded: command(question, as: question.person)
    case .stoppedThrice:
      press(question, as: question.person)
      command(question, as: question.person)
      press(question, as: question.person)
    }
    if question.isStopped, let update = asked[question.name] { try await waitUntilFinished(update) }
    question.pieces.dropFirst(half).forEach { answer.say($0) }
    answer.end(" end.", outputTokens: question.outputTokens)
  }

  /// Somebody else does, and has been told that it is no use.
  private func tryToStop(_ question: Question) async throws {
    let tries = tally.change { tally in
      tally.tries += 1
      return tally.tries
    }
    let other = 10_000 + Int64(tries)
    press(question, as: other)
    command(question, as: other)
    try await tally.wait(for: "the answers to \(tries) others") {
      $0.refusals >= tries && $0.vainCommands >= tries
    }
  }

  private func press(_ question: Question, as person: Int64) {
    guard let update = asked.value[question.name] else { return }
    // Of a message that is no preview, so that nothing is taken away.
    telegram.callback("stop:\(update)", from: person, chat: question.chat, messageID: 1)
  }

  private func command(_ question: Question, as person: Int64) {
    let isInGroup = question.chat == Self.group
    telegram.message(
      isInGroup ? "/stop@devbot" : "/stop", from: person, chat: isInGroup ? Self.group : person)
  }
}

extension StoppingCrowd.Question {
  /// By whoever asked, for certain.
  var isStopped: Bool {
    switch fate {
    case .pressed, .commanded, .stoppedThrice: true
    case .left, .triedByOthers, .pressedAtOnce: false
    }
  }
}

// MARK: - Faults

extension StoppingCrowd {
  private func fault(for call: FakeTelegramState.Call) -> FakeTelegramFault? {
    // There are few polls, and much waits for each.
    guard call.method != "getUpdates" else { return nil }
    return tally.change { tally in
      let purpose = "\(call.method) \(call.parameters["chat_id"]?.integer ?? 0)"
      tally.draws[purpose, default: 0] += 1
      let draw = chance.draw(100, for: "\(purpose) \(tally.draws[purpose, default: 0])")
      let fault = draw < Self.faults ? CrowdedBot.fault(draw, of: call.method) : nil
      if call.method == "sendMessage", fault?.letsItAct == true { tally.unconfirmed += 1 }
      if fault == nil { tally.count(call.parameters["text"]?.string ?? "") }
      return fault
    }
  }
}

extension StoppingCrowd.Tally {
  fileprivate mutating func count(_ text: String) {
    switch text {
    case "Only whoever asked can stop this.": refusals += 1
    case "I am not working on an answer, so there is nothing to stop.": vainCommands += 1
    default: break
    }
  }
}
