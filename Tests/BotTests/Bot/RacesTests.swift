import Foundation
import GRDB
import Ledger
import Testing
import TestSupport

/// Thousands of requests at once through the whole bot, while Telegram and the providers fail at
/// random and other programs use the file. `.ci/races` runs it under the thread sanitizer.
///
/// What fails, and how, follows from a seed; `RACES_SEED` sets it.
@Suite("Races")
struct RacesTests {
  @Test func everyRequestHasOneOutcomeInOrderAndItsExactCharge() async throws {
    let given = ProcessInfo.processInfo.environment["RACES_SEED"].flatMap { UInt64($0) }
    let seed = given ?? .random(in: 0...UInt64(UInt32.max))
    let bot = try CrowdedBot(seed: seed)
    do {
      try await bot.run()
    } catch {
      Issue.record("RACES_SEED=\(seed): \(error)")
    }
    let findings = try Findings(about: bot).all
    #expect(findings.isEmpty, "RACES_SEED=\(seed)\n\(findings.prefix(50).joined(separator: "\n"))")
  }
}

/// What is wrong after the run, a sentence each.
private struct Findings {
  private let bot: CrowdedBot
  private let database: LedgerDatabase
  private let state: FakeTelegramState
  private let tally: CrowdedBot.Tally
  /// The updates of questions that were answered.
  private var answered: Set<Int64> = []
  private(set) var all: [String] = []

  init(about bot: CrowdedBot) throws {
    self.bot = bot
    database = try bot.database()
    state = bot.telegram.state.value
    tally = bot.tally.value
    for person in 0..<Crowd.people { lookAtChat(of: person) }
    lookAtOtherAnswers()
    try lookAtQueues()
    lookAtCalls()
    try lookAtUsage()
    try lookAtBalances()
    for rule in state.violations + bot.gemini.violations.value + bot.openRouter.violations.value {
      all.append("a request breaks a rule: \(rule)")
    }
  }

  private mutating func check(_ condition: Bool, _ otherwise: String) {
    if !condition { all.append(otherwise) }
  }

  private func requests(of person: Int) -> [(request: CrowdRequest, updateID: Int64)] {
    bot.asked.value[person] ?? []
  }

  private func questions(of person: Int) -> [(question: Question, updateID: Int64)] {
    requests(of: person).compactMap { request, id in
      if case .question(let question) = request { (question, id) } else { nil }
    }
  }

  private var presses: Int {
    (0..<Crowd.people).flatMap(requests).count {
      if case .press = $0.request { true } else { false }
    }
  }
}

// MARK: - What people see

extension Findings {
  /// What the chat shows in the end, in order, without what Telegram did not confirm: that came
  /// again, or was a preview whose answer is a message of its own.
  private func delivered(to chatID: Int64) -> [String] {
    let texts = state.messages.filter { $0.chatID == chatID }.map(\.text)
    let unconfirmed = tally.chats[chatID]?.unconfirmed ?? []
    return texts.enumerated().filter { !unconfirmed.contains($0.offset) }.map(\.element)
  }

  private mutating func lookAtChat(of person: Int) {
    let texts = delivered(to: Crowd.userID(of: person))
    let asked = requests(of: person).filter { if case .press = $0.request { false } else { true } }
    check(texts.count == asked.count, "person \(person): \(texts.count) of \(asked.count) texts")
    // What only reads passes what waits for a model; all else comes in order.
    for opening in CrowdRequest.openingsOfReading {
      let (due, told) = (asked.count { $0.request.opens(with: opening) }, texts.count(of: opening))
      check(due == told, "person \(person): \(told) of \(due) times: \(opening)")
    }
    let inOrder = asked.filter { !$0.request.isReading }
    let answers = texts.filter { text in
      !CrowdRequest.openingsOfReading.contains { text.hasPrefix($0) }
    }
    for ((request, id), text) in zip(inOrder, answers) {
      check(request.isAnswered(by: text), "person \(person): \(request) was told: \(text)")
      if case .question(let question) = request, CrowdRequest.answers(question, text) {
        answered.insert(id)
      }
    }
  }

