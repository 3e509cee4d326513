import Foundation
import Software

/// What a planner answers, of every kind, and paths, one a line.
enum BuildPlanTarget {
  static func run(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    for line in text.split(separator: "\n").prefix(4) {
      if let path = try? ProjectPath(String(line)) { AnswerTarget.check(path) }
    }
    if let plan = try? BuildPlan(parsing: text) { check(plan) }
    if let questions = try? PlanQuestions(parsing: text).questions {
      demand(questions.count <= 4, "more questions")
      for question in questions {
        checkLine(question.text, 300)
        demand(question.answers.count <= 4, "more answers")
        for answer in question.answers { checkLine(answer, 60) }
      }
    }
    if let review = try? PlanReview(parsing: text) {
      demand(review.isApproved == review.findings.isEmpty, "a refusal without a reason")
      for finding in review.findings { checkLine(finding, 300) }
    }
    if case .anotherWay(let words, let command)? = try? FailureDecision(parsing: text) {
      demand(!words.isEmpty, "no other way")
      if let command { checkLine(command, 300) }
    }
    checkData(text)
  }

  private static func check(_ plan: BuildPlan) {
    demand(1...60 ~= plan.files.count && 1...20 ~= plan.tasks.count, "the counts of a plan")
    checkLine(plan.title, 80)
    for file in plan.files {
      AnswerTarget.check(file.path)
      checkLine(file.purpose, 200)
      demand(1...BuildPlan.maximumLines ~= file.lines, "\(file.lines) lines")
    }
    let known = Set(plan.files.map(\.path))
    demand(known.count == plan.files.count, "a file that is planned twice")
    demand(known == Set(plan.tasks.flatMap(\.files)), "files that no task makes, or none plans")
    for (index, task) in plan.tasks.enumerated() {
      checkLine(task.title, 120)
      checkLine(task.command, 300)
      demand(plan.expectedOutputTokens(task: index) > 0, "nothing is written")
    }
    demand(plan.taskList().split(separator: "\n").count == plan.tasks.count, "\(plan.taskList())")
    let json = try? JSONEncoder().encode(plan)
    let again = json.flatMap { try? JSONDecoder().decode(BuildPlan.self, from: $0) }
    demand(again == plan, "a plan that is read otherwise")
    let change = plan.keepingFiles(of: plan)
    demand(change == plan, "files that are kept twice")
  }

  private static func checkLine(_ text: String, _ limit: Int) {
    demand(text.count <= limit && text.utf8.count <= 4 * limit + 3, "a long text: \(text)")
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
      scalar.value >= 0x20 && !(0x7F...0x9F ~= scalar.value) && scalar.value != 0x2028
        && !(0x202A...0x202E ~= scalar.value) && !(0x2066...0x2069 ~= scalar.value)
    }
    demand(isPlain, "a text that disturbs: \(text)")
  }

  /// Data in a prompt ends where it is said to end, and nowhere before.
  private static func checkData(_ text: String) {
    let prompt = StepPrompt.questions(idea: text, languages: []).changing
    let lines = prompt.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    guard let first = lines.first.map({ String(decoding: $0, as: UTF8.self) }),
      let number = first.wholeMatch(of: /<data-([0-9]+) idea>/)?.1
    else { return demand(false, "no data") }
    let end = "</data-\(number)>"
    demand(lines.count { $0.elementsEqual(end.utf8) } == 1, "two ends of the data")
    demand(prompt.hasSuffix("\n\nStep: questions"), "no step")
  }
}
