import Foundation
import TestSupport

/// People who ask and buy without end, and Telegram's truth about what they were told.
final class People: Sendable {
  /// A question and what was said to it.
  struct Question: Sendable {
    var number: Int
    var person: Int64
    var update: Int64
    var askedAt: ContinuousClock.Instant
    /// By which machine each answer came, repeats included.
    var answers: [String] = []
    var isOver = false
  }

  struct Purchase: Sendable {
    var person: Int64
    var payload: String
    /// The questions of Telegram that were answered with yes, and who did.
    var yeses: [String: [String]] = [:]
    /// Telegram takes no more answers to it: ten seconds have passed, or it has one.
    var closed: Set<String> = []
    var charge: String?
  }

  struct State: Sendable {
    var questions: [Int: Question] = [:]
    var purchases: [String: Purchase] = [:]
    /// Every update that there was.
    var updates: [Int64] = []
    /// Up to which, exclusive, Telegram was told to forget them.
    var confirmed: Int64 = 0
    var isPaused = false
    var isOver = false
    /// Who is in the middle of something.
    var busy = 0
    /// How many answers came, and from whom.
    var answers: [String: Int] = [:]
    var lastAnswerAt = ContinuousClock.now
    /// The longest time without one, since it was last set to zero.
    var longestSilence = Duration.zero
    /// Yeses that Telegram took no more.
    var lateYeses = 0
    /// What payments were refused with.
    var refusals: [String] = []
    var messages: [Int64: Int] = [:]

    var allAnswers: Int { answers.values.reduce(0, +) }

    /// The number of an open query, by which its purchase is found.
    func purchase(of query: String) -> String? {
      query.split(separator: "/").dropFirst().first.map(String.init)
    }
  }

  let state = Watched(State())
  private let telegram: FakeTelegram
  private let count: Int
  private let pause: Duration

  static let price: Int64 = 200

  /// - Parameters:
  ///   - count: How many there are.
  ///   - pause: Between two things that one of them does.
  init(_ count: Int, at telegram: FakeTelegram, pause: Duration) {
    (self.count, self.telegram, self.pause) = (count, telegram, pause)
  }

  var people: [Int64] { (0..<count).map { 5_001 + Int64($0) } }

  // MARK: - What they do

  /// Each of them by a task of their own, until it is over.
  func live() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for person in people { group.addTask { try await self.live(person) } }
      try await group.waitForAll()
    }
  }

  func end() {
    state.change { state in
      state.isOver = true
      state.isPaused = false
    }
  }

  /// Waits until all have come to the end of what they were at, and lets nobody begin.
  func rest() async throws {
    state.change { $0.isPaused = true }
    try await state.wait(for: "the people's rest") { $0.busy == 0 }
  }

  func goOn() { state.change { $0.isPaused = false } }

  private func live(_ person: Int64) async throws {
    try await whileAwake { try await say("/start", from: person) }
    for turn in 0... {
      guard !state.value.isOver else { return }
      // Paces the load; nothing depends on it.
      try await Task.sleep(for: pause)
      try await whileAwake {
        if (turn + Int(person)) % 4 == 0 { try await buy(person) } else { try await ask(person) }
      }
    }
  }

  private func whileAwake(_ body: () async throws -> Void) async throws {
    while true {
      try await state.wait(for: "the end of a rest") { !$0.isPaused || $0.isOver }
      let mayBegin = state.change { state in
        if !state.isPaused { state.busy += 1 }
        return !state.isPaused
      }
      if mayBegin { break }
    }
    defer { state.change { $0.busy -= 1 } }
    guard !state.value.isOver else { return }
    try await body()
  }

  private func say(_ text: String, from person: Int64) async throws {
    let before = state.value.messages[person] ?? 0
    note(telegram.message(text, from: person))
    try await state.wait(for: "a reply to \(text)") { $0.messages[person] ?? 0 > before }
  }

  private func ask(_ person: Int64) async throws {
    let number = state.change { state in
      let number = state.questions.count + 1
      state.questions[number] = Question(
        number: number, person: person, update: 0, askedAt: .now)
      return number
    }
    let update = telegram.message(Self.text(ofQuestion: number), from: person)
    note(update)
    state.change { $0.questions[number]?.update = update }
    try await state.wait(for: "the end of question \(number)") {
      $0.questions[number]?.isOver == true
    }
  }

  /// An invoice, then Telegram asks whether it may be paid, once more where it was not told in
  /// time; then it is paid.
  private func buy(_ person: Int64) async throws {
    let before = state.value.purchases.values.count { $0.person == person }
    note(telegram.callback("buy:Starter", from: person))
    let state = try await state.wait(for: "an invoice to \(person)") {
      $0.purchases.values.count { $0.person == person } > before
    }
    guard
      let payload = state.purchases.values.first(where: { $0.person == person && $0.charge == nil }
      )?
      .payload
    else { return }
    for attempt in 1... {
      let query = "query/\(payload)/\(attempt)"
      note(checkOut(payload, query, person))
      let isAnswered = try await isTold(query, payload)
      if isAnswered { break }
    }
    let charge = "charge-\(payload)"
    note(
      telegram.payment(payload: payload, amount: Self.price, chargeID: charge, from: person))
    self.state.change { $0.purchases[payload]?.charge = charge }
  }

  /// Telegram waits for ten seconds.
  private func isTold(_ query: String, _ payload: String) async throws -> Bool {
    do {
      try await state.wait(for: "the answer to \(query)", within: .seconds(10)) {
        $0.purchases[payload]?.yeses[query] != nil
      }
    } catch is WaitFailed {
      // It may have come just now.
    }
    return state.change { state in
      state.purchases[payload]?.closed.insert(query)
      return state.purchases[payload]?.yeses[query] != nil
    }
  }

  private func checkOut(_ payload: String, _ query: String, _ person: Int64) -> Int64 {
    telegram.deliver(
      "pre_checkout_query",
      [
        "id": .string(query),
        "from": ["id": .integer(person), "is_bot": false, "first_name": "Ada"],
        "currency": "XTR", "total_amount": .integer(Self.price),
        "invoice_payload": .string(payload),
      ])
  }

  private func note(_ update: Int64) { state.change { $0.updates.append(update) } }

  static func text(ofQuestion number: Int) -> String { "What is number \(number)?" }

  static func answer(toQuestion number: Int) -> String { "This is number \(number)." }
}