  private mutating func lookAtOtherAnswers() {
    let confirmed = tally.answers - tally.unconfirmedAnswers
    check(confirmed == presses, "\(confirmed) answers to \(presses) presses")
    // One alert for each model whose calls ended with status 402.
    let alerts = delivered(to: CrowdedBot.administrator)
    check(alerts.count == 2, "the administrator was told: \(alerts)")
  }
}

extension [String] {
  fileprivate func count(of opening: String) -> Int { count { $0.hasPrefix(opening) } }
}

extension CrowdRequest {
  fileprivate static let openingsOfReading = [
    "Your balance is ", "Balance: ", "Your projects, newest first, and",
  ]

  fileprivate var isReading: Bool { Self.openingsOfReading.contains(where: opens) }

  fileprivate func opens(with opening: String) -> Bool {
    if case .command(_, opening) = self { true } else { false }
  }
}

// MARK: - What is in the file

extension Findings {
  private func strings(_ sql: String) throws -> [String] {
    try database.read { try String.fetchAll($0.db, sql: sql) }
  }

  private mutating func lookAtQueues() throws {
    let sentences = try strings(
      """
      SELECT format('update %d is %s', update_id, state) FROM inbox WHERE state <> 'done'
      UNION ALL
      SELECT format('reply %d to update %d is %s: %s', id, update_id, state, failure) FROM outbox
      WHERE state <> 'sent'
        -- Nobody waits for the end of old buttons; the next start would see to it.
        AND NOT (state = 'queued' AND coalesce(method, '') = 'editMessageReplyMarkup')
      UNION ALL
      SELECT format('update %d has %d answers', i.update_id, count(o.id))
      FROM inbox i LEFT JOIN outbox o
        ON o.update_id = i.update_id AND (o.text IS NOT NULL AND o.edited_message_id IS NULL
          OR o.method = 'answerCallbackQuery')
      GROUP BY i.update_id HAVING count(o.id) <> 1
      """)
    all += sentences
    let updates = try strings("SELECT count(*) FROM inbox")
    check(updates == ["\(Crowd.requests)"], "\(updates) updates in the inbox")
  }

  private mutating func lookAtCalls() {
    let calls = bot.calls.value
    for (question, _) in (0..<Crowd.people).flatMap(questions) {
      let count = calls[question.name] ?? 0
      // Another key may do better.
      let triesOthers = question.fate == .busyKey || question.fate == .refused(status: 402)
      let isRight = triesOthers ? 1...3 ~= count : count == 1
      check(isRight, "\(question) was asked \(count) times")
    }
  }

  /// One row for each answer and for each call that may have cost something, and no other.
  private mutating func lookAtUsage() throws {
    let rows = try strings(
      """
      SELECT format('%s: %s, %s', substr(hold_id, 1, instr(hold_id, ':') - 1), charged_to,
        iif(is_estimate, 'estimated', input_tokens_used || ' + ' || output_tokens_used))
      FROM api_key_usage
      """)
    let expected = (0..<Crowd.people).flatMap(questions).compactMap { question, id -> String? in
      let tokens = "\(question.inputTokens) + \(question.outputTokens)"
      if answered.contains(id) { return "upd\(id): user, \(tokens)" }
      guard question.isHouseLoss else { return nil }
      return "upd\(id): house, \(question.fate == .empty ? tokens : "estimated")"
    }
    for difference in rows.sorted().difference(from: expected.sorted()) {
      switch difference {
      case .insert(_, let row, _): all.append("there is a usage row \(row)")
      case .remove(_, let row, _): all.append("there is no usage row \(row)")
      }
    }
  }

  private mutating func lookAtBalances() throws {
    for person in 0..<Crowd.people {
      let charges = questions(of: person).filter { answered.contains($0.updateID) }
        .reduce(0) { $0 + $1.question.charge }
      let due = CrowdedBot.initialGrant.micro + (bot.granted.value[person] ?? 0) - charges
      let account = try database.read {
        try $0.users.account(telegramUserID: Crowd.userID(of: person))
      }
      check(
        account.balance.micro == due && account.held == .zero,
        "person \(person) has \(account.balance.micro), \(account.held.micro) held, not \(due)")
    }
    all += try database.read { try $0.verification.verify().breaks }
    all += try strings("SELECT 'pending: ' || id FROM credit_holds WHERE state = 'pending'")
  }
}
