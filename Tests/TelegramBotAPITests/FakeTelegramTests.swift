import Foundation
import HTTPTransport
import Testing
import TestSupport

/// The fake is held to Telegram's rules by plain HTTP, without our client.
@Suite("FakeTelegram")
struct FakeTelegramTests {
  let fake: FakeTelegram
  let transport = HTTPTransport.ofAllTests

  init() throws {
    fake = try FakeTelegram(firstUpdateID: 100)
  }

  @discardableResult
  func call(_ method: String, _ parameters: JSONValue = [:]) async throws -> JSONValue {
    let response = try await transport.send(
      HTTPRequest(
        .post, "\(fake.url)/bot\(fake.token)/\(method)", body: Data(parameters.json.utf8),
        deadline: .seconds(3_600), isIdempotent: false))
    return try JSONValue(json: response.body)
  }

  func poll(_ parameters: JSONValue = [:]) async throws -> [Int64] {
    let answer = try await call("getUpdates", parameters)
    return answer["result"]?.array?.compactMap { $0["update_id"]?.integer } ?? []
  }

  @Test func servesUpdatesAgainUntilTheOffsetConfirmsThem() async throws {
    for text in ["a", "b", "c"] { fake.message(text, from: 42) }
    #expect(try await poll() == [100, 101, 102])
    #expect(try await poll(["limit": 1]) == [100])
    #expect(try await poll(["offset": 101]) == [101, 102])
    #expect(try await poll() == [101, 102])
    #expect(try await poll(["offset": 103]).isEmpty)
    #expect(fake.state.value.pendingCount == 0)
    fake.deliverAgain(100)
    #expect(try await poll(["offset": 103]) == [100])
    #expect(try await poll(["offset": 103]).isEmpty)
  }

  @Test func keepsTheLastOnesForANegativeOffset() async throws {
    for text in ["a", "b", "c"] { fake.message(text, from: 42) }
    #expect(try await poll(["offset": -2]) == [101, 102])
    #expect(try await poll() == [101, 102])
  }

  @Test func ignoresAnOffsetFarAboveItsTail() async throws {
    fake.message("a", from: 42)  // The tail is 101.
    #expect(try await poll(["offset": 112]) == [100])
    #expect(try await poll(["offset": 111]).isEmpty)
    fake.resetIDs(to: 5)
    fake.message("b", from: 42)
    #expect(try await poll(["offset": 101]) == [5])
  }

  @Test func endsTheOlderOfTwoWaitingPollsOnly() async throws {
    // However long the machine takes for what follows.
    fake.state.change { $0.lengthOfPolls = .seconds(3_600) }
    async let older = call("getUpdates", ["timeout": 50])
    try await fake.state.wait(for: "the first poll") { $0.isPolled }
    // One that is answered at once displaces nobody.
    #expect(try await poll(["timeout": 0]).isEmpty)
    #expect(fake.state.value.isPolled)
    async let newer = poll(["timeout": 50])
    #expect(try await older["error_code"] == 409)
    fake.message("a", from: 42)
    #expect(try await newer == [100])
  }

