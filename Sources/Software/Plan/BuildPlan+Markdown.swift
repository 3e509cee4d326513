extension BuildPlan {
  /// For people: what it is, of what, and the tasks.
  package var markdown: String {
    var parts = ["## \(title)"]
    if !purpose.isEmpty { parts.append(purpose) }
    if !stack.isEmpty { parts.append("**Made with:** \(stack.joined(separator: ", "))") }
    parts.append("### Files\n\n" + files.map(\.item).joined(separator: "\n"))
    parts.append("### Tasks\n\n" + taskList())
    return parts.joined(separator: "\n\n")
  }

  /// The tasks as a list that is ticked off.
  ///
  /// - Parameters:
  ///   - done: By their index.
  ///   - open: Those that were left open, which is said.
  ///   - checks: Whether to say how each task is checked.
  package func taskList(
    done: Set<Int> = [], open: Set<Int> = [], checks: Bool = true
  ) -> String {
    tasks.indices.map { index in
      let task = tasks[index]
      var line = "- [\(done.contains(index) ? "x" : " ")] **\(task.title)**"
      if open.contains(index) { line += " (left open)" }
      if !task.outcome.isEmpty, task.outcome != task.title { line += ": \(task.outcome)" }
      if checks, !task.command.isEmpty { line += "\\\n  Check: \(task.command.asCode)" }
      return line
    }.joined(separator: "\n")
  }

  /// For models: all of it, the same to the byte each time.
  var text: String {
    let files = files.map { file in
      let names = file.names.isEmpty ? "" : "; shared names: \(file.names.joined(separator: ", "))"
      return "- \(file.path): \(file.purpose) (about \(file.lines) lines\(names))"
    }
    let tasks = tasks.enumerated().map { index, task in
      """
      \(index + 1). \(task.title)
         files: \(task.files.map(\.text).joined(separator: ", "))
         outcome: \(task.outcome)
         command: \(task.command.isEmpty ? "none" : task.command)
      """
    }
    return """
      Title: \(title)
      Purpose: \(purpose)
      Stack: \(stack.joined(separator: ", "))
      Files:
      \(files.joined(separator: "\n"))
      Tasks:
      \(tasks.joined(separator: "\n"))
      Run: \(runCommand)
      Test: \(testCommand)
      """
  }
}

extension BuildPlan.PlannedFile {
  fileprivate var item: String {
    "- \(path.text.asCode)" + (purpose.isEmpty ? "" : ": \(purpose)")
  }
}
