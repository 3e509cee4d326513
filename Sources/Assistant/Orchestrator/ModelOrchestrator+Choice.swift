import LanguageModels
package import Ledger
package import Metering

/// How a person wants to be answered, and by whom.
extension ModelOrchestrator {
  struct Choice: Sendable {
    var preferences: Preferences
    var model: ModelID
    /// The one that the person has chosen, or the default, and that is gone.
    var inPlaceOf: ModelID?
  }

  func choice(
    for work: Work, of account: UserAccount, in tx: LedgerTransaction
  ) throws -> Choice {
    let preferences = try Preferences.of(account.id, in: tx)
    let offered = OfferedModels(environment.models, llm: environment.llm)
    let (model, inPlaceOf) = try offered.model(for: work.task, preferences, in: tx)
    return Choice(preferences: preferences, model: model, inPlaceOf: inPlaceOf)
  }

  /// Says with the answer of the model in its place that one is gone: once if the person had chosen
  /// it, and with each answer if it is the default, since the price is another.
  func noteOfMissingModel(_ call: PaidCall, in tx: LedgerTransaction) throws -> String? {
    guard let missing = call.choice.inPlaceOf else { return nil }
    try Preferences.forgetModel(
      for: call.work.task, choice: missing, of: call.account.id, in: tx)
    let absence = call.choice.preferences.absence(of: missing, for: call.work.task)
    return "\(absence), so \(call.choice.model) has answered; /model shows what there is."
  }

  /// As with an answer, for whoever says it of longer work.
  ///
  /// - Returns: That the model is gone in whose place that one works, if there is one.
  package func absence(
    replacedBy model: ModelID, for task: TaskType, ofAccount userID: Int64,
    in tx: LedgerTransaction
  ) throws -> String? {
    let preferences = try Preferences.of(userID, in: tx)
    guard let missing = try offered.model(for: task, preferences, in: tx).inPlaceOf,
      missing != model
    else { return nil }
    try Preferences.forgetModel(for: task, choice: missing, of: userID, in: tx)
    return preferences.absence(of: missing, for: task)
  }
}

extension Preferences {
  /// In words.
  fileprivate func absence(of missing: ModelID, for task: TaskType) -> String {
    "\(missing) is not \(models[task] == missing ? "offered any more" : "available right now")"
  }
}

extension Preferences.AnswerLength {
  /// As `TaskType.outputCap`. No model is asked for more than any is by default.
  func outputCap(for task: TaskType) -> Int {
    switch self {
    case .short: task.outputCap / 2
    case .normal: task.outputCap
    case .long: max(task.outputCap, TaskType.coding.outputCap)
    }
  }

  /// Added to those of the work.
  var instruction: String? {
    switch self {
    case .short: "The person wants short answers: the point, and no more than it needs."
    case .normal: nil
    case .long: "The person wants thorough answers: with reasons, examples and alternatives."
    }
  }
}

extension Preferences.Effort {
  /// As `TaskType.thinkingBudget`.
  func thinkingBudget(for task: TaskType) -> Int {
    switch self {
    // Some models take no smaller one.
    case .low: min(task.thinkingBudget, 1_024)
    case .normal: task.thinkingBudget
    case .high: task.thinkingBudget * 2
    }
  }
}
