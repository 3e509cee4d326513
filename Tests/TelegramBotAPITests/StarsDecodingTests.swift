import Foundation
import JSONReading
import TelegramBotAPI
import Testing

@Suite("Decoding of what concerns Stars")
struct StarsDecodingTests {
  let user = #"{"id":5000000001,"is_bot":false,"first_name":"Ada"}"#

  func decode<Value: Decodable>(_ json: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(json.utf8))
  }

  func message(_ members: String) throws -> Message {
    let json =
      #"{"update_id":1,"message":{"message_id":7,"date":0,"chat":{"id":1,"type":"private"},"#
      + members + "}}"
    let update = try Update(json: json.utf8)
    guard case .message(let message) = update.content else {
      throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no message"))
    }
    return message
  }

  @Test func readsAPaymentOfASubscription() throws {
    let payment = try message(
      #"""
      "successful_payment":{"currency":"XTR","total_amount":500,"invoice_payload":"plan",
      "subscription_expiration_date":1700000000,"is_recurring":true,"is_first_recurring":true,
      "telegram_payment_charge_id":"charge","provider_payment_charge_id":"p"}
      """#
    ).successfulPayment
    #expect(payment?.subscriptionExpirationDate == 1_700_000_000)
    #expect(payment?.isFirstRecurring == true)
    #expect(payment?.invoicePayload == "plan")
    #expect(payment?.currency == "XTR")
  }

  @Test func takesAPaymentForASingleOneUnlessItSaysOtherwise() throws {
    let payment = try message(
      #"""
      "successful_payment":{"currency":"XTR","total_amount":500,"invoice_payload":"plan",
      "telegram_payment_charge_id":"charge","provider_payment_charge_id":"p"}
      """#
    ).successfulPayment
    #expect(payment?.subscriptionExpirationDate == nil)
    #expect(payment?.isFirstRecurring == false)
  }

  @Test func readsARefund() throws {
    let message = try message(
      #"""
      "refunded_payment":{"currency":"XTR","total_amount":500,"invoice_payload":"order",
      "telegram_payment_charge_id":"charge","of_next_year":{}}
      """#)
    #expect(message.refundedPayment?.telegramPaymentChargeID == "charge")
    #expect(message.successfulPayment == nil && message.attachment == nil)
  }

  @Test func readsAChangeOfASubscription() throws {
    let json =
      #"{"update_id":1,"subscription":{"user":\#(user),"invoice_payload":"plan","#
      + #""state":"canceled","x":1}}"#
    let update = try Update(json: json.utf8)
    guard case .subscriptionChanged(let change) = update.content else {
      Issue.record("no change of a subscription")
      return
    }
    #expect(change.user.id == 5_000_000_001)
    #expect(change.invoicePayload == "plan")
    #expect(change.state == "canceled")
  }

  @Test func readsAPaymentInTheAccount() throws {
    let payment: StarTransaction = try decode(
      #"""
      {"id":"charge","amount":400,"date":1700000000,"source":{"type":"user",
      "transaction_type":"invoice_payment","user":\#(user),"invoice_payload":"plan",
      "subscription_period":2592000,"affiliate":{"commission_per_mille":51,"amount":20,
      "nanostar_amount":400000000}}}
      """#)
    #expect(payment.id == "charge")
    #expect(payment.amount == 400)
    #expect(payment.nanostarAmount == 0)
    #expect(payment.date == 1_700_000_000)
    #expect(payment.receiver == nil)
    #expect(payment.source?.type == "user")
    #expect(payment.source?.transactionType == "invoice_payment")
    #expect(payment.source?.user?.id == 5_000_000_001)
    #expect(payment.source?.invoicePayload == "plan")
    #expect(payment.source?.subscriptionPeriod == 2_592_000)
    #expect(payment.source?.affiliate?.amount == 20)
    #expect(payment.source?.affiliate?.nanostarAmount == 400_000_000)
  }

  @Test(arguments: [
    ("fragment", #""withdrawal_state":{"type":"pending"}"#), ("telegram_ads", #""x":1"#),
    ("telegram_api", #""request_count":5"#), ("of_next_year", #""a":[{}]"#),
    ("chat", #""chat":{"id":-1,"type":"channel"},"gift":{"id":"g"}"#),
  ])
  func readsPartnersOfAllKinds(type: String, members: String) throws {
    let entry: StarTransaction = try decode(
      #"{"id":"t","amount":5,"nanostar_amount":250000000,"date":1,"#
        + #""receiver":{"type":"\#(type)",\#(members)}}"#)
    #expect(entry.nanostarAmount == 250_000_000)
    #expect(entry.source == nil)
    #expect(entry.receiver?.type == type)
    #expect(entry.receiver?.user == nil && entry.receiver?.invoicePayload == nil)
  }

  @Test func readsABalance() throws {
    let whole: StarAmount = try decode(#"{"amount":-7}"#)
    #expect(whole.amount == -7 && whole.nanostarAmount == 0)
    let exact: StarAmount = try decode(#"{"amount":0,"nanostar_amount":-5}"#)
    #expect(exact.amount == 0 && exact.nanostarAmount == -5)
  }

  /// An entry that is passed over would be money that nobody sees.
  @Test(arguments: [
    #"{"amount":5,"date":1}"#, #"{"id":"t","date":1}"#, #"{"id":"t","amount":"5","date":1}"#,
    #"{"id":"t","amount":5,"date":1,"source":{"type":"user","user":{}}}"#,
  ])
  func failsWhereAnEntryIsBroken(json: String) {
    #expect(throws: DecodingError.self) { try decode(json) as StarTransaction }
  }

  @Test func knowsARefundThatWasMadeBefore() {
    #expect(TelegramError.badRequest("Bad Request: CHARGE_ALREADY_REFUNDED").isAlreadyRefunded)
    #expect(TelegramError.badRequest("charge_already_refunded").isAlreadyRefunded)
    #expect(!TelegramError.badRequest("Bad Request: CHARGE_NOT_FOUND").isAlreadyRefunded)
    #expect(!TelegramError.forbidden("CHARGE_ALREADY_REFUNDED").isAlreadyRefunded)
  }
}
