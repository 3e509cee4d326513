package import Commands
import Messaging

/// Which messages lines are that are at the console at once: a pasted text is one, and so is a
/// command with the text that it takes.
package struct ConsoleLines: Sendable {
  private let commands: CommandList

  package init(_ commands: CommandList) {
    self.commands = commands
  }

  /// One line at least makes one message at least.
  package func messages(_ lines: [String]) -> [String] {
    var messages: [[String]] = []
    var isOpen = false
    for (index, line) in lines.enumerated() {
      let kind = kind(of: line, isLast: index == lines.count - 1)
      if isOpen, kind == .words {
        messages[messages.count - 1].append(line)
      } else {
        messages.append([line])
        isOpen = kind != .whole
      }
    }
    return messages.map { $0.joined(separator: "\n") }
  }

  private enum Kind {
    /// A message of its own.
    case whole
    /// Begins one that takes more lines.
    case beginning
    /// Goes on with what has begun, or begins a question.
    case words
  }

  private func kind(of line: String, isLast: Bool) -> Kind {
    let text = line[...].trimmed
    if text.wholeMatch(of: /#\d+/) != nil { return .whole }
    // In the midst of a text, it may be a part of it.
    if isLast, ConsoleWord(text) == .exit { return .whole }
    guard let name = BotCommandText(text)?.name,
      let command = commands.named(name, isAdministrator: false)
    else { return .words }
    return command.takesLines ? .beginning : .whole
  }
}

/// What people type at whatever program has a prompt.
enum ConsoleWord {
  case exit, help

  init?(_ text: String) {
    switch text.lowercased() {
    case "exit", "quit", "exit;", "quit;", "exit()", "quit()", "/exit", "/quit": self = .exit
    case "help", "help;", "?": self = .help
    default: return nil
    }
  }
}
