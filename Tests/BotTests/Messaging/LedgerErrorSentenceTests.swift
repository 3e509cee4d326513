import Ledger
import Messaging
import Metering
import Testing

/// The ledger knows neither the shell nor the chat: what to type is added to its errors.
@Suite("Sentences of the ledger's errors")
struct LedgerErrorSentenceTests {
  @Test(arguments: [
    (
      LedgerError.noActivePrice(ModelID(provider: "google", name: "m")),
      "google/m has no active price",
      "; set one with: aidevbot pricing set google m --input USD --output USD"
    ),
    (
      .unknownUser(telegramUserID: 7), "user 7 is not known",
      "; they open an account by sending /start to the bot"
    ),
    (
      .makesImages(ModelID(provider: "google", name: "m")),
      "google/m makes images, which the bot cannot deliver, so it is not for sale",
      "; set a model that answers in text"
    ),
    (.callUnderWay, "a request of this person is under way; try again in a minute", ""),
  ])
  func sayWhatToType(error: LedgerError, fact: String, advice: String) {
    #expect(error.description == fact)
    #expect(error.sentence == fact + advice)
  }
}
