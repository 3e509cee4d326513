import LanguageModels
package import Metering

/// Which models are offered for which type of task.
package struct ModelAssignment: Sendable, Equatable {
  /// None is empty.
  private let models: [TaskType: [ModelID]]

  /// - Parameter models: For each type of task one or more; the first works for whoever has chosen
  ///   none.
  package init(_ models: [TaskType: [ModelID]]) {
    self.models = models
  }

  package init(chat: ModelID, planning: ModelID, coding: ModelID, verification: ModelID) {
    self.init([
      .chat: [chat], .planning: [planning], .coding: [coding], .verification: [verification],
    ])
  }

  /// The same, with another model in place of those that `replace` names one for.
  package func replacing(_ replace: (ModelID) -> ModelID?) -> ModelAssignment {
    ModelAssignment(
      models.mapValues { offered in
        var unique: [ModelID] = []
        for model in offered.map({ replace($0) ?? $0 }) where !unique.contains(model) {
          unique.append(model)
        }
        return unique
      })
  }

  /// The default one.
  package subscript(task: TaskType) -> ModelID { offered(for: task)[0] }

  package func offered(for task: TaskType) -> [ModelID] {
    guard let models = models[task], !models.isEmpty else {
      preconditionFailure("a task without a model")
    }
    return models
  }

  package var all: Set<ModelID> { Set(models.values.joined()) }
}
