package import Messaging

/// What a newcomer may try with one tap. It is asked as if they had typed it, and costs the same.
package enum Trial: String, Sendable, CaseIterable {
  case question, plan, code

  private static let command = "try"

  /// `nil` for another button, or for what a modified client has made up.
  package init?(data: String) {
    let parts = data.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0] == Self.command else { return nil }
    self.init(rawValue: parts[1])
  }

  package var button: Button { Button(title, command: Self.command, argument: rawValue) }

  package var task: TaskType {
    switch self {
    case .question: .chat
    case .plan: .planning
    case .code: .coding
    }
  }

  private var title: String {
    switch self {
    case .question: "Ask: what is a database index?"
    case .plan: "Plan: a habit tracker"
    case .code: "Code: find duplicate files"
    }
  }

  package var words: String {
    switch self {
    case .question: "What is a database index, and when does it help? Explain it in a few words."
    case .plan: "A small habit tracker for the terminal that keeps its data in a file."
    case .code: "A short Python script that finds duplicate files in a folder by their content."
    }
  }
}
