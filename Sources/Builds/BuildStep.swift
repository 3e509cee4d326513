package import Foundation
package import GRDB

/// One step of a build: a row of `build_steps`. What it brought is kept with it, so that the next
/// step follows from the rows alone.
package struct BuildStep: Sendable, Equatable {
  package enum Kind: String, Sendable, DatabaseValueConvertible {
    /// What the planner needs to know.
    case questions
    case plan
    /// The plan as the person wants it instead.
    case change
    /// What was no plan, once more, for free.
    case planRepair = "plan_repair"
    /// The files of a task.
    case write
    /// The command of a task in the workshop.
    case check
    /// What failed, mended.
    case repair
    /// What the look at the whole has found, mended.
    case mend
    /// Whether there is another way.
    case decision
    /// The end of a task.
    case taskEnd = "task_end"
    /// A look at the whole.
    case review
    /// The person's word that it goes on, from which its tries are counted anew.
    case goOn = "go_on"
  }

  package enum State: String, Sendable, DatabaseValueConvertible {
    case begun
    case done
    /// It brought nothing.
    case failed
    /// The process ended meanwhile.
    case cutOff = "cut_off"
  }

  package var buildID: String
  package var number: Int
  package var kind: Kind
  package var task: Int
  package var round: Int
  package var state: State
  package var holdID: String?
  /// What the model said of it; how the command ended, on a line, and what it printed; or the
  /// answer that could not be used.
  package var outcome: String
  /// Whether a check has passed, or an answer could be used.
  package var passed: Bool
  package var createdAt: Date

  /// Names it in the ledger.
  package var work: String { Self.work(buildID, number) }

  static func work(_ buildID: String, _ number: Int) -> String { "build:\(buildID):\(number)" }

  /// In UTF-8 bytes.
  static let longestOutcome = 65_536
}

extension BuildStep: FetchableRecord {
  package init(row: Row) {
    buildID = row["build_id"]
    number = row["number"]
    kind = row["kind"]
    task = row["task"]
    round = row["round"]
    state = row["state"]
    holdID = row["hold_id"]
    outcome = row["outcome"]
    passed = row["passed"]
    createdAt = row["created_at"]
  }
}

/// How a task has ended.
package enum TaskEnd: String, Sendable {
  /// Its command has passed.
  case done
  /// Nothing could be run.
  case unchecked
  case leftOpen = "left_open"
}
