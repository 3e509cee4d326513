package import Foundation
import GRDB
package import Ledger
package import Metering

/// How a person wants to be answered: `/settings` and `/model`. Whoever has said nothing has the
/// defaults.
package struct Preferences: Sendable, Equatable {
  package enum AnswerLength: String, Sendable, CaseIterable {
    case short, normal, long
  }

  /// How much a model thinks before it answers, if it takes a bound for that.
  package enum Effort: String, Sendable, CaseIterable {
    case low, normal, high
  }

  /// What the person wants to spend in a day at most, in UTC.
  package struct DailyLimit: Sendable, Equatable {
    /// `nil` for none.
    package var today: Credits?
    /// What follows it from that day on, if it was raised or removed.
    package var next: Next?

    package struct Next: Sendable, Equatable {
      package var amount: Credits?
      /// The first moment of a day in UTC.
      package var from: Date
    }

    package init(today: Credits? = nil, next: Next? = nil) {
      self.today = today
      self.next = next
    }

    /// Sets it: at once where that lowers it, else from the next day on, so that nobody spends more
    /// in a day than they had decided.
    package mutating func change(to amount: Credits?, at now: Date) {
      guard let today else {
        self = DailyLimit(today: amount)
        return
      }
      if let amount, amount <= today {
        self = DailyLimit(today: amount)
      } else {
        next = Next(amount: amount, from: now.startOfUTCDay.addingTimeInterval(.day))
      }
    }

    /// As it stands at that time.
    func standing(at now: Date) -> DailyLimit {
      guard let next, next.from <= now else { return self }
      return DailyLimit(today: next.amount)
    }
  }

  /// Whether answers end with what they cost.
  package var showsCost = true
  package var answerLength = AnswerLength.normal
  package var effort = Effort.normal
  /// Whether an answer is shown while it grows.
  package var streams = true
  package var limit = DailyLimit()
  package var models: [TaskType: ModelID] = [:]

  package init() {}

  /// - Parameter userID: The account's.
  package static func of(_ userID: Int64, in tx: LedgerTransaction) throws -> Preferences {
    var preferences = Preferences()
    let statement = try tx.db.cachedStatement(sql: "SELECT * FROM preferences WHERE user_id = ?")
    if let row = try Row.fetchOne(statement, arguments: [userID]) {
      preferences.showsCost = row["shows_cost"]
      preferences.answerLength = AnswerLength(rawValue: row["answer_length"]) ?? .normal
      preferences.effort = Effort(rawValue: row["effort"]) ?? .normal
      preferences.streams = row["streams"]
      let from: Date? = row["next_limit_from"]
      let next = from.map { DailyLimit.Next(amount: row["next_limit_micro"], from: $0) }
      preferences.limit = DailyLimit(today: row["daily_limit_micro"], next: next)
        .standing(at: tx.now)
    }
    let chosen = try Row.fetchAll(
      tx.db.cachedStatement(
        sql: "SELECT task_type, model_provider, model_name FROM chosen_models WHERE user_id = ?"),
      arguments: [userID])
    for row in chosen {
      guard let task = TaskType(rawValue: row["task_type"]) else { continue }
      preferences.models[task] = ModelID(
        provider: ModelProvider(rawValue: row["model_provider"]), name: row["model_name"])
    }
    return preferences
  }

  /// Keeps them, and which models were chosen.
  package func keep(of userID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run(
      """
      INSERT OR REPLACE INTO preferences (user_id, shows_cost, answer_length, effort, streams,
        daily_limit_micro, next_limit_micro, next_limit_from)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        userID, showsCost, answerLength.rawValue, effort.rawValue, streams, limit.today,
        limit.next?.amount, limit.next?.from.databaseText,
      ])
    try tx.db.run("DELETE FROM chosen_models WHERE user_id = ?", [userID])
    for (task, model) in models {
      try tx.db.run(
        """
        INSERT INTO chosen_models (user_id, task_type, model_provider, model_name)
        VALUES (?, ?, ?, ?)
        """, [userID, task.rawValue, model.provider.rawValue, model.name])
    }
  }

  /// Forgets the model that was chosen for such work, unless another was chosen meanwhile.
  static func forgetModel(
    for task: TaskType, choice model: ModelID, of userID: Int64, in tx: LedgerTransaction
  ) throws {
    try tx.db.run(
      """
      DELETE FROM chosen_models
      WHERE user_id = ? AND task_type = ? AND model_provider = ? AND model_name = ?
      """, [userID, task.rawValue, model.provider.rawValue, model.name])
  }

  package static func erase(_ userID: Int64, in tx: LedgerTransaction) throws {
    try tx.db.run("DELETE FROM preferences WHERE user_id = ?", [userID])
    try tx.db.run("DELETE FROM chosen_models WHERE user_id = ?", [userID])
  }
}
