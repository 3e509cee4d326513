import Foundation
import TelegramBotAPI
import Testing

@Suite("BotRequest")
struct BotRequestTests {
  @Test func hasFixedJSONWithoutWhatIsNotGiven() throws {
    let request = try BotRequest.sendMessage(
      chatID: -1_001_234_567_890_123, text: "a/b", replyTo: 5)
    #expect(request.method == "sendMessage")
    #expect(
      String(decoding: request.json, as: UTF8.self)
        == #"{"chat_id":-1001234567890123,"text":"a/b","reply_parameters":"#
        + #"{"message_id":5,"allow_sending_without_reply":true}}"#)
  }

  @Test(arguments: [
    "plain", #"quote " backslash \ slash /"#, "tab\tline\nreturn\r", "\u{0}\u{1}\u{1F}\u{7F}",
    "Grüße 漢 🚀 \u{2028}\u{FFFD}",
  ])
  func writesTextThatReadsBackTheSame(text: String) throws {
    let request = try BotRequest.sendMessage(chatID: 1, text: "x" + text)
    let read = try JSONSerialization.jsonObject(with: request.json) as? [String: Any]
    #expect(read?["text"] as? String == "x" + text)
  }

  @Test func isAddressedToAnotherChatAndOtherwiseTheSame() throws {
    let request = try BotRequest.sendMessage(chatID: -5, text: #""chat_id":-5"#, threadID: 5)
    let moved = try BotRequest.sendMessage(
      chatID: -1_009_007_199_254_740_993, text: #""chat_id":-5"#, threadID: 5)
    #expect(try request.addressed(to: -1_009_007_199_254_740_993) == moved)
    #expect(throws: TelegramError.self) {
      try BotRequest.answerCallbackQuery(id: "1").addressed(to: 5)
    }
  }

  @Test func isIdempotentUnlessItSends() throws {
    #expect(try !BotRequest.sendMessage(chatID: 1, text: "x").isIdempotent)
    #expect(BotRequest.sendChatAction(chatID: 1).isIdempotent)
    #expect(try BotRequest.editMessageText(chatID: 1, messageID: 2, text: "x").isIdempotent)
    #expect(try BotRequest.answerPreCheckoutQuery(id: "1", ok: true).isIdempotent)
    #expect(try BotRequest.setMyCommands([]).isIdempotent)
    #expect(!BotRequest(method: "refundStarPayment", json: Data()).isIdempotent)
  }

  @Test(arguments: [
    (0, false), (1, true), (4096, true), (4097, false),
  ])
  func takesTextsOf1To4096Units(length: Int, isValid: Bool) throws {
    let text = String(repeating: "x", count: length)
    if isValid {
      _ = try BotRequest.sendMessage(chatID: 1, text: text)
      _ = try BotRequest.editMessageText(chatID: 1, messageID: 1, text: text)
    } else {
      let namesText = { (error: any Error) in "\(error)".contains("text is") }
      #expect { try BotRequest.sendMessage(chatID: 1, text: text) } throws: { namesText($0) }
      #expect {
        try BotRequest.editMessageText(chatID: 1, messageID: 1, text: text)
      } throws: { namesText($0) }
    }
  }

  @Test func namesTheFieldThatBreaksALimit() {
    func fault(_ make: () throws -> BotRequest) -> String {
      do {
        return "accepted \(try make().method)"
      } catch {
        guard case TelegramError.invalidRequest(let field) = error else { return "\(error)" }
        return String(field.prefix { $0 != " " })
      }
    }
    let long = InlineKeyboardButton(text: "x", callbackData: String(repeating: "ä", count: 33))
    #expect(
      fault {
        try .sendMessage(chatID: 1, text: "x", keyboard: InlineKeyboardMarkup(rows: [[long]]))
      } == "callback_data")
    #expect(fault { try .sendMessage(chatID: 1, text: " \n\u{3000}") } == "text")
    #expect(
      fault { try .sendMessage(chatID: 1, text: .init(repeating: "🚀", count: 2049)) } == "text")
    #expect(
      fault { try .answerCallbackQuery(id: "1", text: .init(repeating: "x", count: 201)) }
        == "text")
    #expect(fault { try .answerPreCheckoutQuery(id: "1", ok: false) } == "error_message")
    for name in ["", "Help", "a-b", "ä", String(repeating: "x", count: 33)] {
      let command = BotCommand(command: name, description: "x")
      #expect(fault { try .setMyCommands([command]) } == "command")
    }
    for words in ["", String(repeating: "x", count: 257)] {
      let command = BotCommand(command: "help", description: words)
      #expect(fault { try .setMyCommands([command]) } == "description")
    }
  }
}
