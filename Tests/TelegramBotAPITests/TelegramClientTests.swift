import Foundation
import HTTPTransport
import JSONReading
import TelegramBotAPI
import Testing
import TestSupport

@Suite("TelegramClient")
struct TelegramClientTests {
  let fake: FakeTelegram
  let client: TelegramClient

  init() throws {
    fake = try FakeTelegram()
    client = TelegramClient(transport: .ofAllTests, baseURL: fake.url, token: fake.token)
  }

  func failure(of request: BotRequest, deadline: Duration = .seconds(600)) async -> TelegramError? {
    do {
      try await client.perform(request, deadline: deadline)
      return nil
    } catch {
      return error
    }
  }

  @Test func learnsWhoTheBotIs() async throws {
    let bot = try await client.getMe()
    #expect(bot.id == FakeTelegram.botID)
    #expect(bot.username == "devbot")
    #expect(bot.isBot)
  }

  @Test func seesAndDeletesAWebhook() async throws {
    fake.setWebhook("https://example.org/hook")
    fake.message("waits", from: 42)
    #expect(try await client.getWebhookInfo().url == "https://example.org/hook")
    try await client.deleteWebhook()
    let info = try await client.getWebhookInfo()
    #expect(info.url.isEmpty)
    #expect(info.pendingUpdateCount == 1)
  }

  @Test func makesEveryRequestAsTelegramWantsIt() async throws {
    fake.callback("stop:1", from: 42)
    fake.preCheckout(payload: "order", amount: 100, from: 42)
    let updates = try await client.getUpdates(offset: nil, timeout: 0).updates
    let contents = try updates.map { try Update(json: $0.json).content }
    guard case .callbackQuery(let press) = contents[0],
      case .preCheckoutQuery(let payment) = contents[1]
    else { Issue.record("other kinds of updates"); return }

    let keyboard = InlineKeyboardMarkup(rows: [
      [
        InlineKeyboardButton(text: "Stop", callbackData: String(repeating: "d", count: 64)),
        InlineKeyboardButton(text: "Help", url: "https://example.org"),
      ]
    ])
    let message = try await client.perform(
      .sendMessage(
        chatID: 42, text: String(repeating: "🚀", count: 2048), threadID: 7, replyTo: 8,
        keyboard: keyboard, disableLinkPreview: true))
    let messageID = try #require(message.messageID)
    #expect(
      try await client.perform(
        .editMessageText(chatID: 42, messageID: messageID, text: "Done", keyboard: nil))
        == message)
    #expect(try await client.perform(.sendChatAction(chatID: 42, threadID: 7)) == .init())
    try await client.perform(.answerCallbackQuery(id: press.id, text: "Stopping"))
    try await client.perform(.answerPreCheckoutQuery(id: payment.id, ok: true))
    try await client.perform(
      .answerPreCheckoutQuery(id: payment.id, ok: false, errorMessage: "Sold out"))
    try await client.perform(.setMyCommands([BotCommand(command: "help", description: "Help")]))
    try await client.perform(.deleteWebhook())

