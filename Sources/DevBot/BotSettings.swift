package import Ledger

/// What an operator decides about the bot, apart from how to reach others.
package struct BotSettings: Sendable {
  package var models: ModelAssignment
  package var terms: BillingTerms
  package var initialGrant: Credits
  package var sendRates: OutboxSender.Rates
  /// Telegram user ids of those who are told what needs a look.
  package var administrators: [Int64]

  package init(
    models: ModelAssignment, terms: BillingTerms, initialGrant: Credits,
    sendRates: OutboxSender.Rates, administrators: [Int64] = []
  ) {
    self.models = models
    self.terms = terms
    self.initialGrant = initialGrant
    self.sendRates = sendRates
    self.administrators = administrators
  }
}
