import Foundation
import GRDB
import Ledger
import Testing
import TestSupport

/// What fails, and how, follows from a seed; `STOPS_SEED` sets it.
@Suite("A crowd that stops answers")
struct StoppingCrowdTests {
  @Test func hasOneEndForEachQuestionAndPaysForItOnce() async throws {
    let given = ProcessInfo.processInfo.environment["STOPS_SEED"].flatMap { UInt64($0) }
    let seed = given ?? .random(in: 0...UInt64(UInt32.max))
    let crowd = try StoppingCrowd(seed: seed)
    do {
      try await crowd.run()
    } catch {
      Issue.record("STOPS_SEED=\(seed): \(error)")
    }
    let findings = try Findings(about: crowd).all
    #expect(findings.isEmpty, "STOPS_SEED=\(seed)\n\(findings.prefix(50).joined(separator: "\n"))")
  }
}

/// What is wrong after the run, a sentence each.
private struct Findings {
  private enum End {
    case whole
    case stopped
    case stoppedBeforeItsFirstWord
    case stoppedBeforeItHadBegun
  }

  private let crowd: StoppingCrowd
  private let state: FakeTelegramState
  /// The texts that the replies to questions have become, by update, and who has paid for them.
  private var texts: [Int64: [String]] = [:]
  private var payers: [Int64: [String]] = [:]
  private(set) var all: [String] = []

  init(about crowd: StoppingCrowd) throws {
    self.crowd = crowd
    state = crowd.telegram.state.value
    all = crowd.failures.value + state.violations + crowd.gemini.violations.value
    try lookAtFile()
    for question in crowd.questions { look(at: question) }
    try lookAtMoney()
  }

  private mutating func check(_ condition: Bool, _ otherwise: String) {
    if !condition { all.append(otherwise) }
  }

  private func rows(_ sql: String) throws -> [Row] {
    try crowd.database.read { try Row.fetchAll($0.db, sql: sql) }
  }

  private mutating func lookAtFile() throws {
    all += try rows("SELECT update_id, state FROM inbox WHERE state <> 'done'").map { "\($0)" }
    all += try rows(
      """
      SELECT update_id, method, state, failure FROM outbox WHERE state <> 'sent'
        -- Nobody waits for the end of old buttons.
        AND NOT (state = 'queued' AND coalesce(method, '') = 'editMessageReplyMarkup')
      """
    ).map { "\($0)" }
    var known: Set<Int64> = []
    let shown = Dictionary(uniqueKeysWithValues: state.messages.map { ($0.id, $0) })
    for row in try rows(
      """
      SELECT update_id, chat_id, message_id FROM outbox
      WHERE text IS NOT NULL AND edited_message_id IS NULL
      """)
    {
      let (update, id): (Int64, Int64) = (row["update_id"], row["message_id"] ?? 0)
      known.insert(id)
      let message = shown[id].flatMap { $0.chatID == row["chat_id"] ? $0 : nil }
      texts[update, default: []].append(message?.text ?? "(none)")
    }
    // What is left beside is what Telegram had not told of.
    let left = state.messages.count { !known.contains($0.id) }
    let unconfirmed = crowd.tally.value.unconfirmed
    check(left == unconfirmed, "\(left) messages are left over, \(unconfirmed) were not told of")
    for row in try rows(
      """
      SELECT CAST(substr(hold_id, 4, instr(hold_id, ':') - 4) AS INTEGER) AS id,
        format('%s, %d', charged_to, output_tokens_used) AS payer FROM api_key_usage
      """)
    {
      payers[row["id"], default: []].append(row["payer"])
    }
  }

  private mutating func look(at question: StoppingCrowd.Question) {
    guard let update = crowd.asked.value[question.name] else {
      return check(false, "\(question.name) was not asked")
    }
    let (texts, payers) = (texts[update] ?? [], payers[update] ?? [])
    guard texts.count == 1, let end = end(of: question, as: texts[0]) else {
      return check(false, "\(question) has ended as \(texts)")
    }
    let isRight =
      switch question.fate {
      case .left, .triedByOthers: end == .whole
      case .pressed, .commanded, .stoppedThrice:
        end == .stopped || end == .stoppedBeforeItsFirstWord
      case .pressedAtOnce: true
      }
    check(isRight, "\(question) has ended as \(texts)")
    let calls = crowd.calls.value[question.name] ?? 0
    switch end {
    case .whole: check(payers == ["user, \(question.outputTokens)"], "\(question): \(payers)")
    case .stopped:
      check(payers.count == 1 && payers[0].hasPrefix("user"), "\(question): \(payers)")
    case .stoppedBeforeItsFirstWord:
      // What the provider has not seen may have cost nothing.
      let isFree = payers.isEmpty && calls == 0
      check(isFree || payers.count == 1 && payers[0].hasPrefix("house"), "\(question): \(payers)")
    case .stoppedBeforeItHadBegun: check(payers.isEmpty && calls == 0, "\(question): \(payers)")
    }
    let least = end == .whole || end == .stopped ? 1 : 0
    check(least...1 ~= calls, "\(question): \(calls) calls")
  }

  private func end(of question: StoppingCrowd.Question, as text: String) -> End? {
    if text.hasPrefix(question.answer) {
      return text.contains("\nCost: \(question.charge.text) credits") ? .whole : nil
    }
    switch text {
    case "You stopped this before the model had answered. It cost you nothing.":
      return .stoppedBeforeItsFirstWord
    case "Stopped before I had begun; it cost you nothing.":
      return .stoppedBeforeItHadBegun
    default:
      let words = text.prefix { $0 != "\n" }
      let isRight = question.answer.hasPrefix(words) && words.hasPrefix("Answer")
      return isRight && text.contains("\n(You stopped the answer here.)\n") ? .stopped : nil
    }
  }

  private mutating func lookAtMoney() throws {
    all += try crowd.database.read { try $0.verification.verify().breaks }
    all += try rows("SELECT id FROM credit_holds WHERE state = 'pending'").map { "pending: \($0)" }
    // What each has paid is what their answers say that they cost.
    for person in Set(crowd.questions.map(\.person)) {
      let said = try crowd.questions.filter { $0.person == person }
        .flatMap { crowd.asked.value[$0.name].flatMap { texts[$0] } ?? [] }
        .compactMap { $0.firstMatch(of: /\nCost: ([0-9.]+) credits/)?.output.1 }
        .reduce(Int64(0)) { try $0 + Credits(parsing: String($1)).micro }
      let balance = try crowd.database.read { try $0.users.account(telegramUserID: person) }.balance
      let paid = CrowdedBot.initialGrant.micro - balance.micro
      check(paid == said, "person \(person) has paid \(paid), and was told of \(said)")
    }
  }
}
