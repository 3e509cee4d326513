import Assistant
import GRDB
import Ledger
import Messaging

/// A command that hands what follows it to the model for one type of task.
protocol TextTaskCommand: Command {
  var task: TaskType { get }
  /// What to write after the command, as an example.
  var example: String { get }
}

extension TextTaskCommand {
  var isPaidWork: Bool { true }

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    _ = try request.account()
    guard !request.argument.isEmpty || request.replied != nil else {
      return .reply(
        Reply(
          """
          Tell me more after the command, for example:
          \(request.typed(name)) \(example)

          Or send \(request.typed(name)) as a reply to the message that it is about.
          """))
    }
    return .work(task, request.argument)
  }
}
