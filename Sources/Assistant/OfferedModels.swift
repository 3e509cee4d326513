package import LanguageModels
package import Ledger
package import Metering

/// The models that people may choose from, as far as they can be called and sold.
package struct OfferedModels: Sendable {
  private let models: ModelAssignment
  private let llm: LLMClient

  package init(_ models: ModelAssignment, llm: LLMClient) {
    self.models = models
    self.llm = llm
  }

  /// In the operator's order; none if nothing can be sold for that work.
  package func all(for task: TaskType, in tx: LedgerTransaction) throws -> [ModelID] {
    try models.offered(for: task).filter { try isAvailable($0, in: tx) }
  }

  /// Whichever works for a person, and the one in whose place it does, chosen or the default, if
  /// that is gone.
  /// Where nothing can be sold, it is the default all the same, for whoever says why not.
  package func model(
    for task: TaskType, _ preferences: Preferences, in tx: LedgerTransaction
  ) throws -> (model: ModelID, inPlaceOf: ModelID?) {
    let chosen = preferences.models[task] ?? models[task]
    let available = try all(for: task, in: tx)
    guard !available.contains(chosen) else { return (chosen, nil) }
    let other = available.first ?? models[task]
    return (other, chosen == other ? nil : chosen)
  }

  package func takesThinkingBudget(_ model: ModelID) -> Bool { llm.takesThinkingBudget(model) }

  private func isAvailable(_ model: ModelID, in tx: LedgerTransaction) throws -> Bool {
    try llm.canCall(model.provider) && tx.pricing.whyNotSold(model) == nil
  }
}
