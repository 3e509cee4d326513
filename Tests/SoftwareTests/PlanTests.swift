import Foundation
import Software
import Testing

@Suite("Plans")
struct PlanTests {
  static let json = """
    {"title": "To-do list", "purpose": "Keeps a list.", "stack": ["python3"],
     "files": [{"path": "todo.py", "purpose": "the program", "names": ["add(text)"], "lines": 60},
       {"path": "test_todo.py", "purpose": "its tests", "names": [], "lines": 30}],
     "tasks": [{"title": "Add", "files": ["todo.py", "test_todo.py"], "outcome": "adds",
       "command": "python3 -m unittest"},
       {"title": "List", "files": ["todo.py"], "outcome": "lists", "command": "python3 todo.py"}],
     "run_command": "python3 todo.py", "test_command": "python3 -m unittest"}
    """

  @Test(arguments: [
    json, "```json\n\(json)\n```", "Here is {the} plan:\n\n\(json)\n\nIs that fine?",
    json.replacing("\"python3\"]", with: "\"python3\",]").replacing("30}]", with: "30,\n},]"),
    json.replacing("Keeps a list.", with: "Keeps\na list."),
    json.replacing("\"lines\": 60", with: "\"lines\": 60.0"),
    "{}\n" + json,
  ])
  func areReadAsModelsWriteThem(text: String) throws {
    let plan = try BuildPlan(parsing: text)
    #expect(plan.title == "To-do list")
    #expect(plan.stack == ["python3"])
    #expect(plan.files.map(\.path.text) == ["todo.py", "test_todo.py"])
    #expect(plan.files[0].names == ["add(text)"])
    #expect(plan.files[0].lines == 60)
    #expect(plan.tasks.map(\.title) == ["Add", "List"])
    #expect(plan.tasks[0].command == "python3 -m unittest")
    #expect(plan.testCommand == "python3 -m unittest")
  }

  @Test func areKeptAsJSON() throws {
    let plan = try BuildPlan(parsing: Self.json)
    #expect(try JSONDecoder().decode(BuildPlan.self, from: JSONEncoder().encode(plan)) == plan)
  }

  @Test(arguments: [
    ("", SoftwareError.noJSON), ("I won't.", .noJSON), ("{}", .noJSON),
    (String(json.dropLast(3)), .jsonCutOff), ("{\"tasks\": [{\"title\": \"a", .jsonCutOff),
    (json.replacing("To-do list", with: ""), .badValue("The plan has no “title”.")),
    (#"{"title": "a", "tasks": [], "files": []}"#, .badValue("The plan has no “tasks”.")),
  ])
  func sayWhatIsWrong(text: String, error: SoftwareError) {
    #expect(throws: error) { try BuildPlan(parsing: text) }
  }

  @Test(arguments: ["../todo.py", "/todo.py", ".git/hooks/post-checkout", "Todo.PY", "todo.py/a"])
  func haveNoPathThatCannotBeWritten(path: String) {
    #expect(throws: SoftwareError.self) {
      try BuildPlan(parsing: Self.json.replacing("\"test_todo.py\"", with: "\"\(path)\""))
    }
  }

  @Test func connectFilesAndTasks() throws {
    let text = Self.json.replacing("[\"todo.py\", \"test_todo.py\"]", with: "[\"main.py\"]")
    let plan = try BuildPlan(parsing: text)
    #expect(plan.files.map(\.path.text) == ["todo.py", "test_todo.py", "main.py"])
    #expect(plan.tasks[0].files.map(\.text) == ["main.py", "test_todo.py"])
  }

  @Test func areBounded() throws {
    func plan(files: Int, tasks: Int) -> String {
      let files = (0..<files).map { "{\"path\": \"f\($0).py\", \"lines\": 99999999999999999999}" }
      let tasks = (0..<tasks).map { "{\"title\": \"t\($0)\", \"files\": [\"f0.py\"]}" }
      return """
        {"title": "\(String(repeating: "long ", count: 100))",
         "files": [\(files.joined(separator: ","))], "tasks": [\(tasks.joined(separator: ","))]}
        """
    }
    let most = try BuildPlan(parsing: plan(files: 60, tasks: 20))
    #expect(most.title.count <= 80)
    #expect(most.files.allSatisfy { 1...1_500 ~= $0.lines })
    #expect(throws: SoftwareError.self) { try BuildPlan(parsing: plan(files: 61, tasks: 20)) }
    #expect(throws: SoftwareError.self) { try BuildPlan(parsing: plan(files: 60, tasks: 21)) }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: SoftwareError.noJSON) { try BuildPlan(parsing: "{\"tasks\": \(deep)") }
  }

  @Test func showNothingThatDisturbsAScreen() throws {
    let text = Self.json.replacing("To-do list", with: "A\u{202E}B\u{1B}[2J\\u0007C\\u202ED")
    let plan = try BuildPlan(parsing: text)
    #expect(plan.title == "A B [2J C D")
    let command = Self.json.replacing("python3 -m unittest", with: "a\\nb `c` ``d``")
    let list = try BuildPlan(parsing: command).taskList()
    #expect(list.contains("``` a b `c` ``d`` ```"))
  }

