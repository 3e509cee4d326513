import Foundation
import JSONReading
import TelegramBotAPI
import Testing
import TestSupport

@Suite("TelegramClient, for Stars and files")
struct TelegramClientStarsTests {
  let fake: FakeTelegram
  let client: TelegramClient
  let invoice = Invoice(
    title: "Credits", description: "500 credits", payload: "pack:500", label: "500", stars: 400)

  init() throws {
    fake = try FakeTelegram()
    client = TelegramClient(transport: .ofAllTests, baseURL: fake.url, token: fake.token)
  }

  func failure(of request: BotRequest) async -> TelegramError? {
    do {
      try await client.perform(request)
      return nil
    } catch {
      return error
    }
  }

  @Test func sendsInvoicesAndMakesLinks() async throws {
    let sent = try await client.perform(
      .sendInvoice(chatID: 42, invoice, startParameter: "pack-500"))
    let made = try #require(fake.state.value.invoices.first)
    #expect(sent == TelegramResult(messageID: made.messageID))
    #expect(made.chatID == 42)
    #expect(made.title == "Credits")
    #expect(made.description == "500 credits")
    #expect(made.payload == "pack:500")
    #expect(made.amount == 400)
    #expect(made.startParameter == "pack-500")

    let links = [
      try await client.perform(.createInvoiceLink(invoice, subscriptionPeriod: 2_592_000)),
      try await client.perform(.createInvoiceLink(invoice, subscriptionPeriod: 2_592_000)),
    ]
    #expect(links.map(\.text) == fake.state.value.invoiceLinks.map(\.url))
    #expect(Set(links.map(\.text)).count == 2)
    #expect(links.allSatisfy { $0.messageID == nil })
    #expect(links[0].text?.hasPrefix("https://t.me/$") == true)
    #expect(fake.state.value.invoiceLinks[0].subscriptionPeriod == 2_592_000)
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test func readsTheAccountPageByPage() async throws {
    for number in 0..<103 {
      fake.payment(payload: "p\(number)", amount: 10, chargeID: "c\(number)", from: 42)
    }
    let first = try await client.getStarTransactions(offset: 0)
    #expect(first.map(\.id) == (0..<100).map { "c\($0)" })
    #expect(first[0].source?.invoicePayload == "p0")
    #expect(first[0].source?.user?.id == 42)
    #expect(first[0].receiver == nil)
    let rest = try await client.getStarTransactions(offset: 100)
    #expect(rest.map(\.id) == ["c100", "c101", "c102"])
    #expect(try await client.getStarTransactions(offset: 1, limit: 1).map(\.id) == ["c1"])
    #expect(try await client.getStarTransactions(offset: 103).isEmpty)
    #expect(try await client.getMyStarBalance().amount == 1030)
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test(arguments: [(-1, 100, "offset"), (0, 0, "limit"), (0, 101, "limit")])
  func asksForNoPageThatThereCannotBe(offset: Int, limit: Int, field: String) async {
    do {
      _ = try await client.getStarTransactions(offset: offset, limit: limit)
      Issue.record("asked for it")
    } catch {
      guard case .invalidRequest(let fault) = error else { Issue.record(error); return }
      #expect(fault.hasPrefix(field + " "))
    }
    #expect(fake.state.value.calls.isEmpty)
  }

  @Test func saysWhereTheAccountCannotBeRead() async {
    fake.fail(
      "getStarTransactions", with: .reply(.json(#"{"ok":true,"result":{"transactions":[{}]}}"#)))
    await #expect(throws: TelegramError.answerMalformed(method: "getStarTransactions")) {
      try await client.getStarTransactions(offset: 0)
    }
  }

  @Test func givesBackOnce() async throws {
    fake.payment(payload: "order", amount: 400, chargeID: "c", from: 42)
    let request = try BotRequest.refundStarPayment(userID: 42, chargeID: "c")
    #expect(await failure(of: request) == nil)
    #expect(await failure(of: request)?.isAlreadyRefunded == true)
    let unknown = try BotRequest.refundStarPayment(userID: 42, chargeID: "d")
    #expect(await failure(of: unknown) == .badRequest("Bad Request: CHARGE_NOT_FOUND"))
    let entries = try await client.getStarTransactions(offset: 0)
    #expect(entries.map(\.id) == ["c", "c"])
    #expect(entries[1].source == nil)
    #expect(entries[1].receiver?.user?.id == 42)

    let updates = try await client.getUpdates(offset: nil, timeout: 0).updates
    let contents = try updates.map { try Update(json: $0.json).content }
    try #require(contents.count == 2)
    guard case .message(let message) = contents[1] else { Issue.record("no message"); return }
    #expect(message.refundedPayment?.telegramPaymentChargeID == "c")
  }

  @Test func endsASubscription() async throws {
    fake.payment(
      payload: "plan", amount: 400, chargeID: "c", from: 42, subscriptionUntil: 1_700_000_000)
    try await client.perform(
      .editUserStarSubscription(userID: 42, chargeID: "c", isCanceled: true))
    let edit = try #require(fake.state.value.subscriptionEdits.first)
    #expect(edit.userID == 42)
    #expect(edit.chargeID == "c")
    #expect(edit.isCanceled)
  }

  @Test func setsTheMenuOfOneChat() async throws {
    try await client.perform(
      .setMyCommands([BotCommand(command: "a", description: "A")], chatID: 42))
    #expect(fake.state.value.commands == nil)
    #expect(
      fake.state.value.commandsByChat == [42: [["command": "a", "description": "A"]]])
    try await client.perform(.setMyCommands([BotCommand(command: "b", description: "B")]))
    #expect(fake.state.value.commands == [["command": "b", "description": "B"]])
    #expect(fake.state.value.commandsByChat.count == 1)
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test func uploadsAFileByteForByte() async throws {
    // Every byte there is, many times, and what could be taken for the end of a part.
    var data = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0) })
    data += Data("\r\n--aidevbot--\r\n".utf8)
    let file = BotRequest.Attachment(
      fileName: "Grüße \"1\".csv", contentType: "text/csv", data: data)
    let sent = try await client.perform(
      .sendDocument(chatID: 42, file, caption: "42\r\n\"x\" ä"))
    let document = try #require(fake.state.value.documents.first)
    #expect(sent.messageID != nil)
    #expect(document.chatID == 42)
    #expect(document.fileName == "Grüße _1_.csv")
    #expect(document.contentType == "text/csv")
    #expect(document.caption == "42\r\n\"x\" ä")
    #expect(document.data == data)
    #expect(fake.state.value.violations.isEmpty)
  }

  @Test func readsPartsOfAFormByTheirTypes() async throws {
    let file = BotRequest.Attachment(
      fileName: "a", contentType: "text/plain", data: Data("x".utf8))
    let json = #"{"chat_id":42,"caption":"7","reply_parameters":{"message_id":8},"x":1}"#
    for json in [json, json.replacingOccurrences(of: #","x":1"#, with: "")] {
      _ = await failure(
        of: BotRequest(method: "sendDocument", json: Data(json.utf8), attachment: file))
    }
    #expect(fake.state.value.violations == ["sendDocument has no parameter x"])
    #expect(fake.state.value.documents.map(\.caption) == ["7"])
    #expect(
      fake.state.value.calls.last?.parameters == [
        "chat_id": 42, "caption": "7", "reply_parameters": ["message_id": 8],
        "document": "attach://document",
      ])
  }
}
