import Foundation
import TelegramBotAPI
import Testing

@Suite("BotRequest, for Stars and files")
struct StarsRequestTests {
  let invoice = Invoice(
    title: "Credits", description: "500 credits", payload: "pack:500", label: "500", stars: 400)
  let file = BotRequest.Attachment(
    fileName: "a.csv", contentType: "text/csv", data: Data("a,b".utf8))

  func json(_ request: BotRequest) -> String { String(decoding: request.json, as: UTF8.self) }

  /// The field that is at fault.
  func fault(_ make: () throws -> BotRequest) -> String {
    do {
      return "accepted \(try make().method)"
    } catch {
      guard case TelegramError.invalidRequest(let field) = error else { return "\(error)" }
      return String(field.prefix { $0 != " " })
    }
  }

  func invoice(_ change: (inout Invoice) -> Void) -> Invoice {
    var invoice = invoice
    change(&invoice)
    return invoice
  }

  @Test func offersForStars() throws {
    let request = try BotRequest.sendInvoice(
      chatID: 42, invoice, startParameter: "pack-500", threadID: 7)
    #expect(request.method == "sendInvoice")
    #expect(
      json(request)
        == #"{"chat_id":42,"message_thread_id":7,"title":"Credits","description":"500 credits","#
        + #""payload":"pack:500","provider_token":"","currency":"XTR","#
        + #""prices":[{"label":"500","amount":400}],"start_parameter":"pack-500"}"#)
    let link = try BotRequest.createInvoiceLink(invoice, subscriptionPeriod: 2_592_000)
    #expect(link.method == "createInvoiceLink")
    #expect(
      json(link)
        == #"{"title":"Credits","description":"500 credits","payload":"pack:500","#
        + #""provider_token":"","currency":"XTR","prices":[{"label":"500","amount":400}],"#
        + #""subscription_period":2592000}"#)
  }

