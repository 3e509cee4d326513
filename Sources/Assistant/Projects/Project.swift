package import Foundation
package import GRDB
import Ledger

/// A piece of software that a person builds with the bot: a row of `projects`.
package struct Project: Sendable, Equatable {
  package enum Status: String, Sendable, DatabaseValueConvertible {
    case active
    case done
    /// What is built in it, and how far that is.
    case asking, planned, building, paused, delivered, stopped

    /// For people.
    package var words: String {
      switch self {
      case .active: "open"
      case .asking: "being planned"
      case .stopped: "ended"
      default: rawValue
      }
    }
  }

  package var id: String
  package var userID: Int64
  /// On one line, whatever a person has written: it stands in buttons, lists and instructions.
  package var title: String
  package var status: Status
  /// A Markdown task list, as the last plan or check left it.
  package var todo: String?
  package var createdAt: Date

  /// In UTF-16 units, as Telegram's limits are: it fits a button, the note over the chat, and the
  /// one message that a list of projects becomes when it is edited.
  package static let maximumTitleLength = 100
  /// Nobody works on more; a limit on what one account can make us keep.
  package static let maximumPerUser = 500
  /// How many a list shows; Telegram takes a hundred buttons at most.
  package static let listed = 30

  package var tasks: (done: Int, open: Int) {
    let list = TaskList(in: todo ?? "")
    return (list.done, list.open)
  }
}

extension Project: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    userID = row["user_id"]
    title = (row["title"] as String).onOneLine
    status = row["status"]
    todo = row["current_todo_markdown"]
    createdAt = row["created_at"]
  }
}

/// The Markdown task list in a text: its lines of the form `- [ ] open` and `- [x] done`.
package struct TaskList: Sendable, Equatable {
  package private(set) var markdown = ""
  package private(set) var done = 0
  package private(set) var open = 0

  /// In lines; a longer list is cut.
  private static let longest = 200

  package init(in text: String) {
    var lines: [Substring] = []
    for line in text.split(whereSeparator: \.isNewline) where lines.count < Self.longest {
      guard let match = line.firstMatch(of: /^\s*[-*+] \[([ xX])\] \S/) else { continue }
      lines.append(line)
      if match.1 == " " { open += 1 } else { done += 1 }
    }
    markdown = lines.joined(separator: "\n")
  }

  package var isEmpty: Bool { markdown.isEmpty }
}