// MARK: - What they are told

extension People {
  /// Sees a request before Telegram acts on it.
  ///
  /// - Returns: What Telegram does instead.
  func see(_ call: FakeTelegramState.Call, from machine: String) -> FakeTelegramFault? {
    let parameters = call.parameters
    let person = parameters["chat_id"].flatMap { if case .integer(let id) = $0 { id } else { nil } }
    switch call.method {
    case "getUpdates":
      guard case .integer(let offset) = parameters["offset"] else { return nil }
      state.change { $0.confirmed = max($0.confirmed, offset) }
    case "sendMessage", "editMessageText":
      guard case .string(let text) = parameters["text"], let person else { return nil }
      state.change { $0.note(text, to: person, by: machine, isNew: call.method == "sendMessage") }
    case "sendInvoice":
      guard case .string(let payload) = parameters["payload"], let person else { return nil }
      state.change { state in
        // Sent again after a fail-over, it is the same one.
        if state.purchases[payload] == nil {
          state.purchases[payload] = Purchase(person: person, payload: payload)
        }
      }
    case "answerPreCheckoutQuery":
      guard case .string(let query) = parameters["pre_checkout_query_id"] else { return nil }
      guard parameters["ok"] == true else {
        state.change { $0.refusals.append("\(parameters["error_message"]?.json ?? "")") }
        return nil
      }
      return state.change { $0.noteYes(to: query, by: machine) }
    default: break
    }
    return nil
  }
}

extension People.State {
  fileprivate mutating func note(
    _ text: String, to person: Int64, by machine: String, isNew: Bool
  ) {
    if isNew { messages[person, default: 0] += 1 }
    // An answer says what it has cost; while it grows, it does not.
    let number = text.firstMatch(of: /This is number ([0-9]+)\./).flatMap { Int($0.1) }
    if let number, text.contains("Cost: ") {
      answers[machine, default: 0] += 1
      longestSilence = max(longestSilence, lastAnswerAt.duration(to: .now))
      lastAnswerAt = .now
      questions[number]?.answers.append(machine)
      questions[number]?.isOver = true
    } else if text.contains("cost you nothing") || text.contains("not been charged") {
      // Its person asks one thing after the other.
      for question in questions.values where question.person == person && !question.isOver {
        questions[question.number]?.isOver = true
      }
    }
  }

  fileprivate mutating func noteYes(to query: String, by machine: String) -> FakeTelegramFault? {
    guard let payload = purchase(of: query), var purchase = purchases[payload],
      !purchase.closed.contains(query)
    else {
      lateYeses += 1
      return .badRequest("query is too old and response timeout expired or query ID is invalid")
    }
    purchase.yeses[query, default: []].append(machine)
    purchase.closed.insert(query)
    purchases[payload] = purchase
    return nil
  }
}