  @Test func givesBackAndEndsSubscriptions() throws {
    let refund = try BotRequest.refundStarPayment(userID: 5_000_000_001, chargeID: "c")
    #expect(refund.method == "refundStarPayment")
    #expect(json(refund) == #"{"user_id":5000000001,"telegram_payment_charge_id":"c"}"#)
    let edit = try BotRequest.editUserStarSubscription(
      userID: 42, chargeID: "c", isCanceled: true)
    #expect(edit.method == "editUserStarSubscription")
    #expect(
      json(edit) == #"{"user_id":42,"telegram_payment_charge_id":"c","is_canceled":true}"#)
    #expect(
      fault { try .refundStarPayment(userID: 42, chargeID: "") } == "telegram_payment_charge_id")
    #expect(
      fault { try .editUserStarSubscription(userID: 42, chargeID: "", isCanceled: false) }
        == "telegram_payment_charge_id")
  }

  @Test func takesAnInvoiceAtItsLimits() throws {
    let largest = invoice {
      $0.title = String(repeating: "🚀", count: 16)
      $0.description = String(repeating: "x", count: 255)
      $0.payload = String(repeating: "ä", count: 64)
      $0.stars = 10_000
    }
    let parameter = String(repeating: "A", count: 64)
    _ = try BotRequest.sendInvoice(chatID: 42, largest, startParameter: parameter)
    _ = try BotRequest.createInvoiceLink(largest, subscriptionPeriod: 2_592_000)
    let smallest = Invoice(title: "t", description: "d", payload: "p", label: "l", stars: 1)
    _ = try BotRequest.sendInvoice(chatID: 42, smallest, startParameter: "_")
    // Only a subscription has an upper bound.
    _ = try BotRequest.sendInvoice(
      chatID: 42, invoice { $0.stars = 10_001 }, startParameter: "-")
  }

  @Test func namesTheFieldOfAnInvoiceThatBreaksALimit() {
    let cases: [(String, (inout Invoice) -> Void)] = [
      ("title", { $0.title = "" }),
      ("title", { $0.title = String(repeating: "🚀", count: 17) }),
      ("description", { $0.description = "" }),
      ("description", { $0.description = String(repeating: "x", count: 256) }),
      ("payload", { $0.payload = "" }),
      ("payload", { $0.payload = String(repeating: "ä", count: 65) }),
      ("label", { $0.label = "" }),
      ("amount", { $0.stars = 0 }),
    ]
    for (field, change) in cases {
      let broken = invoice(change)
      #expect(fault { try .sendInvoice(chatID: 42, broken, startParameter: "x") } == field)
      #expect(fault { try .createInvoiceLink(broken, subscriptionPeriod: 2_592_000) } == field)
    }
    let dear = invoice { $0.stars = 10_001 }
    #expect(fault { try .createInvoiceLink(dear, subscriptionPeriod: 2_592_000) } == "amount")
    for period in [0, 2_591_999, 31_536_000] {
      #expect(
        fault { try .createInvoiceLink(invoice, subscriptionPeriod: period) }
          == "subscription_period")
    }
  }

  @Test(arguments: ["", "a b", "ä", "a=b", String(repeating: "x", count: 65)])
  func wantsAStartParameterOfEveryInvoice(parameter: String) {
    #expect(
      fault { try .sendInvoice(chatID: 42, invoice, startParameter: parameter) }
        == "start_parameter")
  }

  @Test func carriesADocument() throws {
    let request = try BotRequest.sendDocument(chatID: 42, file, caption: "Your data")
    #expect(request.method == "sendDocument")
    #expect(json(request) == #"{"chat_id":42,"caption":"Your data"}"#)
    #expect(request.attachment == file)
    #expect(file.field == "document")
    #expect(try json(.sendDocument(chatID: 42, file)) == #"{"chat_id":42}"#)
  }

  @Test func takesADocumentAtItsLimits() throws {
    var file = file
    let caption = String(repeating: "🚀", count: 512)
    file.data = Data(count: 50_000_000)
    _ = try BotRequest.sendDocument(chatID: 42, file, caption: caption)
    #expect(fault { try .sendDocument(chatID: 42, file, caption: caption + "x") } == "caption")
    file.data.append(0)
    #expect(fault { try .sendDocument(chatID: 42, file) } == "document")
    file.data = Data()
    file.fileName = ""
    #expect(fault { try .sendDocument(chatID: 42, file) } == "document")
  }

  @Test func keepsItsFileOnTheWayElsewhere() throws {
    let request = try BotRequest.sendDocument(chatID: -5, file)
    #expect(try request.addressed(to: -100) == .sendDocument(chatID: -100, file))
  }

  @Test func isRepeatedOnlyWhereThatDoesNoHarm() throws {
    #expect(BotRequest(method: "getStarTransactions", json: Data()).isIdempotent)
    #expect(BotRequest(method: "getMyStarBalance", json: Data()).isIdempotent)
    #expect(
      try BotRequest.editUserStarSubscription(userID: 1, chargeID: "c", isCanceled: true)
        .isIdempotent)
    #expect(
      try BotRequest.createInvoiceLink(invoice, subscriptionPeriod: 2_592_000).isIdempotent)
    #expect(try !BotRequest.refundStarPayment(userID: 1, chargeID: "c").isIdempotent)
    #expect(try !BotRequest.sendInvoice(chatID: 1, invoice, startParameter: "x").isIdempotent)
    #expect(try !BotRequest.sendDocument(chatID: 1, file).isIdempotent)
  }

  @Test func setsTheMenuOfOneChat() throws {
    let help = BotCommand(command: "help", description: "Help")
    #expect(
      try json(.setMyCommands([help], chatID: 42))
        == #"{"commands":[{"command":"help","description":"Help"}],"#
        + #""scope":{"type":"chat","chat_id":42}}"#)
    #expect(
      try json(.setMyCommands([help]))
        == #"{"commands":[{"command":"help","description":"Help"}]}"#)
  }

  @Test func showsAPartOfATextInAFixedWidth() throws {
    let entities = #""entities":[{"type":"pre","offset":3,"length":2}]"#
    #expect(
      try json(.sendMessage(chatID: 42, text: "🚀 ab", entities: [MessageEntity(.pre, 3..<5)]))
        == #"{"chat_id":42,"text":"🚀 ab",\#(entities)}"#)
    let pre = [MessageEntity(.pre, 3..<5)]
    #expect(
      try json(.editMessageText(chatID: 42, messageID: 7, text: "🚀 ab", entities: pre))
        == #"{"chat_id":42,"message_id":7,"text":"🚀 ab",\#(entities)}"#)
  }

  /// The last two begin or end in the middle of the rocket.
  @Test(arguments: [-1..<2, 0..<6, 5..<6, 2..<2, 1..<3, 0..<1])
  func refusesAPartThatIsNotInTheText(part: Range<Int>) {
    let pre = [MessageEntity(.pre, part)]
    #expect(fault { try .sendMessage(chatID: 42, text: "🚀 ab", entities: pre) } == "entities")
    #expect(
      fault { try .editMessageText(chatID: 42, messageID: 7, text: "🚀 ab", entities: pre) }
        == "entities")
  }

  @Test func wantsAURLOfAButtonThatOpensOne() {
    let keyboard = InlineKeyboardMarkup(rows: [[InlineKeyboardButton(text: "x", url: "")]])
    #expect(fault { try .sendMessage(chatID: 42, text: "x", keyboard: keyboard) } == "url")
  }
}
