package import Assistant
package import Ledger
package import Messaging
package import Sales

/// What an operator decides about the bot, apart from how to reach others.
package struct BotSettings: Sendable {
  package var models: ModelAssignment
  package var terms: BillingTerms
  /// How the calls of a build are charged that mend what an earlier one got wrong.
  package var repairs: RepairTerms
  package var initialGrant: Credits
  /// How many people get it within 24 hours; `nil` for no limit.
  package var initialGrantsPerDay: Int?
  package var sendRates: OutboxDelivery.Rates
  package var store: Store
  package var texts: Texts
  package var promotions: Promotions
  /// How people see an answer grow.
  package var streaming: AnswerStreaming
  package var richMessages: RichMessages
  /// When people are told of their balance, or asked.
  package var notices: BalanceNotices
  /// Telegram user ids of those who may use the administrators' commands, and are told what needs a
  /// look.
  package var administrators: [Int64]

  /// What the bot says in the operator's own words; `nil` for its own.
  package struct Texts: Sendable, Equatable {
    package var paySupport: String?
    package var terms: String?
    package var privacy: String?

    package init(paySupport: String? = nil, terms: String? = nil, privacy: String? = nil) {
      self.paySupport = paySupport
      self.terms = terms
      self.privacy = privacy
    }
  }

  /// Both are off unless the operator wants them.
  package struct Promotions: Sendable, Equatable {
    package var codesAreTaken: Bool
    /// What both sides get for an invitation; zero for no invitations.
    package var referralCredits: Credits

    package init(codesAreTaken: Bool = false, referralCredits: Credits = .zero) {
      self.codesAreTaken = codesAreTaken
      self.referralCredits = referralCredits
    }
  }

  package init(
    models: ModelAssignment, terms: BillingTerms, repairs: RepairTerms = .atCost,
    initialGrant: Credits,
    initialGrantsPerDay: Int? = nil, sendRates: OutboxDelivery.Rates, store: Store,
    texts: Texts = Texts(),
    promotions: Promotions = Promotions(), streaming: AnswerStreaming = .edits,
    richMessages: RichMessages = .never,
    notices: BalanceNotices = BalanceNotices(),
    administrators: [Int64] = []
  ) {
    self.models = models
    self.terms = terms
    self.repairs = repairs
    self.initialGrant = initialGrant
    self.initialGrantsPerDay = initialGrantsPerDay
    self.sendRates = sendRates
    self.store = store
    self.texts = texts
    self.promotions = promotions
    self.streaming = streaming
    self.richMessages = richMessages
    self.notices = notices
    self.administrators = administrators
  }
}
