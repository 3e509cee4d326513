/// A small program that the demo knows how to build: what the models of a build would answer in
/// each of its steps, stored. All else of a build is real: its holds, its files, its commands.
struct DemoStory: Sendable {
  /// What one task makes.
  struct Task: Sendable {
    /// What the coding model says of it.
    var note: String
    /// Whole files, as they are right.
    var files: [(path: String, text: String)] = []
    /// Changes of files that are there.
    var edits: [Edit] = []
    /// A mistake that is made in one of the files, so that the task's command finds it.
    var mistake: Mistake?
  }

  struct Edit: Sendable {
    var path: String
    var search: String
    var replace: String
  }

  struct Mistake: Sendable {
    var path: String
    /// A line, in place of which stands another.
    var right: String
    var wrong: String
    /// What the coding model says once it has seen the command fail.
    var note: String
  }

  /// Also the plan's, by which later steps know the story.
  var title: String
  /// Words of an idea that is near to it.
  var words: [String]
  var questions: String
  /// JSON, in which `{demo}` is where it is said that this is the demo.
  var plan: String
  var tasks: [Task]
  var summary: String
}

extension DemoStory {
  static let all = [toDoList, wordCounter, page]

  /// The nearest to an idea; the first one, if none is near.
  static func nearest(to idea: String) -> DemoStory {
    let said = Set(idea.lowercased().split { !$0.isLetter }.map(String.init))
    let scored = all.map { story in (story, story.words.count(where: said.contains)) }
    return scored.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil } ?? toDoList
  }

  static let demo = """
    This is the demo: no model has thought about your idea, so it builds one of a few small \
    programs that it knows by heart.
    """

  /// - Parameter isRun: Whether commands are run; without them, nobody would find a mistake.
  func plan(isRun: Bool) -> String {
    let plan = plan.replacing("{demo}", with: Self.demo)
    return isRun ? plan : plan.replacing(/"command": "[^"]*"/, with: #""command": """#)
  }

  var review: String {
    """
    {"approved": true, "findings": [],
     "summary": "\(summary) This was the demo: the answers were stored, all else was real."}
    """
  }

  /// - Parameter hasMistake: Whether it is made.
  func answer(toTask index: Int, hasMistake: Bool) -> String {
    guard tasks.indices.contains(index) else { return "There is no such task in the demo." }
    let task = tasks[index]
    let files = task.files.map { path, text in
      var text = text
      if hasMistake, let mistake = task.mistake, mistake.path == path {
        text = text.replacing(mistake.right, with: mistake.wrong)
      }
      return "\(path)\n````\n\(text)\n````"
    }
    let parts = [task.note] + files + task.edits.map(\.block)
    return parts.joined(separator: "\n\n")
  }

  func repair(ofTask index: Int) -> String {
    guard tasks.indices.contains(index), let mistake = tasks[index].mistake else {
      return "The demo knows no way to mend that."
    }
    let edit = Edit(path: mistake.path, search: mistake.wrong, replace: mistake.right)
    return "\(mistake.note)\n\n\(edit.block)"
  }

  /// The change of a project that is there: the demo has read no wishes, and says so in a file.
  static func change(of title: String) -> DemoStory {
    DemoStory(
      title: "\(title)\(changed)", words: [], questions: "",
      plan: """
        {"title": "\(title)\(changed)", "purpose": "{demo} The change is a file that says so.",
         "stack": ["plain files"],
         "files": [{"path": "NOTES.md", "purpose": "what the demo did", "names": [], "lines": 5}],
         "tasks": [{"title": "Write a note", "files": ["NOTES.md"],
           "outcome": "NOTES.md is there", "command": "test -s NOTES.md"}],
         "run_command": "", "test_command": ""}
        """,
      tasks: [
        Task(
          note: "I wrote down what the demo does with wishes.",
          files: [
            (
              "NOTES.md",
              """
              # Notes

              The demo has read no wishes. A real model would have changed the program now.
              """
            )
          ])
      ],
      summary: "A note was added to the project.")
  }

  static let changed = ", changed"
}

extension DemoStory.Edit {
  fileprivate var block: String {
    "\(path)\n<<<<<<< SEARCH\n\(search)\n=======\n\(replace)\n>>>>>>> REPLACE"
  }
}
