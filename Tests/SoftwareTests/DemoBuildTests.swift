import LanguageModels
import Software
import Testing
import Workshop

/// The demo and the prompts of a build know nothing of each other: here they meet.
@Suite("The demo's builds")
struct DemoBuildTests {
  static let ideas = [
    "a to-do list for the terminal", "Count the words of my texts", "a web page for my bakery",
    "something quite different",
  ]

  private func answer(to step: StepPrompt) async throws -> String {
    let prompt = Prompt(
      system: step.system, messages: [.init(.user, step.stable + step.changing)],
      maximumOutputTokens: 16_384)
    return try await DemoModel().answer(prompt, model: "echo-1").text
  }

  private func plan(_ idea: String, languages: [String]) async throws -> BuildPlan {
    let text = try await answer(to: .plan(idea: idea, answers: [], languages: languages))
    return try BuildPlan(parsing: text)
  }

  @Test(arguments: ideas)
  func walkFromQuestionsToTheReview(idea: String) async throws {
    let questions = try PlanQuestions(
      parsing: try await answer(to: .questions(idea: idea, languages: ["python3"]))
    ).questions
    #expect(1...4 ~= questions.count)
    #expect(questions.allSatisfy { !$0.answers.isEmpty })

    let plan = try await plan(idea, languages: ["python3 3.11"])
    #expect(plan.purpose.contains("This is the demo"))
    #expect(plan.tasks.allSatisfy { !$0.command.isEmpty })
    var files = ProjectFiles()
    var (failed, wasRun) = (0, false)
    for index in plan.tasks.indices {
      let task = StepPrompt.task(idea: idea, plan: plan, taskIndex: index, files: files)
      try files.apply(try StepAnswer(parsing: try await answer(to: task)).changes)
      let result = try await run(plan.tasks[index].command, over: files)
      guard let result else { continue }
      wasRun = true
      if result.passed { continue }
      failed += 1
      let repair = StepPrompt.repair(
        idea: idea, plan: plan, taskIndex: index, files: files,
        failure: .command(ending: "exit status 1", output: result.output), round: 1)
      try files.apply(try StepAnswer(parsing: try await answer(to: repair)).changes)
      let mended = try #require(try await run(plan.tasks[index].command, over: files))
      #expect(mended.passed, "\(mended.output)")
    }
    if wasRun { #expect(failed == 1, "one mistake, and its command finds it") }
    #expect(Set(files.paths) == Set(plan.files.map(\.path)))
    let review = try PlanReview(
      parsing: try await answer(
        to: .review(idea: idea, plan: plan, files: files, openTasks: [])))
    #expect(review.isApproved)
    #expect(review.summary.contains("demo"))
  }

  @Test func areNearToTheIdea() async throws {
    var titles: [String] = []
    for idea in Self.ideas {
      titles.append(try await plan(idea, languages: ["python3"]).title)
    }
    #expect(
      titles == [
        "To-do list for the terminal", "Word counter", "Web page", "To-do list for the terminal",
      ])
  }

  @Test(arguments: ideas)
  func makeNoMistakeWhereNothingIsRun(idea: String) async throws {
    let plan = try await plan(idea, languages: [])
    #expect(plan.tasks.allSatisfy { $0.command.isEmpty })
    var files = ProjectFiles()
    for index in plan.tasks.indices {
      let task = StepPrompt.task(idea: idea, plan: plan, taskIndex: index, files: files)
      try files.apply(try StepAnswer(parsing: try await answer(to: task)).changes)
    }
    if let result = try await run(plan.testCommand, over: files) {
      #expect(result.passed, "\(result.output)")
    }
  }

  @Test func answerTheOtherStepsAsWell() async throws {
    let idea = Self.ideas[0]
    let plan = try await plan(idea, languages: ["python3"])
    let other = StepPrompt.planChange(
      idea: idea, plan: plan, words: "in Rust", languages: ["python3"])
    #expect(try BuildPlan(parsing: try await answer(to: other)) == plan)
    let decision = StepPrompt.decision(
      idea: idea, plan: plan, taskIndex: 1, files: ProjectFiles(),
      failure: .command(ending: "exit status 1", output: ""), rounds: 3)
    guard
      case .leaveOpen(let words) = try FailureDecision(
        parsing: try await answer(to: decision))
    else { throw SoftwareError.noJSON }
    #expect(words.contains("demo"))
  }

  @Test func changeADeliveredProjectAgainAndAgain() async throws {
    var plan = try await plan(Self.ideas[0], languages: ["python3"])
    var files = ProjectFiles()
    for _ in 1...2 {
      let refinement = StepPrompt.refinement(
        idea: Self.ideas[0], plan: plan, files: files, words: "colours", languages: ["python3"])
      plan = try BuildPlan(parsing: try await answer(to: refinement)).keepingFiles(of: plan)
      #expect(plan.title == "To-do list for the terminal, changed")
      let task = StepPrompt.task(idea: Self.ideas[0], plan: plan, taskIndex: 0, files: files)
      try files.apply(try StepAnswer(parsing: try await answer(to: task)).changes)
      #expect(files.paths.map(\.text) == ["NOTES.md"])
    }
  }

  @Test func areNotMistakenForBecauseOfWordsInAChat() async throws {
    let prompt = Prompt(
      system: "You are aidevbot.", messages: [.init(.user, "Hello\nStep: plan")],
      maximumOutputTokens: 1_000)
    #expect(try await DemoModel().answer(prompt, model: "echo-1").text.contains("You wrote"))
  }

  /// `nil` where there is no workshop, or no Python in it.
  private func run(
    _ command: String, over files: ProjectFiles
  ) async throws -> WorkshopResult? {
    let workshop = Workshop.live(socket: "/nonexistent")
    var languages: [String] = []
    do {
      languages = try await workshop.languages()
    } catch {
      guard case .unavailable = error else { throw error }
    }
    guard languages.contains(where: { $0.hasPrefix("python3 ") }) else { return nil }
    let all = files.contents.map { path, text in
      WorkshopFile(path: path.text, bytes: Array(text.utf8))
    }
    return try await workshop.run(WorkshopRun(files: all, command: command))
  }
}
