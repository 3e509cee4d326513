@testable import Assistant
@testable import Bot
import Commands
import Foundation
import GRDB
import LanguageModels
import Ledger
@testable import Messaging
import TelegramBotAPI
import Testing
import TestSupport

/// "Again" and "Go on" under the newest answer.
@Suite("Buttons under an answer")
struct AnswerButtonsTests {
  let rig: BotRig

  init() throws {
    rig = try BotRig()
  }

  /// Asks a question, and returns the id of its update.
  @discardableResult
  private func ask(_ text: String, answer: String, from user: Int64 = 42, cutOff: Bool = false)
    async throws -> Int64
  {
    rig.gemini.answer.change {
      $0.text = answer
      $0.isCutOff = cutOff
    }
    let id = try await rig.deliver("message", .message(text, from: user))
    await rig.engine.dispatcher.becomeIdle()
    return id
  }

  private func notice(_ data: String, from user: Int64 = 42) async throws -> String? {
    let id = try await rig.deliver("callback_query", .press(data, from: user))
    await rig.engine.dispatcher.becomeIdle()
    let all = try rig.replies().filter { $0.method == "answerCallbackQuery" }
    #expect(try rig.inboxState(id) == "done")
    return all.last?.text
  }

  private static let outdated =
    "That was an earlier answer. Only the newest one has working buttons; reply to any to go on "
    + "from there."

