import LanguageModels
package import Metering

/// Which model does which type of task.
package struct ModelAssignment: Sendable, Equatable {
  private let models: [TaskType: ModelID]

  package init(chat: ModelID, planning: ModelID, coding: ModelID, verification: ModelID) {
    models = [.chat: chat, .planning: planning, .coding: coding, .verification: verification]
  }

  /// The same, with another model in place of those that `replace` names one for.
  package func replacing(_ replace: (ModelID) -> ModelID?) -> ModelAssignment {
    func model(_ task: TaskType) -> ModelID { replace(self[task]) ?? self[task] }
    return ModelAssignment(
      chat: model(.chat), planning: model(.planning), coding: model(.coding),
      verification: model(.verification))
  }

  package subscript(task: TaskType) -> ModelID {
    guard let model = models[task] else { preconditionFailure("a task without a model") }
    return model
  }
}
