import KillPoints
package import LanguageModels
package import Ledger
import Logging
package import Messaging
package import Metering

/// Has a model do the work of one update, and charges for what was delivered: hold, call, settle.
///
/// The hold is committed before the call and bounds what it can cost. The settlement commits the
/// charge, the answer, the reply and the end of the update at once, so that a `kill -9` between any
/// two steps leaves either all of them or none.
package struct ModelOrchestrator: Sendable {
  /// What an orchestrator needs.
  package struct Environment: Sendable {
    package var writer: LedgerWriter
    package var inbox: Inbox
    package var outbox: Outbox
    package var llm: LLMClient
    package var models: ModelAssignment
    package var terms: BillingTerms
    /// After a break in the ledger nothing is sold, but everything is answered.
    package var selling: SellingStatus
    /// What Telegram pays for a Star.
    package var usdPerStar: USD
    /// What an invitation brings both sides.
    package var referralCredits: Credits
    /// What is for sale; without any of it, nobody can spend more than they were given.
    package var offers: [Button]
    package var notices: BalanceNotices
    package var alerts: OperatorAlerts
    package var health: Health
    package var places: CallPlaces
    /// How often a person's prompts are counted by a provider.
    package var counts: RateOfPerson
    /// Shows that the bot is at work.
    package var typing: @Sendable (Address) async -> Void

    package init(
      writer: LedgerWriter, inbox: Inbox, outbox: Outbox, llm: LLMClient, models: ModelAssignment,
      terms: BillingTerms, selling: SellingStatus, usdPerStar: USD, referralCredits: Credits,
      offers: [Button], notices: BalanceNotices = BalanceNotices(), alerts: OperatorAlerts,
      health: Health,
      places: CallPlaces = CallPlaces(),
      counts: RateOfPerson = ModelOrchestrator.countsOfPerson(),
      typing: @escaping @Sendable (Address) async -> Void
    ) {
      self.writer = writer
      self.inbox = inbox
      self.outbox = outbox
      self.llm = llm
      self.models = models
      self.terms = terms
      self.selling = selling
      self.usdPerStar = usdPerStar
      self.referralCredits = referralCredits
      self.offers = offers
      self.notices = notices
      self.alerts = alerts
      self.health = health
      self.places = places
      self.counts = counts
      self.typing = typing
    }
  }

  /// A call that is paid for and about to be made.
  package struct PaidCall: Sendable {
    var work: Work
    var turn: Turn
    var account: UserAccount
    var choice: Choice
    var price: ModelPrice
    var prompt: Prompt
    var hold: CreditHold

    /// As the model is asked it.
    var question: String { prompt.messages.last?.text ?? work.text }
  }

  /// What is left to be done for work, once the transaction in which it was begun is committed.
  package enum Beginning: Sendable {
    /// The hold is taken.
    case call(PaidCall)
    /// The person has been told why not. The error is the operator's to mend, if there is one.
    case refused(because: LedgerError? = nil)
    /// All places are taken; nothing is held.
    case noPlace(Work, isPayer: Bool)
    /// The bound by bytes makes the hold too large; the provider's own count may fit.
    case tooDear(Work, Prompt, ModelID, bound: Int)
    /// An earlier life of the process has begun calls for the same work; this was the last.
    case cutOff(Work, by: CreditHold, isOnly: Bool)
  }

  /// Telegram shows "typing" for five seconds (Bot API, sendChatAction).
  private static let typingRenewal = Duration.seconds(4)

  let environment: Environment

  package init(_ environment: Environment) {
    self.environment = environment
  }

  func holds(in tx: LedgerTransaction) -> CreditHoldService { tx.holds(environment.terms) }

  /// Takes the hold, or refuses and finishes the update: in the transaction that looks at it.
  ///
  /// - Parameter account: As it was read in this transaction.
  package func begin(
    _ work: Work, for account: UserAccount, in tx: LedgerTransaction
  ) throws -> Beginning {
    if let (last, isOnly) = try earlierAttempt(at: work, in: tx) {
      return .cutOff(work, by: last, isOnly: isOnly)
    }
    return try takePlaceAndHold(for: work, of: account, in: tx)
  }

  /// Does the work that was begun; the update is finished and a reply queued when this returns,
  /// unless the process stops before there is a place: then it is left to the next start.
  ///
  /// - Throws: Errors of the database and mistakes of ours; then nothing was charged.
  package func perform(_ beginning: Beginning) async throws {
    switch beginning {
    case .call(let call):
      defer { withExtendedLifetime(call.work.place) {} }
      try await make(call)
    case .refused(because: nil): break
    case .refused(let error?):
      Logger.current.error("A model cannot be sold.", metadata: ["reason": "\(error.sentence)"])
      await environment.alerts.raise(
        .unsellableModel, of: error.sentence, "A model cannot be sold: \(error.sentence).")
    case .noPlace(let work, let isPayer):
      guard let beginning = try await beginInPlace(work, isPayer: isPayer) else { return }
      try await perform(beginning)
    case .tooDear(let work, let prompt, let model, let bound):
      try await perform(try await beginCounted(work, prompt, of: model, bound: bound))
    case .cutOff(let work, let hold, let isOnly):
      try await perform(try await beginAgain(work, after: hold, isOnly: isOnly))
    }
  }

  private func make(_ call: PaidCall) async throws {
    KillPoint.markedSent.passed()
    log(.debug, "A call begins.", call)
    do {
      let answer = try await whileTyping(to: call.work.sender) { () throws(LanguageModelError) in
        try await environment.llm.answer(call.prompt, model: call.hold.model) { requestID in
          await keep(requestID, of: call.hold)
        }
      }
      KillPoint.answerComplete.passed()
      try await settle(call, with: answer)
    } catch let failure as LanguageModelError {
      KillPoint.callFailed.passed()
      try await void(call, because: failure)
    }
  }

  private func keep(_ requestID: String, of hold: CreditHold) async {
    do {
      try await environment.writer.writeOnce { tx in
        try holds(in: tx).keepRequestID(requestID, of: hold.id)
      }
    } catch {
      // Without it a crash costs an estimate instead of a fact; the call goes on.
      Logger.current.warning(
        "The id of a request could not be kept.",
        metadata: ["hold": "\(hold.id)", "error": "\(error)"])
    }
  }

  private func whileTyping<Value: Sendable>(
    to sender: Address, _ body: () async throws(LanguageModelError) -> Value
  ) async throws(LanguageModelError) -> Value {
    let typing = Task { [environment] in
      while !Task.isCancelled {
        await environment.typing(sender)
        await environment.writer.sleep(Self.typingRenewal)
      }
    }
    defer { typing.cancel() }
    return try await body()
  }

  func log(
    _ level: Logger.Level, _ message: Logger.Message, _ call: PaidCall,
    _ details: Logger.Metadata = [:]
  ) {
    let names: Logger.Metadata = ["model": "\(call.hold.model)", "hold": "\(call.hold.id)"]
    Logger.current.log(level: level, message, metadata: names.merging(details) { $1 })
  }

  func finish(_ work: Work, with reply: Reply, in tx: LedgerTransaction) throws {
    try environment.outbox.queue(reply, to: work.sender, updateID: work.updateID, in: tx)
    try environment.inbox.finish(work.updateID, in: tx)
  }
}