  @Test func readWell() throws {
    let plan = try BuildPlan(parsing: Self.json)
    #expect(
      plan.markdown == """
        ## To-do list

        Keeps a list.

        **Made with:** python3

        ### Files

        - `todo.py`: the program
        - `test_todo.py`: its tests

        ### Tasks

        - [ ] **Add**: adds\\
          Check: `python3 -m unittest`
        - [ ] **List**: lists\\
          Check: `python3 todo.py`
        """)
    #expect(
      plan.taskList(done: [0], open: [1], checks: false)
        == "- [x] **Add**: adds\n- [ ] **List** (left open): lists")
  }

  @Test func tellHowMuchIsWritten() throws {
    let plan = try BuildPlan(parsing: Self.json)
    #expect(plan.expectedOutputTokens(task: 0) == 200 + 90 * 12)
    // A file that is there is changed, not written again.
    #expect(plan.expectedOutputTokens(task: 1) == 200 + 60 * 4)
    #expect(
      plan.expectedOutputTokens(task: 0, existing: [try ProjectPath("todo.py")])
        == 200 + 60 * 4 + 30 * 12)
    #expect(plan.expectedOutputTokens(task: 2) == 0)
  }

  @Test func ofAChangeKnowTheFilesThatStay() throws {
    let earlier = try BuildPlan(parsing: Self.json)
    let change = try BuildPlan(
      parsing: """
        {"title": "To-do list", "files": [{"path": "todo.py", "purpose": "more", "lines": 90},
          {"path": "new.py", "lines": 5}],
         "tasks": [{"title": "t", "files": ["todo.py", "new.py"]}]}
        """)
    let plan = change.keepingFiles(of: earlier)
    #expect(plan.files.map(\.path.text) == ["todo.py", "new.py", "test_todo.py"])
    #expect(plan.files[0].purpose == "more")
    #expect(plan.tasks == change.tasks)
  }

  // MARK: - Questions, decisions, reviews

  @Test func beginWithQuestionsOrNone() throws {
    let question = #"{"text": "Who?", "answers": ["me", "me", "us", 3, "d", "e", ""]}"#
    let many = Array(repeating: question, count: 6).joined(separator: ",")
    let questions = try PlanQuestions(parsing: "{\"questions\": [\(many)]}").questions
    #expect(questions.count == 4)
    #expect(questions[0].text == "Who?")
    #expect(questions[0].answers == ["me", "us", "3"])
    #expect(try PlanQuestions(parsing: #"{"questions": []}"#).questions.isEmpty)
    #expect(throws: SoftwareError.self) { try PlanQuestions(parsing: #"{"questions": 3}"#) }
    #expect(throws: SoftwareError.noJSON) { try PlanQuestions(parsing: "No questions.") }
  }

  @Test func areDecidedAboutAfterAFailure() throws {
    #expect(
      try FailureDecision(
        parsing: #"{"decision": "another_way", "words": "Use a dict.", "command": ""}"#)
        == .anotherWay("Use a dict.", command: nil))
    #expect(
      try FailureDecision(
        parsing: #"{"decision": "another_way", "words": "x", "command": "python3 a.py"}"#)
        == .anotherWay("x", command: "python3 a.py"))
    #expect(
      try FailureDecision(parsing: #"{"decision": "leave_open", "words": "Too much."}"#)
        == .leaveOpen("Too much."))
    #expect(throws: SoftwareError.self) {
      try FailureDecision(parsing: #"{"decision": "give_up", "words": "x"}"#)
    }
    #expect(throws: SoftwareError.self) {
      try FailureDecision(parsing: #"{"decision": "another_way", "words": ""}"#)
    }
  }

  @Test func areReviewedAtTheEnd() throws {
    #expect(
      try PlanReview(parsing: #"{"approved": true, "findings": ["x"], "summary": "Good."}"#)
        == PlanReview(isApproved: true, findings: [], summary: "Good."))
    let findings = (1...7).map { "\"f\($0)\"" }.joined(separator: ",")
    #expect(
      try PlanReview(parsing: "{\"approved\": false, \"findings\": [\(findings)]}").findings
        == ["f1", "f2", "f3", "f4", "f5"])
    #expect(throws: SoftwareError.self) { try PlanReview(parsing: #"{"approved": false}"#) }
    #expect(throws: SoftwareError.self) { try PlanReview(parsing: #"{"approved": "yes"}"#) }
  }

  @Test(arguments: [
    PlanQuestions.schema, BuildPlan.schema, FailureDecision.schema, PlanReview.schema,
  ])
  func haveSchemasOfTheCommonPart(schema: String) throws {
    let words: Set = ["type", "properties", "items", "required", "enum", "additionalProperties"]
    func check(_ value: Any) throws {
      let object = try #require(value as? [String: Any])
      #expect(words.isSuperset(of: object.keys))
      if let properties = object["properties"] as? [String: Any] {
        // Strict mode wants each property required, and no other.
        #expect(Set(object["required"] as? [String] ?? []) == Set(properties.keys))
        #expect(object["additionalProperties"] as? Bool == false)
        for property in properties.values { try check(property) }
      }
      if let items = object["items"] { try check(items) }
    }
    try check(try JSONSerialization.jsonObject(with: Data(schema.utf8)))
  }
}
