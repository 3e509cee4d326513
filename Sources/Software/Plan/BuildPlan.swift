import JSONReading

/// What is built, and how: the files with the names that they share, and the tasks in order.
///
/// Every text in it was written by a model: it is bounded, on one line where it is shown in one,
/// and without what could disturb a screen. A command is a line for the shell of the workshop
/// alone.
package struct BuildPlan: Codable, Equatable, Sendable {
  package struct PlannedFile: Codable, Equatable, Sendable {
    package var path: ProjectPath
    package var purpose: String
    /// What other files use of it, or people: functions, classes, ids.
    package var names: [String]
    package var lines: Int

    package init(path: ProjectPath, purpose: String, names: [String] = [], lines: Int) {
      (self.path, self.purpose, self.names, self.lines) = (path, purpose, names, lines)
    }
  }

  package struct PlannedTask: Codable, Equatable, Sendable {
    package var title: String
    /// What it makes or changes.
    package var files: [ProjectPath]
    /// What is true at its end.
    package var outcome: String
    /// How that is checked; empty where nothing can be run.
    package var command: String

    package init(title: String, files: [ProjectPath], outcome: String, command: String) {
      (self.title, self.files, self.outcome, self.command) = (title, files, outcome, command)
    }
  }

  /// A build of more is better divided into several.
  package static let maximumFiles = 60
  package static let maximumTasks = 20
  /// Of one file: what a model writes at once, within `ProjectFiles.maximumFileBytes`.
  package static let maximumLines = 1_500

  package var title: String
  package var purpose: String
  package var stack: [String]
  package var files: [PlannedFile]
  package var tasks: [PlannedTask]
  /// For the README: how people run it and test it.
  package var runCommand: String
  package var testCommand: String

  package init(
    title: String, purpose: String, stack: [String], files: [PlannedFile], tasks: [PlannedTask],
    runCommand: String, testCommand: String
  ) {
    (self.title, self.purpose, self.stack) = (title, purpose, stack)
    (self.files, self.tasks) = (files, tasks)
    (self.runCommand, self.testCommand) = (runCommand, testCommand)
  }
}

// MARK: - From a model

extension BuildPlan {
  /// - Throws: What has to be put right: no plan, a path that cannot be written, too many of
  ///   something. What can be put right without asking is: a file that no task makes goes to the
  ///   first, and one that only a task names is planned.
  package init(parsing text: String) throws(SoftwareError) {
    let object = try JSONAnswer(text).object
    title = object.line("title", upTo: 80)
    purpose = object.paragraphs("purpose", upTo: 600)
    stack = object.lines("stack", count: 8, upTo: 60)
    runCommand = object.line("run_command", upTo: 300)
    testCommand = object.line("test_command", upTo: 300)
    files = try Self.files(of: object)
    tasks = try Self.tasks(of: object)
    guard !title.isEmpty else { throw .badValue("The plan has no “title”.") }
    try connect()
  }

  private static func files(of object: JSONObject) throws(SoftwareError) -> [PlannedFile] {
    var files: [PlannedFile] = []
    for file in object.objects("files") {
      let path = try ProjectPath(file.line("path", upTo: ProjectPath.maximumBytes))
      guard !files.contains(where: { $0.path == path }) else { continue }
      files.append(
        PlannedFile(
          path: path, purpose: file.line("purpose", upTo: 200),
          names: file.lines("names", count: 20, upTo: 120),
          lines: min(max(file["lines"]?.integer ?? usualLines, 1), maximumLines)))
    }
    return files
  }

  /// Of a file whose length the plan does not say.
  private static let usualLines = 80

  private static func tasks(of object: JSONObject) throws(SoftwareError) -> [PlannedTask] {
    var tasks: [PlannedTask] = []
    for task in object.objects("tasks") {
      var paths: [ProjectPath] = []
      for text in task.lines("files", count: maximumFiles, upTo: ProjectPath.maximumBytes) {
        let path = try ProjectPath(text)
        if !paths.contains(path) { paths.append(path) }
      }
      let outcome = task.line("outcome", upTo: 400)
      let title = task.line("title", upTo: 120)
      guard !title.isEmpty || !outcome.isEmpty else { continue }
      tasks.append(
        PlannedTask(
          title: title.isEmpty ? outcome.line(upTo: 120) : title, files: paths, outcome: outcome,
          command: task.line("command", upTo: 300)))
    }
    return tasks
  }

