package import Ledger

/// Every command of the bot, in the order of `/help`.
package struct CommandList: Sendable {
  package let all: [any Command]

  package init(initialGrant: Credits, models: ModelAssignment) {
    let others: [any Command] = [
      StatusCommand(models: models),
      CreditsCommand(),
      PlanCommand(),
      CodeCommand(),
      VerifyCommand(),
      NewCommand(),
      ProjectsCommand(),
      DoneCommand(),
    ]
    let start = StartCommand(initialGrant: initialGrant)
    all = [start, HelpCommand(others: [start] + others)] + others
  }

  package func named(_ name: String) -> (any Command)? {
    all.first { $0.name == name }
  }
}
