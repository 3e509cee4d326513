package import Assistant
package import Builds
package import Commands
package import Messaging
package import Sales
package import TelegramBotAPI

extension UpdateHandler {
  /// What an update handler needs. A class, as each update under way refers to it many times.
  package final class Environment: Sendable {
    package let writer: LedgerWriter
    package let inbox: Inbox
    package let outbox: Outbox
    package let commands: CommandList
    package let orchestrator: ModelOrchestrator
    package let payments: PaymentHandler
    package let desk: BuildDesk
    /// The bot's own account.
    package let bot: User
    /// Telegram user ids.
    package let administrators: [Int64]
    package let alerts: OperatorAlerts
    /// How often whoever has no account gets the same reply.
    package let repliesToStrangers: RateOfPerson

    package init(
      writer: LedgerWriter, inbox: Inbox, outbox: Outbox, commands: CommandList,
      orchestrator: ModelOrchestrator, payments: PaymentHandler, desk: BuildDesk, bot: User,
      administrators: [Int64],
      alerts: OperatorAlerts, repliesToStrangers: RateOfPerson
    ) {
      self.writer = writer
      self.inbox = inbox
      self.outbox = outbox
      self.commands = commands
      self.orchestrator = orchestrator
      self.payments = payments
      self.desk = desk
      self.bot = bot
      self.administrators = administrators
      self.alerts = alerts
      self.repliesToStrangers = repliesToStrangers
    }
  }
}
