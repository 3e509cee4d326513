import KillPoints
package import LanguageModels
package import Ledger
import Logging
package import Messaging
package import Metering
import TelegramBotAPI

/// Has a model do the work of one update, and charges for what was delivered: hold, call, settle.
///
/// The hold is committed before the call and bounds what it can cost. The settlement commits the
/// charge, the answer, the reply and the end of the update at once, so that a `kill -9` between any
/// two steps leaves either all of them or none.
package struct ModelOrchestrator: Sendable {
  /// What an orchestrator needs. A class, as each call under way refers to it many times.
  package final class Environment: Sendable {
    package let writer: LedgerWriter
    package let inbox: Inbox
    package let outbox: Outbox
    package let llm: LLMClient
    package let models: ModelAssignment
    package let terms: BillingTerms
    /// After a break in the ledger nothing is sold, but everything is answered.
    package let selling: SellingStatus
    /// What Telegram pays for a Star.
    package let usdPerStar: USD
    /// What an invitation brings both sides.
    package let referralCredits: Credits
    /// What is for sale; without any of it, nobody can spend more than they were given.
    package let offers: [Button]
    package let notices: BalanceNotices
    package let richMessages: RichMessages
    package let alerts: OperatorAlerts
    package let health: Health
    package let places: CallPlaces
    /// How often a person's prompts are counted by a provider.
    package let counts: RateOfPerson
    package let answers: AnswersUnderWay
    /// Shows that the bot is at work.
    package let typing: @Sendable (Address) async -> Void
    /// Begins to show the answer to that update while it grows; `nil` where it is to come whole.
    package let preview: @Sendable (Int64, Address) -> (any AnswerPreview)?

    package init(
      writer: LedgerWriter, inbox: Inbox, outbox: Outbox, llm: LLMClient, models: ModelAssignment,
      terms: BillingTerms, selling: SellingStatus, usdPerStar: USD, referralCredits: Credits,
      offers: [Button], notices: BalanceNotices = BalanceNotices(),
      richMessages: RichMessages = .never, alerts: OperatorAlerts, health: Health,
      places: CallPlaces = CallPlaces(),
      counts: RateOfPerson = ModelOrchestrator.countsOfPerson(),
      answers: AnswersUnderWay = AnswersUnderWay(),
      typing: @escaping @Sendable (Address) async -> Void,
      preview: @escaping @Sendable (Int64, Address) -> (any AnswerPreview)? = { _, _ in nil }
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
      self.richMessages = richMessages
      self.alerts = alerts
      self.health = health
      self.places = places
      self.counts = counts
      self.answers = answers
      self.typing = typing
      self.preview = preview
    }
  }

  /// A call that is paid for and about to be made. A class, as it is long, and many places hold it
  /// for as long as the model works.
  package final class PaidCall: Sendable {
    let work: Work
    let turn: Turn
    let account: UserAccount
    let choice: Choice
    let price: ModelPrice
    let prompt: Prompt
    let hold: CreditHold

    init(
      work: Work, turn: Turn, account: UserAccount, choice: Choice, price: ModelPrice,
      prompt: Prompt, hold: CreditHold
    ) {
      self.work = work
      self.turn = turn
      self.account = account
      self.choice = choice
      self.price = price
      self.prompt = prompt
      self.hold = hold
    }

    /// As the model is asked it.
    var question: String { prompt.messages.last?.text ?? work.text }
  }

  /// What is left to be done for work, once the transaction in which it was begun is committed.
  package indirect enum Beginning: Sendable {
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

    /// What is under way until it is performed.
    var work: Work? {
      switch self {
      case .call(let call): call.work
      case .refused: nil
      case .noPlace(let work, _), .tooDear(let work, _, _, _), .cutOff(let work, _, _): work
      }
    }
  }

  let environment: Environment

  package var answers: AnswersUnderWay { environment.answers }

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
    guard let updateID = enlist(beginning) else { return await report(beginning) }
    defer { environment.answers.end(updateID) }
    if let call = try await call(from: beginning) {
      defer { withExtendedLifetime(call.work.place) {} }
      try await make(call)
    }
  }

  /// From now on it can be stopped. Has a frame of its own, as that of its caller is kept for as
  /// long as the model works.
  @inline(never)
  private func enlist(_ beginning: Beginning) -> Int64? {
    guard let work = beginning.work else { return nil }
    environment.answers.begin(
      work.updateID, ofPerson: work.sender.user.id, inChat: work.sender.chatID)
    return work.updateID
  }

  /// Goes on until there is a call to be made; `nil` if there is none.
  private func call(from beginning: Beginning) async throws -> PaidCall? {
    switch beginning {
    case .call(let call): return call
    case .refused:
      await report(beginning)
      return nil
    case .noPlace(let work, let isPayer):
      guard let beginning = try await beginInPlace(work, isPayer: isPayer) else { return nil }
      return try await call(from: beginning)
    case .tooDear(let work, let prompt, let model, let bound):
      return try await call(from: try await beginCounted(work, prompt, of: model, bound: bound))
    case .cutOff(let work, let hold, let isOnly):
      return try await call(from: try await beginAgain(work, after: hold, isOnly: isOnly))
    }
  }

  /// Tells the operator what there is to mend.
  func report(_ beginning: Beginning) async {
    guard case .refused(because: let error?) = beginning else { return }
    Logger.current.error("A model cannot be sold.", metadata: ["reason": "\(error.sentence)"])
    await environment.alerts.raise(
      .unsellableModel, of: error.sentence, "A model cannot be sold: \(error.sentence).")
  }

  func log(
    _ level: Logger.Level, _ message: Logger.Message, _ hold: CreditHold,
    _ details: Logger.Metadata = [:]
  ) {
    let names: Logger.Metadata = ["model": "\(hold.model)", "hold": "\(hold.id)"]
    Logger.current.log(level: level, message, metadata: names.merging(details) { $1 })
  }

  func finish(_ work: Work, with reply: Reply, in tx: LedgerTransaction) throws {
    try environment.outbox.queue(reply, to: work.sender, updateID: work.updateID, in: tx)
    try environment.inbox.finish(work.updateID, in: tx)
  }
}