  @Test func endsWithItsLastReferenceThoughAPollWaits() async throws {
    var brief: FakeTelegram? = try FakeTelegram()
    let (url, state) = try #require(brief.map { ("\($0.url)/bot\($0.token)/getUpdates", $0.state) })
    let request = HTTPRequest(
      .post, url, body: Data(#"{"timeout": 50}"#.utf8), deadline: .seconds(600), isIdempotent: false
    )
    async let poll = transport.send(request)
    try await state.wait(for: "the poll") { $0.isPolled }
    brief = nil
    try await state.wait(for: "the end of the poll") { !$0.isPolled }
    _ = try? await poll
    // Another fake, which may have the port now, does not know the token.
    #expect((try? await transport.send(request))?.head.status != 200)
  }

  @Test func endsAPollWhenAWebhookIsSet() async throws {
    fake.state.change { $0.lengthOfPolls = .seconds(3_600) }
    async let poll = call("getUpdates", ["timeout": 50])
    try await fake.state.wait(for: "the poll") { $0.isPolled }
    try await call("setWebhook", ["url": "https://example.org"])
    #expect(try await poll["description"]?.string?.contains("setWebhook") == true)
    #expect(try await call("getUpdates")["error_code"] == 409)
    try await call("deleteWebhook")
    #expect(try await call("getUpdates")["ok"] == true)
  }

  @Test(
    arguments: [
      ("sendMesage", ["chat_id": 1, "text": "x"], "unknown method sendMesage"),
      ("sendMessage", ["chat_id": 1], "sendMessage lacks text"),
      ("sendMessage", ["chat_id": 1, "txt": "x", "text": "x"], "sendMessage has no parameter txt"),
      (
        "sendMessage", ["chat_id": true, "text": "x"], "sendMessage.chat_id is no Integer or String"
      ),
      ("sendMessage", ["chat_id": 1, "text": ""], "sendMessage.text is not 1-4096 characters"),
      ("sendMessage", ["chat_id": 1, "text": " \n"], "sendMessage: message text is empty"),
      (
        "sendMessage", ["chat_id": 1, "text": "x", "reply_parameters": ["message_id": "5"]],
        "sendMessage.reply_parameters.message_id is no Integer"
      ),
      (
        "sendMessage",
        ["chat_id": 1, "text": "x", "reply_markup": ["inline_keyboard": [[["txt": "x"]]]]],
        "sendMessage.reply_markup is no "
          + "InlineKeyboardMarkup or ReplyKeyboardMarkup or ReplyKeyboardRemove or ForceReply"
      ),
      (
        "setMyCommands", ["commands": [["command": "x", "description": ""]]],
        "setMyCommands.commands[0].description is not 1-256 characters"
      ),
      ("getUpdates", ["limit": 101], "getUpdates.limit is not 1 to 100"),
      (
        "getUpdates", ["allowed_updates": ["messages"]],
        "getUpdates.allowed_updates names messages, which is no kind of update"
      ),
      (
        "answerPreCheckoutQuery", ["pre_checkout_query_id": "1", "ok": false],
        "answerPreCheckoutQuery: error_message is required where ok is false"
      ),
    ] as [(String, JSONValue, String)])
  func refusesWhatTheSpecificationDoesNotKnow(
    method: String, parameters: JSONValue, violation: String
  ) async throws {
    let answer = try await call(method, parameters)
    #expect(answer["error_code"] == 400)
    #expect(fake.state.value.violations == [violation])
    #expect(fake.state.value.messages.isEmpty)
  }

  @Test func countsAButtonsDataInBytes() async throws {
    for (count, isAccepted) in [(32, true), (33, false)] {
      let data = JSONValue.string(String(repeating: "ä", count: count))
      let answer = try await call(
        "editMessageText",
        [
          "chat_id": 1, "message_id": 1, "text": "x",
          "reply_markup": ["inline_keyboard": [[["text": "x", "callback_data": data]]]],
        ])
      #expect(
        answer["description"]?.string?.contains("message to edit not found") == isAccepted)
    }
    #expect(fake.state.value.violations.count == 1)
  }

  @Test func answersKnownQueriesOnly() async throws {
    fake.callback("x", from: 42)
    let updates = try await call("getUpdates")["result"]?.array
    let id = try #require(updates?.first?["callback_query"]?["id"])
    #expect(try await call("answerCallbackQuery", ["callback_query_id": id])["ok"] == true)
    #expect(try await call("answerCallbackQuery", ["callback_query_id": "0"])["ok"] == false)
  }

  @Test func actsBeforeItLosesTheAnswer() async throws {
    fake.fail("sendMessage", with: .loseAnswer, .reset)
    for _ in 0..<2 {
      await #expect(throws: HTTPError.self) {
        try await call("sendMessage", ["chat_id": 42, "text": "x"])
      }
    }
    #expect(fake.state.value.sent(to: 42) == ["x"])
    #expect(fake.state.value.calls(of: "sendMessage").count == 2)
  }

  @Test func keepsIdsOfAllSizesWhole() async throws {
    fake.message("x", from: 42, chat: -1_009_007_199_254_740_993)
    let update = try await call("getUpdates")["result"]?.array?.first
    #expect(update?["message"]?["chat"]?["id"] == -1_009_007_199_254_740_993)
    try await call("sendMessage", ["chat_id": -1_009_007_199_254_740_993, "text": "x"])
    #expect(fake.state.value.sent(to: -1_009_007_199_254_740_993) == ["x"])
  }
}
