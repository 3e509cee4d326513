@testable import Assistant
import LanguageModels
import Testing

/// What a newcomer sees at the console.
@Suite("An answer of the demo")
struct DemoAnswerTests {
  @Test func isInTheFormOfWhatEachTaskAsksFor() async throws {
    var texts: [String] = []
    for task in TaskType.allCases {
      let prompt = Prompt(
        system: task.instructions, messages: [.init(.user, "x")], maximumOutputTokens: 2_000)
      let answer = try await DemoModel().answer(prompt, model: "demo-1")
      for mark in ["\n## ", "\n|---", "no real model was called"] {
        #expect(answer.text.contains(mark), "\(task) lacks \(mark)")
      }
      #expect(answer.text.contains("```") || task == .planning)
      #expect(answer.ending == .complete)
      #expect(TaskList(in: answer.text).isEmpty == (task != .planning))
      texts.append(answer.text)
    }
    #expect(Set(texts).count == TaskType.allCases.count)
  }
}
