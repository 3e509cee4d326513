/// What a person answered to a question of the planner.
package struct AnsweredQuestion: Codable, Equatable, Sendable {
  package var question: String
  /// In their words, or of a button.
  package var answer: String

  package init(question: String, answer: String) {
    (self.question, self.answer) = (question, answer)
  }
}

extension StepPrompt {
  /// What matters before a plan.
  ///
  /// - Parameter languages: What the workshop runs, with versions; none if nothing can be run.
  package static func questions(idea: String, languages: [String]) -> StepPrompt {
    StepPrompt(
      .questions, system: planning,
      parts: [
        PromptData("idea", idea, limit: maximumIdea).block, said(of: languages),
        """
        Ask at most \(PlanQuestions.maximumCount) questions whose answers would change what is \
        built; none, if the idea says enough. Do not ask what a good developer decides alone. Each \
        has up to \(PlanQuestions.maximumAnswers) proposed answers of a few words, the best one \
        first. Form: {"questions": [{"text": "…?", "answers": ["…", "…"]}]}
        """,
      ], schema: PlanQuestions.schema)
  }

  package static func plan(
    idea: String, answers: [AnsweredQuestion], languages: [String]
  ) -> StepPrompt {
    StepPrompt(
      .plan, system: planning,
      parts: [
        PromptData("idea", idea, limit: maximumIdea).block, said(of: answers), said(of: languages),
        "Plan the program.", formOfPlan,
      ], schema: BuildPlan.schema)
  }

  /// A plan that is not agreed yet, changed as a person says.
  package static func planChange(
    idea: String, plan: BuildPlan, words: String, languages: [String]
  ) -> StepPrompt {
    StepPrompt(
      .planChange, system: planning,
      parts: [
        PromptData("idea", idea, limit: maximumIdea).block,
        PromptData("plan", plan.text, limit: maximumAnswer).block,
        PromptData("wishes", words, limit: maximumIdea).block, said(of: languages),
        "Change the plan as the wishes say, and no more. Give the whole plan.", formOfPlan,
      ], schema: BuildPlan.schema)
  }

  /// A delivered project, changed as a person says.
  ///
  /// - Parameter plan: By which it was built.
  package static func refinement(
    idea: String, plan: BuildPlan, files: ProjectFiles, words: String, languages: [String]
  ) -> StepPrompt {
    StepPrompt(
      .refinement, system: planning,
      parts: [
        PromptData("idea", idea, limit: maximumIdea).block,
        PromptData("plan", plan.text, limit: maximumAnswer).block,
        FilesInPrompt(all: files).text, PromptData("wishes", words, limit: maximumIdea).block,
        said(of: languages),
        """
        The project is built and delivered. Plan the change that the wishes ask for, and no more. \
        “title”, “purpose”, “stack” and the commands are those of the whole project; “files” are \
        only those that are new or change, with the lines that they then have; “tasks” are only \
        those of the change.
        """, formOfPlan,
      ], schema: BuildPlan.schema)
  }

  /// An answer that could not be read.
  package static func repairJSON(
    of answer: String, error: SoftwareError, schema: String
  ) -> StepPrompt {
    StepPrompt(
      .repairOfJSON, system: planning,
      parts: [
        PromptData("answer", answer, limit: maximumAnswer).block,
        """
        That answer cannot be taken. \(error.sentence) Give the whole object again, put right and \
        otherwise unchanged. Its JSON Schema:
        """, schema,
      ], schema: schema)
  }

  static func said(of languages: [String]) -> String {
    guard !languages.isEmpty else {
      return """
        Nothing can be run before delivery. Plan what is made of plain files, such as HTML, CSS \
        and JavaScript for a browser, or a program that is simple enough to be right at once. \
        Every “command” is empty.
        """
    }
    let list = languages.map { $0.line(upTo: 60) }.joined(separator: ", ")
    return """
      Commands can be run here, without a network, and nothing can be installed. There is: \
      \(list). Keep to one of these with its \
      standard library, or to plain files.
      """
  }

  private static func said(of answers: [AnsweredQuestion]) -> String {
    guard !answers.isEmpty else { return "No questions were answered: decide what is open." }
    let text = answers.map { "Question: \($0.question)\nAnswer: \($0.answer)" }
    return PromptData("answers", text.joined(separator: "\n\n"), limit: maximumIdea).block
  }

  private static let formOfPlan = """
    Form: {"title": "a few words", "purpose": "two sentences", "stack": ["…"],
     "files": [{"path": "folder/name.ext", "purpose": "…", "names": ["function(parameter)"], \
    "lines": 60}],
     "tasks": [{"title": "…", "files": ["folder/name.ext"], "outcome": "what is true at its end", \
    "command": "…"}],
     "run_command": "how people start it", "test_command": "how they test it"}

    - The smallest program that does all of what is wanted: at most \(BuildPlan.maximumFiles) \
    files and \(BuildPlan.maximumTasks) tasks, mostly far fewer. No README, which is made later.
    - “names” are what other files use of a file (functions with parameters, classes, ids): all \
    files are written to fit them. “lines” is an honest estimate.
    - Tasks are in order; each one leaves something that works, is written in one answer (some 300 \
    lines), and brings the tests of what it makes.
    - “command” is one line for a shell in the project's folder. It ends with status 0 only if the \
    outcome is true, within a minute, asks nothing and starts nothing that stays. Tests come with \
    the language (python3 -m unittest, node --test, go test).
    """
}
