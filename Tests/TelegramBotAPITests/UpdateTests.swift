import Foundation
import JSONReading
import TelegramBotAPI
import Testing

@Suite("Update")
struct UpdateTests {
  func update(_ json: String) throws -> Update {
    try Update(json: json.utf8)
  }

  func message(_ members: String) throws -> Message {
    let json = """
      {"update_id":9007199254740993,"message":{"message_id":7,"date":1700000000,"new_field":[1],
      "chat":{"id":-1009007199254740993,"type":"supergroup","title":"T","is_forum":true}\(members)}}
      """
    let update = try update(json)
    guard case .message(let message) = update.content else {
      throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no message"))
    }
    #expect(update.id == 9_007_199_254_740_993)
    #expect(message.chat.id == -1_009_007_199_254_740_993)
    return message
  }

  let user = #"{"id":5000000001,"is_bot":false,"first_name":"Ada","language_code":"de"}"#

  @Test func readsATextMessageInATopic() throws {
    let message = try message(
      #"""
      ,"from":\#(user),"message_thread_id":3,"is_topic_message":true,"text":"/start x",
      "entities":[{"type":"bot_command","offset":0,"length":6}],
      "reply_to_message":{"message_id":6,"date":0,"chat":{"id":1,"type":"private"},"from":\#(user),
      "reply_to_message":{"anything":true}}
      """#)
    #expect(message.from?.id == 5_000_000_001)
    #expect(message.from?.languageCode == "de")
    #expect(message.messageThreadID == 3)
    #expect(message.isTopicMessage)
    #expect(message.text == "/start x")
    #expect(message.replyToMessage?.messageID == 6)
    #expect(message.replyToMessage?.from?.id == 5_000_000_001)
    #expect(message.attachment == nil)
    #expect(!message.chat.isPrivate)
  }

  @Test(arguments: [
    (#""photo":[{"file_id":"x"}],"caption":"this""#, Message.Attachment.photo),
    (#""voice":{}"#, .voice), (#""sticker":{}"#, .sticker), (#""video_note":{}"#, .videoNote),
    (#""document":{},"animation":{}"#, .animation), (#""location":{},"venue":{}"#, .venue),
  ])
  func namesWhatAMessageHolds(members: String, attachment: Message.Attachment) throws {
    let message = try message("," + members)
    #expect(message.attachment == attachment)
    #expect(message.text == nil)
  }

  @Test func readsTheWordsOfARichMessage() throws {
    let message = try message(
      #"""
      ,"rich_message":{"blocks":[
        {"type":"heading","size":1,"text":"A shop"},
        {"type":"paragraph","text":["We ",{"type":"bold","text":["sell ",{"type":"italic",
          "text":"tea"}]}," at ",{"type":"url","text":"our site","url":"https://tea.example/"},
          {"type":"custom_emoji","custom_emoji_id":"1","alternative_text":"🍵"}]},
        {"type":"list","items":[
          {"label":"1.","blocks":[{"type":"paragraph","text":"cart"},{"type":"list","items":[
            {"label":"•","blocks":[{"type":"paragraph","text":"empty"}]}]}]},
          {"label":"•","has_checkbox":true,"is_checked":true,"blocks":[
            {"type":"paragraph","text":"till"}]}]},
        {"type":"pre","language":"swift","text":"let a = 1\nlet b = 2"},
        {"type":"blockquote","blocks":[{"type":"paragraph","text":"one\ntwo"}],"credit":"Ada"},
        {"type":"table","cells":[[{"text":"a","align":"left","valign":"top"},{"align":"left",
          "valign":"top"}],[{"text":"1"},{"text":"2"}]],"caption":"prices"},
        {"type":"photo","photo":[],"caption":{"text":"the door","credit":"Bob"}},
        {"type":"divider"},
        {"type":"mathematical_expression","expression":"x^2"},
        {"type":"something_of_next_year","text":"and so on"}]}
      """#)
    #expect(message.attachment == nil)
    #expect(
      message.text == """
        A shop

        We sell tea at our site (https://tea.example/)🍵

        1. cart

          • empty
        • [x] till

        ```swift
        let a = 1
        let b = 2
        ```

        > one
        > two
        > – Ada

        a | \("")
        1 | 2

        prices

        the door – Bob

        ---

        x^2

        and so on
        """)
  }

  @Test(arguments: [
    #"{"blocks":[]}"#, #"{"blocks":[{"type":"photo","photo":[]}]}"#, #"{"blocks":"x"}"#, "[]",
    "null", #""x""#, #"{"blocks":[1,null,[],{"type":7},{"type":"paragraph","text":{"text":5}}]}"#,
  ])
  func hasNoTextOfARichMessageWithoutWords(rich: String) throws {
    let message = try message(#","rich_message":\#(rich)"#)
    #expect(message.text == nil)
    #expect(message.attachment == .richMessage)
  }

  @Test func keepsToTheLimitsOfRichMessages() throws {
    // What is nested deeper than Telegram nests is left out, and all around it read.
    let deep = [
      (#"{"type":"blockquote","blocks":["#, "]}"), (#"{"type":"paragraph","text":["#, "]}"),
      (#"{"type":"paragraph","text":{"text":"#, "}}"),
    ]
    for (open, close) in deep {
      let nested = open + String(repeating: open, count: 200)
      let json = nested + #""deep""# + String(repeating: close, count: 201)
      let message = try message(
        #","rich_message":{"blocks":[\#(json),{"type":"paragraph","text":"after"}]}"#)
      #expect(message.text?.hasSuffix("after") == true)
      #expect(message.text?.contains("deep") == false)
    }
    let long = String(repeating: "🍵", count: 20_000)
    let message = try message(
      #","rich_message":{"blocks":[{"type":"paragraph","text":"\#(long)"}]}"#)
    #expect(message.text == String(long.prefix(16_384)))
  }

  @Test(arguments: [
    #""new_chat_members":[]"#, #""pinned_message":{}"#, #""left_chat_member":{}"#,
    #""something_of_next_year":{}"#,
  ])
  func recognisesServiceMessages(members: String) throws {
    let message = try message("," + members)
    #expect(message.text == nil && message.attachment == nil)
  }

  @Test func readsASuccessfulPayment() throws {
    let message = try message(
      #"""
      ,"successful_payment":{"currency":"XTR","total_amount":500,"invoice_payload":"order",
      "telegram_payment_charge_id":"charge","provider_payment_charge_id":"p"}
      """#)
    #expect(message.successfulPayment?.totalAmount == 500)
    #expect(message.successfulPayment?.telegramPaymentChargeID == "charge")
    #expect(message.text == nil && message.attachment == nil)
  }

  @Test func readsTheOtherKinds() throws {
    guard
      case .callbackQuery(let press) = try update(
        #"{"update_id":1,"callback_query":{"id":"9","from":\#(user),"chat_instance":"1","#
          + #""data":"d","message":{"message_id":4,"date":0,"chat":{"id":5,"type":"private"}}}}"#
      ).content
    else { Issue.record("no callback query"); return }
    #expect(press.message?.chat.isPrivate == true)
    #expect(press.data == "d")

    guard
      case .chatMemberChanged(let change) = try update(
        #"{"update_id":1,"my_chat_member":{"chat":{"id":5,"type":"private"},"from":\#(user),"#
          + #""date":1,"old_chat_member":{"status":"member"},"#
          + #""new_chat_member":{"status":"kicked","until_date":0}}}"#
      ).content
    else { Issue.record("no change of membership"); return }
    #expect(change.newStatus == "kicked")

    guard
      case .stoppedGeneration(let stop) = try update(
        #"{"update_id":1,"stopped_message_generation":{"chat":{"id":5,"type":"private"},"#
          + #""draft_id":77}}"#
      ).content
    else { Issue.record("no stop"); return }
    #expect(stop.draftID == 77)
  }

  @Test func takesUnknownKindsAndNone() throws {
    #expect(try update(#"{"update_id":1,"thing":[]}"#).content == .other(kind: "thing"))
    #expect(try update(#"{"update_id":1}"#).content == .other(kind: nil))
  }

  @Test(arguments: [
    #"{"update_id":1,"message":{}}"#, #"{"message":{}}"#, #"{"update_id":"1"}"#, "[]",
  ])
  func failsWhereTelegramsPromiseIsBroken(json: String) {
    #expect(throws: JSONFlaw.self) { try update(json) }
  }
}
