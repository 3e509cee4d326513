/// Why a task is not done.
package enum TaskFailure: Sendable, Equatable {
  /// Its command ended otherwise than with status 0.
  ///
  /// - Parameter ending: In words, as in "exit status 1" or "no end after 60 seconds".
  case command(ending: String, output: String)
  /// The answer could not be taken, and nothing of it was.
  case answer(String, SoftwareError)
  /// The answer broke off within this, and the rest of it was taken.
  case brokeOff(String)
}

extension StepPrompt {
  /// - Parameters:
  ///   - taskIndex: From 0.
  ///   - openTasks: Those before it that were left open.
  package static func task(
    idea: String, plan: BuildPlan, taskIndex: Int, files: ProjectFiles, openTasks: Set<Int> = []
  ) -> StepPrompt {
    let task = plan.tasks[taskIndex]
    let shown = FilesInPrompt(
      files, plan: plan, first: task.files, words: words(of: taskIndex, in: plan))
    return StepPrompt(
      .task, system: coding, stable: stable(idea: idea, plan: plan),
      parts: [
        shown.text, said(of: openTasks, in: plan),
        """
        Do task \(taskIndex + 1) of the plan and no other. Those before it are done. \
        \(said(ofCommandOf: task))
        """,
      ])
  }

  /// - Parameters:
  ///   - round: From 1.
  ///   - advice: The planner's, where it has decided for another way.
  ///   - command: Instead of the plan's, where the planner has changed it.
  package static func repair(
    idea: String, plan: BuildPlan, taskIndex: Int, files: ProjectFiles, failure: TaskFailure,
    round: Int, advice: String? = nil, command: String? = nil, openTasks: Set<Int> = []
  ) -> StepPrompt {
    var task = plan.tasks[taskIndex]
    task.command = command ?? task.command
    let shown = FilesInPrompt(
      files, plan: plan, first: task.files, words: words(of: taskIndex, in: plan),
      output: failure.output)
    return StepPrompt(
      .repair, system: coding, stable: stable(idea: idea, plan: plan),
      parts: [
        shown.text, said(of: openTasks, in: plan), failure.said(of: task),
        advice.map { PromptData("advice of the planner", $0, limit: maximumOutput).block } ?? "",
        """
        Task \(taskIndex + 1) of the plan is not done yet; this is attempt \(round) to mend it. \
        Find the cause and mend that, with SEARCH/REPLACE blocks wherever a file exists. Mend the \
        program rather than its tests, unless a test contradicts the plan. \
        \(said(ofCommandOf: task))
        """,
      ])
  }

  /// Whether a task that could not be mended is done in another way.
  package static func decision(
    idea: String, plan: BuildPlan, taskIndex: Int, files: ProjectFiles, failure: TaskFailure,
    rounds: Int, openTasks: Set<Int> = []
  ) -> StepPrompt {
    let task = plan.tasks[taskIndex]
    let shown = FilesInPrompt(files, plan: plan, first: task.files, output: failure.output)
    return StepPrompt(
      .decision, system: planning, stable: stable(idea: idea, plan: plan),
      parts: [
        shown.text, said(of: openTasks, in: plan), failure.said(of: task),
        """
        Task \(taskIndex + 1) of the plan was not done after \(rounds) attempts to mend it. \
        Decide: "another_way", with words to the coder that say exactly what to do otherwise, \
        and with another "command" if it is the check that is wrong (else an empty text); or \
        "leave_open", with one sentence for the person that says what does not work. \
        Form: {"decision": "another_way", "words": "…", "command": ""}
        """,
      ], schema: FailureDecision.schema)
  }

  /// The whole against the idea.
  package static func review(
    idea: String, plan: BuildPlan, files: ProjectFiles, openTasks: Set<Int>
  ) -> StepPrompt {
    StepPrompt(
      .review, system: planning, stable: stable(idea: idea, plan: plan),
      parts: [
        FilesInPrompt(all: files, limit: FilesInPrompt.limit * 2).text,
        said(of: openTasks, in: plan),
        """
        All tasks were worked on. Look at the whole against the idea: does it do what is wanted, \
        do the files fit each other, would it run for the person as the plan says? Approve it \
        unless something that is wanted is missing or does not work; matters of taste are no \
        findings, and tasks that were left open are known. At most \(PlanReview.maximumFindings) \
        findings, the worst first, each with its file and what to change. “summary” tells the \
        person in two sentences what was built. \
        Form: {"approved": true, "findings": [], "summary": "…"}
        """,
      ], schema: PlanReview.schema)
  }

  /// What a review has found.
  package static func mending(
    idea: String, plan: BuildPlan, findings: [String], files: ProjectFiles,
    openTasks: Set<Int> = []
  ) -> StepPrompt {
    let text = findings.map { "- \($0)" }.joined(separator: "\n")
    let shown = FilesInPrompt(files, plan: plan, first: [], words: text, output: text)
    return StepPrompt(
      .mending, system: coding, stable: stable(idea: idea, plan: plan),
      parts: [
        shown.text, said(of: openTasks, in: plan),
        PromptData("findings of the review", text, limit: maximumOutput).block,
        """
        All tasks were worked on, and a review has found this. Mend what is right in it, with \
        SEARCH/REPLACE blocks wherever a file exists, and break nothing that works.
        """,
      ])
  }
}

extension StepPrompt {
  private static func stable(idea: String, plan: BuildPlan) -> String {
    """
    \(PromptData("idea", idea, limit: maximumIdea).block)

    \(PromptData("plan", plan.text, limit: maximumAnswer * 2).block)


    """
  }

  private static func words(of index: Int, in plan: BuildPlan) -> String {
    let task = plan.tasks[index]
    let planned = plan.files.filter { task.files.contains($0.path) }
    return ([task.title, task.outcome, task.command] + planned.map(\.purpose))
      .joined(separator: "\n")
  }

  private static func said(of openTasks: Set<Int>, in plan: BuildPlan) -> String {
    let numbers = openTasks.sorted().filter(plan.tasks.indices.contains).map { "\($0 + 1)" }
    guard !numbers.isEmpty else { return "" }
    return "Left open, and not to be relied on: task \(numbers.joined(separator: ", "))."
  }

  private static func said(ofCommandOf task: BuildPlan.PlannedTask) -> String {
    task.command.isEmpty
      ? "Nothing can be run, so be exact." : "Then \(task.command.asCode) has to end with status 0."
  }
}

extension TaskFailure {
  /// What may name files.
  fileprivate var output: String {
    switch self {
    case .command(_, let output): output.withoutMiddle(limit: StepPrompt.maximumOutput)
    case .answer(_, let error): error.sentence
    case .brokeOff(let place): place
    }
  }

  fileprivate func said(of task: BuildPlan.PlannedTask) -> String {
    switch self {
    case .command(let ending, let output):
      """
      The command \(task.command.asCode) failed: \(ending). What it said:

      \(PromptData("output", output, limit: StepPrompt.maximumOutput).block)
      """
    case .answer(let answer, let error):
      """
      The last answer:

      \(PromptData("answer", answer, limit: StepPrompt.maximumAnswer).block)

      Nothing of it could be taken: \(error.sentence) Give the whole answer again, put right.
      """
    case .brokeOff(let place):
      """
      The last answer broke off within \(place.line(upTo: 200).asCode). What was whole in it is \
      among the files. Write the rest: that file or change whole, and what was to follow it.
      """
    }
  }
}
