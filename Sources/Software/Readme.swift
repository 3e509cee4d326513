/// The README of a project whose model has written none.
package enum Readme {
  package static let path = "README.md"

  /// Whether the model has written none, in whatever case.
  package static func isMissing(in files: ProjectFiles) -> Bool {
    !files.paths.contains { ProjectPath.key($0.text) == ProjectPath.key(path) }
  }

  /// - Parameters:
  ///   - open: The titles of tasks that were left open.
  ///   - wasRun: Whether the commands could be run here.
  package static func text(
    of plan: BuildPlan, open: [String] = [], wasRun: Bool
  ) -> String {
    var parts = ["# \(plan.title)"]
    if !plan.purpose.isEmpty { parts.append(plan.purpose) }
    if !plan.stack.isEmpty { parts.append("Made with \(plan.stack.joined(separator: ", ")).") }
    parts.append(section("How to run it", plan.runCommand))
    parts.append(section("How to test it", plan.testCommand))
    let files = plan.files.map { file in
      "- \(file.path.text.asCode)" + (file.purpose.isEmpty ? "" : ": \(file.purpose)")
    }
    parts.append("## Files\n\n" + files.joined(separator: "\n"))
    if !open.isEmpty {
      let items = open.map { "- \($0)" }.joined(separator: "\n")
      parts.append("## What is open\n\n" + items)
    }
    if !wasRun {
      parts.append("Where this was built, nothing could be run: it was delivered untested.")
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
  }

  private static func section(_ title: String, _ command: String) -> String {
    guard !command.isEmpty else { return "" }
    let fence = String(repeating: "`", count: max(3, command.longestRun(of: "`") + 1))
    return "## \(title)\n\n\(fence)sh\n\(command)\n\(fence)"
  }
}
