import LanguageModels
import Metering
import Testing

@Suite("DemoModel")
struct DemoModelTests {
  let model = DemoModel()

  func prompt(_ text: String, maximumOutputTokens: Int = 1000) -> Prompt {
    Prompt(
      system: "", messages: [.init(.user, text)], maximumOutputTokens: maximumOutputTokens)
  }

  @Test func saysThatItIsADemoAndHowToGetARealModel() async throws {
    let answer = try await model.answer(prompt("How do I sort a list?"), model: "echo-1")
    #expect(answer.text.contains("demo"))
    #expect(answer.text.contains("no real model was called"))
    #expect(answer.text.contains("You asked: “How do I sort a list?”"))
    #expect(answer.text.contains("GEMINI_API_KEY"))
    #expect(answer.text.contains("OPENROUTER_API_KEY"))
    #expect(answer.keyIdentifier == "demo")
    #expect(answer.requestID == nil)
    #expect(answer.model == "echo-1")
    #expect(answer.ending == .complete)
  }

  @Test func countsTheSameTokensEachTime() async throws {
    let prompt = prompt("Write a web shop")
    let (first, second) = (try await model.answer(prompt), try await model.answer(prompt))
    #expect(first.text == second.text)
    #expect(first.usage == second.usage)
    #expect(first.usage.inputTokens == 4)
    #expect(first.usage.outputTokens == (first.text.utf8.count + 3) / 4)
    #expect(try await model.countTokens(prompt, model: "echo-1") == 4)
    #expect(try await model.usage(ofRequest: "any") == nil)
  }

  @Test(arguments: [1, 2, 7, 50])
  func staysWithinTheOutputTokens(limit: Int) async throws {
    let answer = try await model.answer(prompt("👩‍👩‍👧 Grüße?", maximumOutputTokens: limit))
    #expect(answer.ending == .lengthLimit)
    #expect(answer.usage.outputTokens <= limit)
    #expect(answer.usage.outputTokens > 0)
  }

  @Test(arguments: [0, -1])
  func saysNothingWhereNothingIsAllowed(limit: Int) async {
    let error = await model.failure(prompt("x", maximumOutputTokens: limit))
    #expect(error?.reason == .emptyAnswer)
  }

  @Test func quotesLittleOfALongMessage() async throws {
    let answer = try await model.answer(prompt(String(repeating: "long ", count: 10_000)))
    #expect(answer.text.utf8.count < 2000)
  }
}
