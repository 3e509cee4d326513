@testable import Bot
import Commands
import Foundation
import GRDB
import Ledger
@testable import Messaging
@testable import Sales
import TelegramBotAPI
import Testing
import TestSupport

/// Questions that were not answered at first: for want of eyes, or of credits.
@Suite("Asked again")
struct AskedAgainTests {
  private static func photo(
    _ caption: String?, album: String? = nil, from user: Int64 = 42, chat: Int64? = nil,
    id: Int64 = 7
  ) -> JSONValue {
    var content: [String: JSONValue] = ["photo": [], "message_id": .integer(id)]
    if let caption { content["caption"] = .string(caption) }
    if let album { content["media_group_id"] = .string(album) }
    return .message(nil, from: user, chat: chat, adding: content)
  }

  private func deliver(_ messages: JSONValue..., to rig: BotRig) async throws -> [Int64] {
    let ids = try await rig.deliverTogether(messages)
    await rig.engine.dispatcher.becomeIdle()
    return ids
  }

  @Test func answersTheWordsBesideAPhotoOnceThatIsAskedFor() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let id = try await deliver(Self.photo("What is wrong here?"), to: rig)[0]
    let offer = try #require(try rig.replies(to: id).first)
    #expect(
      offer.text
        == "I cannot see the photo, so I have only read your words. Shall I answer them?")
    #expect(offer.buttons.map(\.title) == ["Answer without it"])
    #expect(rig.gemini.requests.value.isEmpty)

    let button = try #require(offer.buttons.first)
    let press = try await rig.press(button.data)
    #expect(press.first?.text == "I am on it.")
    #expect(rig.lastPrompt() == ["user: What is wrong here?"])
    let replies = try rig.texts(of: id)
    #expect(replies.count == 1 && replies[0].hasPrefix("Hello from the fake model."))
    #expect(try rig.holds().map(\.id) == ["upd\(id):chat:1"])
    // The words are where they were, and nowhere else.
    let copies = try rig.database.read {
      try Int.fetchOne(
        $0.db, sql: "SELECT count(*) FROM inbox WHERE payload LIKE '%What is wrong here?%'")
    }
    #expect(copies == 1)

    let second = try await rig.press(button.data)
    #expect(
      second.first?.text
        == "This is settled already. To ask it again, please send it as a new message.")
    #expect(rig.gemini.paidCalls.count == 1)
  }

  @Test(arguments: [false, true])
  func answersTheWordsAsTheyWereEdited(isAnswered: Bool) async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let first = try await deliver(Self.photo("What is wrnog?", id: 20), to: rig)[0]
    if isAnswered { _ = try await rig.press("again:\(first)") }
    let edit = try await rig.deliver("edited_message", Self.photo("What is wrong?", id: 20))
    await rig.engine.dispatcher.becomeIdle()
    let offer = try #require(try rig.replies(to: edit).first)
    #expect(
      offer.buttons.map(\.title) == [isAnswered ? "Answer the edited one" : "Answer without it"])
    // The words of before are not answered any more.
    _ = try await rig.press("again:\(first)")
    #expect(rig.gemini.paidCalls.count == (isAnswered ? 1 : 0))
    _ = try await rig.press(offer.buttons[0].data)
    #expect(rig.lastPrompt() == ["user: What is wrong?"])
    // Another picture, and the same words.
    let same = try await rig.deliver("edited_message", Self.photo("What is wrong?", id: 20))
    await rig.engine.dispatcher.becomeIdle()
    #expect(try rig.texts(of: same).isEmpty)
  }

  @Test func carriesOutACommandBesideAPhoto() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let id = try await deliver(Self.photo("/code a loop as in the picture"), to: rig)[0]
    #expect(rig.gemini.requests.value.isEmpty)
    _ = try await rig.press("again:\(id)")
    #expect(try rig.usage().map { $0["task_type"] as String } == ["coding"])
  }

  /// Nothing of it needs eyes.
  @Test func carriesOutAtOnceWhatNothingIsPaidFor() async throws {
    let rig = try BotRig()
    let start = try await deliver(Self.photo("/start"), to: rig)[0]
    #expect(try rig.texts(of: start).first?.hasPrefix("Welcome, Ada!") == true)
    let credits = try await deliver(Self.photo("/credits"), to: rig)[0]
    #expect(try rig.texts(of: credits).first?.hasPrefix("Your balance is 100.00") == true)
    // Planning is paid for.
    let new = try await deliver(Self.photo("/new this one"), to: rig)[0]
    #expect(try rig.texts(of: new).first?.hasPrefix("I cannot see the photo,") == true)
    #expect(try rig.count("builds") == 0)
  }

  @Test func answersAnAlbumOnce() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let album = (1...10).map { Self.photo($0 == 3 ? "What are these?" : nil, album: "a", id: $0) }
    let ids = try await rig.deliverTogether(album)
    await rig.engine.dispatcher.becomeIdle()
    let texts = try ids.flatMap { try rig.texts(of: $0) }
    #expect(
      texts == ["I cannot see the photos, so I have only read your words. Shall I answer them?"])
    #expect(try ids.allSatisfy { try rig.inboxState($0) == "done" })
    _ = try await rig.press("again:\(ids[0])")
    #expect(rig.lastPrompt() == ["user: What are these?"])

    let silent = try await deliver(
      Self.photo(nil, album: "b"), Self.photo(nil, album: "b"), Self.photo(nil, album: "c"),
      to: rig)
    #expect(try silent.map { try rig.texts(of: $0).count } == [1, 0, 1])
  }

  @Test func answersAMentionBesideAPhotoInAGroupToWhoeverAsked() async throws {
    let rig = try BotRig()
    for person in [42, 43] as [Int64] { try await rig.say("/start", from: person) }
    let id = try await deliver(Self.photo("@devbot what is this?", chat: -100), to: rig)[0]
    #expect(try rig.replies(to: id).map(\.chatID) == [-100])
    let stranger = try await rig.press("again:\(id)", from: 43)
    #expect(stranger.first?.text == "Only whoever asked can do this.")
    #expect(rig.gemini.requests.value.isEmpty)
    _ = try await rig.press("again:\(id)")
    #expect(rig.lastPrompt() == ["user: what is this?"])
    #expect(try rig.replies(to: id).map(\.chatID) == [-100])
  }

  @Test func takesAPhotoToTheOperator() async throws {
    let rig = try BotRig(administrators: [1])
    for person in [1, 42] as [Int64] { try await rig.say("/start", from: person) }
    let ids = try await deliver(
      Self.photo("/paysupport I paid this", album: "a", id: 8), Self.photo(nil, album: "a", id: 9),
      to: rig)
    let replies = try rig.replies(to: ids[0])
    #expect(replies.map(\.method) == ["sendMessage", "sendMessage", "copyMessage", "copyMessage"])
    #expect(replies.suffix(2).map { $0.parameters["message_id"] } == [8, 9])
  }

  @Test func offersNothingToWhoeverHasNoAccount() async throws {
    let rig = try BotRig()
    let id = try await deliver(Self.photo("What is this?"), to: rig)[0]
    #expect(try rig.texts(of: id).first?.hasPrefix("Please send me /start first") == true)
    let press = try await rig.press("again:\(id)")
    #expect(press.first?.text == "I no longer have your message. Please send it once more.")
  }

  @Test func showsWhatIsForSaleAndAsksAgainAfterThePurchase() async throws {
    let rig = try BotRig(credits: "0.0001")
    try await rig.say("/start")
    let id = try await rig.deliver("message", .message("How do I sort?"))
    await rig.engine.dispatcher.becomeIdle()
    let refusal = try #require(try rig.replies(to: id).first)
    #expect(refusal.text.hasPrefix("Your credits do not cover this: at least "))
    #expect(refusal.buttons.map(\.title) == ["Get credits"])
    let shown = try await rig.press(try #require(refusal.buttons.first).data)
    #expect(
      shown.last?.buttons.map(\.data) == [
        "buy:Starter", "buy:Builder", "buy:Monthly", "again:\(id)",
      ])
    // Too early, it is refused as before, and may be asked again.
    _ = try await rig.press("again:\(id)")
    #expect(try rig.texts(of: id) == [refusal.text])

    _ = try await rig.press("buy:Starter")
    let order = try #require(try rig.orders().first).id
    let payment = try await rig.pay(order, 200, charge: "charge-1")
    let receipt = try #require(try rig.replies(to: payment).first)
    #expect(receipt.text.hasPrefix("Thank you! 250.00 credits are on your account"))
    #expect(receipt.buttons.map(\.title) == ["Ask my last question again"])
    let press = try await rig.press(try #require(receipt.buttons.first).data)
    #expect(press.first?.text == "I am on it.")
    #expect(try rig.texts(of: id).first?.hasPrefix("Hello from the fake model.") == true)
    #expect(rig.gemini.paidCalls.count == 1)

    _ = try await rig.press("buy:Starter")
    let second = try #require(try rig.orders().last).id
    let next = try await rig.pay(second, 200, charge: "charge-2")
    #expect(try rig.replies(to: next).first?.buttons.isEmpty == true)
  }

  /// A modified client can press what was never shown.
  @Test(arguments: ["again:1", "again:-5", "again:x", "again:", "again"])
  func answersNoQuestionThatWasNotOffered(data: String) async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try await rig.say("How do I sort?")
    let press = try await rig.press(data)
    #expect(press.count == 1)
    let answered = try rig.database.read {
      try Int64.fetchAll($0.db, sql: "SELECT update_id FROM inbox")
    }
    for id in answered { _ = try await rig.press("again:\(id)") }
    #expect(rig.gemini.paidCalls.count == 1)
  }

  /// It is as lost as any: the offer that was sent before does not count for it.
  @Test func givesBackAnAnswerThatReachesNobody() async throws {
    let rig = try BotRig()
    let delivering = try DeliveringRig(rig)
    try await delivering.deliver("message", .message("/start"))
    let id = try await delivering.deliver("message", Self.photo("What is this?"))
    delivering.fake.refuse(.badRequest("MESSAGE_TOO_LONG"), inChat: 42)
    try await delivering.deliver("callback_query", .press("again:\(id)"))
    #expect(rig.gemini.paidCalls.count == 1)
    #expect(try rig.account().balance == rig.settings.initialGrant)
  }

  @Test func isHandledByTheNextLifeIfThisOneEnds() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    let id = try await deliver(Self.photo("What is this?"), to: rig)[0]
    let asked = try rig.database.write {
      try rig.engine.inbox.askAgain(id, by: 42, in: $0)
    }
    guard case .asked = asked else { return #expect(Bool(false), "\(asked)") }
    let engine = try rig.restarted()
    try await engine.resume()
    await engine.dispatcher.becomeIdle()
    #expect(rig.lastPrompt() == ["user: What is this?"])
    #expect(try rig.inboxState(id) == "done")
  }
}