    #expect(fake.state.value.violations.isEmpty)
    #expect(fake.state.value.sent(to: 42) == ["Done"])
    let sent = try #require(fake.state.value.calls(of: "sendMessage").first?.parameters)
    #expect(
      sent["reply_parameters"] == ["message_id": 8, "allow_sending_without_reply": true])
    #expect(sent["link_preview_options"] == ["is_disabled": true])
    #expect(sent["message_thread_id"] == 7)
  }

  @Test(arguments: [
    (FakeTelegramFault.unauthorized, TelegramError.unauthorized),
    (
      .reply(.json(#"{"ok":false,"error_code":404,"description":"Not Found"}"#, status: 404)),
      .notFound
    ),
    (.tooManyRequests(retryAfter: 12), .tooManyRequests(retryAfter: .seconds(12))),
    (.tooManyRequests(retryAfter: 99_999_999), .tooManyRequests(retryAfter: .seconds(3600))),
    (.reply(.html("slow down", status: 429)), .tooManyRequests(retryAfter: .seconds(5))),
    (
      .reply(.json("", status: 429, headers: ["Retry-After": "9"])),
      .tooManyRequests(retryAfter: .seconds(9))
    ),
    (.forbiddenBlocked, .forbidden("Forbidden: bot was blocked by the user")),
    (.migrated(to: -1_001_234_567_890_123), .chatMigrated(to: -1_001_234_567_890_123)),
    (.badRequest("chat not found"), .badRequest("Bad Request: chat not found")),
    (.conflict(webhook: true), .conflict(webhook: true)),
    (.conflict(webhook: false), .conflict(webhook: false)),
    (.htmlBadGateway, .serverFailed(status: 502)),
    (.reply(.json("", status: 500)), .serverFailed(status: 500)),
    (.reply(.html("<h1>Blocked</h1>", status: 403)), .serverFailed(status: 403)),
    (.reply(.json(#"{"ok":true,"result":true}"#, status: 301)), .serverFailed(status: 301)),
    (.reply(.json(#"{"ok":false,"error_code":400,"description":"x"}"#)), .badRequest("x")),
    (.reply(.json("<html>", status: 200)), .answerMalformed(method: "sendMessage")),
    (.reply(.json(#"{"ok":true}"#)), .answerMalformed(method: "sendMessage")),
    (.truncated, .answerMalformed(method: "sendMessage")),
    (.reset, .unreachable(.connectionLost(requestWasSent: true))),
    (.loseAnswer, .unreachable(.connectionLost(requestWasSent: true))),
  ])
  func tellsFailuresApart(fault: FakeTelegramFault, error: TelegramError) async throws {
    fake.fail("sendMessage", with: fault)
    let request = try BotRequest.sendMessage(chatID: 42, text: "Hello")
    #expect(await failure(of: request) == error)
    #expect(await failure(of: request) == nil)
  }

  @Test func saysWhetherAMessageMayHaveBeenSent() async throws {
    let request = try BotRequest.sendMessage(chatID: 42, text: "Hello")
    let cases: [(FakeTelegramFault, Bool)] = [
      (.loseAnswer, true), (.truncated, true), (.htmlBadGateway, true),
      (.tooManyRequests(retryAfter: 1), false), (.forbiddenBlocked, false),
    ]
    for (fault, mayHave) in cases {
      fake.fail("sendMessage", with: fault)
      #expect(await failure(of: request)?.requestMayHaveTakenEffect == mayHave)
    }
    #expect(fake.state.value.sent(to: 42) == ["Hello", "Hello"])
    fake.fail("sendMessage", with: .hang)
    let late = await failure(of: request, deadline: .seconds(15))
    #expect(late == .unreachable(.deadlineExceeded(requestWasSent: true)))
    #expect(late?.requestMayHaveTakenEffect == true)
  }

  @Test func knowsTheBadRequestsThatAreNone() async throws {
    let sent = try await client.perform(.sendMessage(chatID: 42, text: "Hello"))
    let messageID = try #require(sent.messageID)
    let same = try BotRequest.editMessageText(chatID: 42, messageID: messageID, text: "Hello")
    #expect(await failure(of: same)?.isMessageNotModified == true)
    let gone = try BotRequest.editMessageText(chatID: 42, messageID: 1, text: "Hello")
    #expect(await failure(of: gone)?.isMessageNotModified == false)
    let old = try BotRequest.answerCallbackQuery(id: "unknown")
    #expect(await failure(of: old)?.isQueryTooOld == true)
  }

  @Test func refusesAWrongToken() async throws {
    let stranger = TelegramClient(transport: .ofAllTests, baseURL: fake.url, token: "1:wrong")
    await #expect(throws: TelegramError.unauthorized) { try await stranger.getMe() }
  }

  @Test func keepsTheTokenOutOfEverythingItSays() async throws {
    let faults: [FakeTelegramFault] = [
      .unauthorized, .conflict(webhook: true), .conflict(webhook: false), .forbiddenBlocked,
      .tooManyRequests(retryAfter: 1), .badRequest("no path /bot\(fake.token)/x"), .reset, .hang,
      .htmlBadGateway, .truncated, .migrated(to: -100), .reply(.html(fake.token, status: 404)),
      .badRequest("\(fake.token)\u{301} is no token"),
    ]
    let request = try BotRequest.sendMessage(chatID: 42, text: "Hello")
    for fault in faults {
      fake.fail("sendMessage", with: fault)
      let error = try #require(await failure(of: request, deadline: .milliseconds(500)))
      for words in ["\(error)", String(reflecting: error), error.localizedDescription] {
        #expect(Data(words.utf8).range(of: Data(fake.token.utf8)) == nil)
        #expect(!words.contains(fake.url))
      }
    }
    var dumped = ""
    dump(client, to: &dumped)
    #expect(!(dumped + "\(client)" + String(reflecting: client)).contains(fake.token))
  }
}