  /// Sees to it that tasks and files fit each other.
  private mutating func connect() throws(SoftwareError) {
    guard !tasks.isEmpty else { throw .badValue("The plan has no “tasks”.") }
    guard tasks.count <= Self.maximumTasks else {
      throw .badValue("The plan has more than \(Self.maximumTasks) tasks. Join some of them.")
    }
    for path in tasks.flatMap(\.files) where !files.contains(where: { $0.path == path }) {
      files.append(PlannedFile(path: path, purpose: "", lines: Self.usualLines))
    }
    guard !files.isEmpty else { throw .badValue("The plan has no “files”.") }
    guard files.count <= Self.maximumFiles else {
      throw .badValue("The plan has more than \(Self.maximumFiles) files. Plan a smaller program.")
    }
    let made = Set(tasks.flatMap(\.files))
    tasks[0].files += files.map(\.path).filter { !made.contains($0) }
    try ProjectFiles.checkTogether(files.map(\.path).sorted())
  }

  /// JSON Schema, in the part of it that Gemini and OpenRouter both take.
  package static let schema = """
    {"type":"object","properties":{"title":{"type":"string"},"purpose":{"type":"string"},\
    "stack":{"type":"array","items":{"type":"string"}},\
    "files":{"type":"array","items":{"type":"object","properties":{"path":{"type":"string"},\
    "purpose":{"type":"string"},"names":{"type":"array","items":{"type":"string"}},\
    "lines":{"type":"integer"}},"required":["path","purpose","names","lines"],\
    "additionalProperties":false}},\
    "tasks":{"type":"array","items":{"type":"object","properties":{"title":{"type":"string"},\
    "files":{"type":"array","items":{"type":"string"}},"outcome":{"type":"string"},\
    "command":{"type":"string"}},"required":["title","files","outcome","command"],\
    "additionalProperties":false}},\
    "run_command":{"type":"string"},"test_command":{"type":"string"}},\
    "required":["title","purpose","stack","files","tasks","run_command","test_command"],\
    "additionalProperties":false}
    """
}

// MARK: - Changed and measured

extension BuildPlan {
  /// The plan of a change, which knows the purposes and names of the files that it leaves alone.
  package func keepingFiles(of earlier: BuildPlan) -> BuildPlan {
    var plan = self
    let kept = earlier.files.filter { file in
      !files.contains { ProjectPath.key($0.path.text) == ProjectPath.key(file.path.text) }
    }
    let all = plan.files + kept.prefix(Self.maximumFiles - min(plan.files.count, Self.maximumFiles))
    // A file where a folder was is seen when it is written.
    plan.files = all
    return plan
  }

  /// Without commands, where nothing can be run.
  package var withoutChecks: BuildPlan {
    var plan = self
    for index in plan.tasks.indices { plan.tasks[index].command = "" }
    return plan
  }

  /// About how many tokens a model writes for a task: new files whole, of others a third.
  ///
  /// - Parameter existing: What the project has before the first task.
  package func expectedOutputTokens(
    task index: Int, existing: Set<ProjectPath> = []
  ) -> Int {
    guard tasks.indices.contains(index) else { return 0 }
    let before = existing.union(tasks[..<index].flatMap(\.files))
    let lines = Dictionary(files.map { ($0.path, $0.lines) }) { first, _ in first }
    return tasks[index].files.reduce(Self.tokensBesideFiles) { sum, path in
      let tokens = (lines[path] ?? Self.usualLines) * Self.tokensOfLine
      return sum + (before.contains(path) ? tokens / 3 : tokens)
    }
  }

  /// Of a line of code: some 40 characters with its indentation.
  private static let tokensOfLine = 12
  /// The note, paths and fences.
  private static let tokensBesideFiles = 200
}