  @Test func againAsksTheSameQuestionInPlaceOfTheFirst() async throws {
    try await rig.say("/start")
    try await ask("Before", answer: "First.")
    let id = try await ask("/code a loop", answer: "One.")
    let buttons = try #require(try rig.replies(to: id).last).buttons
    #expect(buttons.map(\.title) == ["Again", "Build this"])

    rig.gemini.answer.change { $0.text = "Two." }
    let press = try await rig.deliver("callback_query", .press(buttons[0].data))
    await rig.engine.dispatcher.becomeIdle()
    #expect(rig.lastPrompt() == ["user: Before", "model: First.", "user: a loop"])
    // The press is a request of its own, paid for as any.
    let replies = try rig.replies(to: press)
    #expect(replies.count == 1 && replies[0].text.hasPrefix("Two.\n\nCost: 0.2325 credits"))
    #expect(replies[0].buttons.map(\.data) == ["anew:\(press)", "new:from:\(press)"])
    #expect(try rig.holds().last?.id == "upd\(press):coding:1")
    #expect(try rig.usage().count == 3)
    #expect(try rig.inboxState(press) == "done")

    try await ask("And now?", answer: "Three.")
    #expect(
      rig.lastPrompt() == [
        "user: Before", "model: First.", "user: a loop", "model: Two.", "user: And now?",
      ])
  }

  @Test func goOnContinuesWhereAnAnswerWasCutOff() async throws {
    try await rig.say("/start")
    let id = try await ask("Count", answer: "One, two,", cutOff: true)
    let buttons = try #require(try rig.replies(to: id).last).buttons
    #expect(buttons.map(\.title) == ["Go on", "Again"])
    rig.gemini.answer.change { ($0.text, $0.isCutOff) = ("three.", false) }
    let press = try await rig.press(buttons[0].data)
    #expect(
      rig.lastPrompt() == [
        "user: Count", "model: One, two,", "user: \(AnswerButtons.goOnWords)",
      ])
    #expect(press.first?.text.hasPrefix("three.\n\nCost: ") == true)
    #expect(press.first?.buttons.map(\.title) == ["Again"])
    // Again goes on once more from the same place.
    rig.gemini.answer.change { $0.text = "3." }
    let data = try #require(press.first?.buttons.first).data
    _ = try await rig.press(data)
    #expect(rig.lastPrompt().suffix(2).last == "user: \(AnswerButtons.goOnWords)")
    try await ask("And now?", answer: "Four.")
    #expect(rig.lastPrompt().suffix(2) == ["model: 3.", "user: And now?"])
  }

  @Test(arguments: [
    Answer.Ending.lengthLimit, .timeLimit, .stopped, .brokenOff(.connection), .brokenOff(.safety),
  ])
  func goOnIsOfferedWhereverAnAnswerWasCutOff(ending: Answer.Ending) {
    let work = Work(
      updateID: 7, receivedAt: Date(), sender: .ada, task: .chat, text: "Count")
    #expect(AnswerButtons.under(work, ending: ending).map(\.title) == ["Go on", "Again"])
    #expect(AnswerButtons.under(work, ending: .complete).map(\.title) == ["Again"])
  }

  /// Half a list is not to take the place of a whole one.
  @Test func goOnCompletesATaskList() async throws {
    try await rig.say("/start")
    try await rig.say("/new Shop")
    let id = try await ask("/plan a shop", answer: "- [ ] one\n- [ ] t", cutOff: true)
    rig.gemini.answer.change { ($0.text, $0.isCutOff) = ("wo\n- [ ] three", false) }
    _ = try await rig.press("goon:\(id)")
    #expect(try rig.usage().map { $0["task_type"] as String } == ["planning", "planning"])
    let list = try rig.database.read {
      try String.fetchOne($0.db, sql: "SELECT current_todo_markdown FROM projects")
    }
    #expect(list == "- [ ] one\n- [ ] two\n- [ ] three")
  }

  @Test func aTapTooManyAsksOnce() async throws {
    try await rig.say("/start")
    let id = try await ask("Hello", answer: "One.")
    let isOpen = Watched(false)
    rig.gemini.onCall { request in
      if request.path.hasSuffix(":streamGenerateContent") {
        _ = isOpen.block { $0 }
      }
      return nil
    }
    let first = try await rig.deliver("callback_query", .press("anew:\(id)"))
    try await rig.gemini.requests.wait(for: "the call") { $0.count == 2 }
    let second = try await rig.deliver("callback_query", .press("anew:\(id)"))
    try await rig.commits.wait(for: "the second press") { [rig] _ in
      (try? rig.inboxState(second)) == "done"
    }
    #expect(try rig.replies(to: second).map(\.text) == ["I am already on it."])
    isOpen.change { $0 = true }
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: first).count == 1)
    #expect(rig.gemini.paidCalls.count == 2)
    #expect(try await notice("anew:\(id)") == Self.outdated)
    #expect(rig.gemini.paidCalls.count == 2)
  }

  @Test func aPressWaitsForWhatItsPersonHasAskedBefore() async throws {
    try await rig.say("/start")
    let id = try await ask("One?", answer: "First.")
    let isOpen = Watched(false)
    let question = Watched<Int64>(0)
    let stateAtCall = Watched<[String?]>([])
    rig.gemini.onCall { [rig] request in
      guard request.path.hasSuffix(":streamGenerateContent") else { return nil }
      stateAtCall.change { $0.append(try? rig.inboxState(question.value)) }
      _ = isOpen.block { $0 }
      return nil
    }
    let two = try await rig.deliver("message", .message("Two?"))
    question.change { $0 = two }
    try await rig.gemini.requests.wait(for: "the call") { $0.count == 2 }
    try await rig.deliver("callback_query", .press("anew:\(id)"))
    try await rig.commits.wait(for: "the note") { [rig] _ in
      (try? rig.replies().contains { $0.method == "answerCallbackQuery" }) == true
    }
    isOpen.change { $0 = true }
    await rig.engine.dispatcher.becomeIdle()
    #expect(stateAtCall.value.last == "done" && stateAtCall.value.count == 2)
    #expect(rig.lastPrompt() == ["user: One?"])
  }

  /// Presses are handled side by side.
  @Test func aCrowdOfTapsAsksOnceForEachPerson() async throws {
    let people = (1...20).map { Int64(1_000 + $0) }
    var taps: [ReceivedUpdate] = []
    for person in people {
      try await rig.say("/start", from: person)
      let id = try await ask("Hello", answer: "One.", from: person)
      taps += (1...5).map { _ in
        .update(rig.nextUpdateID(), "callback_query", .press("anew:\(id)", from: person))
      }
    }
    let isOpen = Watched(false)
    rig.gemini.onCall { request in
      if request.path.hasSuffix(":streamGenerateContent") {
        _ = isOpen.block { $0 }
      }
      return nil
    }
    try await rig.engine.receive(taps.shuffled(), nextOffset: nil)
    try await rig.commits.wait(for: "a note for each press") { [rig, count = taps.count] _ in
      (try? rig.replies().count { $0.method == "answerCallbackQuery" }) == count
    }
    isOpen.change { $0 = true }
    await rig.engine.dispatcher.becomeIdle()
    #expect(rig.gemini.paidCalls.count == 2 * people.count)
    #expect(try rig.usage().count == 2 * people.count)
  }

  @Test func onlyTheNewestAnswerHasButtons() async throws {
    let delivering = try DeliveringRig(rig)
    try await delivering.deliver("message", .message("/start"))
    for text in ["One?", "Two?"] { try await delivering.deliver("message", .message(text)) }
    let messages = delivering.fake.state.value.messages
    #expect(messages.map { $0.replyMarkup != nil } == [true, false, true])
    let old = try rig.replies().first { $0.buttons.first?.title == "Again" }?.buttons.first?.data
    #expect(try await notice(try #require(old)) == Self.outdated)
    #expect(rig.gemini.paidCalls.count == 2)
    // A reply in a private chat says which question it answers; what a command says needs none.
    #expect(
      messages.map { $0.parameters["reply_parameters"]?["message_id"] } == [nil, 7, 7])
  }

  /// What was not delivered when the next answer came loses its buttons as soon as it is.
  @Test func anAnswerThatComesLateHasNone() async throws {
    try await rig.say("/start")
    for text in ["One?", "Two?"] { try await rig.say(text) }
    let delivering = try DeliveringRig(rig)
    await delivering.send()
    let messages = delivering.fake.state.value.messages
    // The welcome has its own.
    #expect(messages.map { $0.replyMarkup != nil } == [true, false, true])
  }

  @Test func aPressThatFailsMayBeRepeated() async throws {
    try await rig.say("/start")
    let id = try await ask("Hello", answer: "One.")
    rig.gemini.replyNext(.json("{}", status: 500))
    let failed = try await rig.press("anew:\(id)")
    #expect(failed.first?.text.hasSuffix("It cost you nothing.") == true)
    rig.gemini.answer.change { $0.text = "Two." }
    #expect(try await rig.press("anew:\(id)").first?.text.hasPrefix("Two.") == true)
  }

  @Test func aPressWithoutCreditsMayBeAskedAgainAfterAPurchase() async throws {
    let rig = try BotRig(credits: "0.3")
    try await rig.say("/start")
    let id = try await rig.deliver("message", .message("Hi"))
    await rig.engine.dispatcher.becomeIdle()
    #expect(rig.gemini.paidCalls.count == 1)
    let press = try await rig.deliver("callback_query", .press("anew:\(id)"))
    await rig.engine.dispatcher.becomeIdle()
    let refusal = try #require(try rig.replies(to: press).last)
    #expect(refusal.text.hasPrefix("Your credits do not cover this"))
    #expect(refusal.buttons.map(\.data) == ["credits:for \(press)"])
    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    _ = try await rig.pay(order, 200, charge: "charge-1")
    _ = try await rig.press("again:\(press)")
    #expect(rig.gemini.paidCalls.count == 2)
    #expect(rig.lastPrompt() == ["user: Hi"])
    #expect(try rig.texts(of: press).count == 1)
  }

  /// A modified client can press what was never shown.
  @Test(arguments: ["anew:1", "anew:-5", "anew:x", "anew:", "anew", "goon:0", "goon:1:2"])
  func whatWasNeverShownAsksNothing(data: String) async throws {
    try await rig.say("/start")
    try await ask("Hello", answer: "One.")
    _ = try await notice(data)
    #expect(rig.gemini.paidCalls.count == 1)
  }

  @Test func nobodyElsePressesThem() async throws {
    for person in [42, 43] as [Int64] { try await rig.say("/start", from: person) }
    let mine = try await ask("My secret", answer: "Kept.")
    for data in ["anew:\(mine)", "goon:\(mine)"] {
      #expect(try await notice(data, from: 43) == "Only whoever asked can do this.")
    }
    #expect(try await notice("anew:\(mine)", from: 44) == "Only whoever asked can do this.")
    #expect(try await notice("anew:99999", from: 45) == "Please send me /start first.")
    // Nor does their owner tell them in a group.
    let id = try await rig.deliver("callback_query", Self.press("anew:\(mine)", inGroup: -100))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: id) == [ModelOrchestrator.answerIsForgotten])
    #expect(rig.gemini.paidCalls.count == 1)
    let account = try rig.account()
    try rig.database.write { try $0.users.setBlocked(true, userID: account.id) }
    #expect(try await notice("anew:\(mine)")?.hasPrefix("Your account is blocked.") == true)
  }

  private static func press(_ data: String, from user: Int64 = 42, inGroup chat: Int64) -> JSONValue
  {
    [
      "id": "query1", "from": .user(user), "data": .string(data), "chat_instance": "1",
      "message": ["message_id": 8, "chat": .chat(chat), "date": 1_800_000_000],
    ]
  }

  @Test func inAGroupTheyAreTheAskers() async throws {
    for person in [42, 43] as [Int64] { try await rig.say("/start", from: person) }
    try await ask("My secret", answer: "Kept.")
    rig.gemini.answer.change { ($0.text, $0.isCutOff) = ("One, two,", true) }
    let id = try await rig.deliver("message", .message("@devbot count", chat: -100))
    await rig.engine.dispatcher.becomeIdle()
    let other = try await rig.deliver(
      "callback_query", Self.press("goon:\(id)", from: 43, inGroup: -100))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: other) == ["Only whoever asked can do this."])
    let press = try await rig.deliver("callback_query", Self.press("goon:\(id)", inGroup: -100))
    await rig.engine.dispatcher.becomeIdle()
    #expect(
      rig.lastPrompt() == [
        "user: count", "model: One, two,", "user: \(AnswerButtons.goOnWords)",
      ])
    #expect(try rig.replies(to: press).map(\.chatID) == [-100])
    // And what is said in a group stays out of the private chat.
    try await ask("And now?", answer: "Fine.")
    #expect(rig.lastPrompt() == ["user: My secret", "model: Kept.", "user: And now?"])
  }

  @Test func aPressIsWorkForTheNextLifeIfThisOneEnds() async throws {
    try await rig.say("/start")
    let id = try await ask("Hello", answer: "One.")
    rig.gemini.answer.change { $0.text = "Two." }
    // As it is between the press and its turn.
    let press = rig.nextUpdateID()
    try rig.database.write { tx in
      let new = try rig.engine.inbox.store(
        [.update(press, "callback_query", .press("anew:\(id)"))], nextOffset: nil, in: tx)
      _ = try rig.engine.inbox.keepAsWork(new[0], in: tx)
    }
    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: press).map { $0.prefix(4) } == ["Two."])
    #expect(try rig.inboxState(press) == "done")
  }

  /// Whoever waits for a model keeps nobody else from anything.
  @Test func aQuestionThatIsAskedAgainWaitsInItsOwnersOrderAlone() async throws {
    for person in [42, 43] as [Int64] { try await rig.say("/start", from: person) }
    let isOpen = Watched(false)
    let ids = try await [42, 43].asyncMap { try await ask("Hello", answer: "One.", from: $0) }
    rig.gemini.onCall { request in
      if request.path.hasSuffix(":streamGenerateContent") {
        _ = isOpen.block { $0 }
      }
      return nil
    }
    for (id, person) in zip(ids, [42, 43] as [Int64]) {
      try await rig.deliver("callback_query", .press("anew:\(id)", from: person))
    }
    try await rig.gemini.requests.wait(for: "both calls") { $0.count == 4 }
    isOpen.change { $0 = true }
    await rig.engine.dispatcher.becomeIdle()
  }

  @Test func anAnswerThatReachesNobodyGivesBackWhatItReplaced() async throws {
    let delivering = try DeliveringRig(rig)
    try await delivering.deliver("message", .message("/start"))
    rig.gemini.answer.change { $0.text = "One." }
    let id = try await delivering.deliver("message", .message("Hello"))
    rig.gemini.answer.change { $0.text = "Two." }
    delivering.fake.refuse(.badRequest("MESSAGE_TOO_LONG"), inChat: 42)
    let balance = try rig.account().balance
    try await delivering.deliver("callback_query", .press("anew:\(id)"))
    #expect(rig.gemini.paidCalls.count == 2)
    #expect(try rig.account().balance == balance)
    try await ask("And now?", answer: "Three.")
    #expect(rig.lastPrompt() == ["user: Hello", "model: One.", "user: And now?"])
  }
}

extension Sequence where Element: Sendable {
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async throws -> [Value]
  {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}
