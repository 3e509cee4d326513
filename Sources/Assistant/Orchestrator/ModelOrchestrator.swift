import Metering
import Foundation
import GRDB
package import LanguageModels
package import Ledger
package import Logging
import KillPoints
import TelegramBotAPI
package import Messaging

/// Has a model do the work of one update, and charges for what was delivered: hold, call, settle.
///
/// The hold is committed before the call and bounds what it can cost. The settlement commits the
/// charge, the answer, the reply and the end of the update at once, so that a `kill -9` between any
/// two steps leaves either all of them or none.
package struct ModelOrchestrator: Sendable {
  /// What an orchestrator needs; the effects can be replaced by tests.
  package struct Environment: Sendable {
    package var writer: LedgerWriter
    package var inbox: Inbox
    package var replies: ReplyQueue
    package var llm: LLMClient
    package var models: ModelAssignment
    package var terms: BillingTerms
    /// False after a break in the ledger: then nothing is sold, but everything is answered.
    package var isSelling: @Sendable () -> Bool
    /// What an invitation brings both sides.
    package var referralCredits: Credits
    package var alerts: OperatorAlerts
    package var health: Health
    package var typing: @Sendable (Address) async -> Void
    package var wakeSender: @Sendable () -> Void

    package init(
      writer: LedgerWriter, inbox: Inbox, replies: ReplyQueue, llm: LLMClient,
      models: ModelAssignment, terms: BillingTerms, isSelling: @escaping @Sendable () -> Bool,
      referralCredits: Credits, alerts: OperatorAlerts, health: Health,
      typing: @escaping @Sendable (Address) async -> Void,
      wakeSender: @escaping @Sendable () -> Void
    ) {
      self.writer = writer
      self.inbox = inbox
      self.replies = replies
      self.llm = llm
      self.models = models
      self.terms = terms
      self.isSelling = isSelling
      self.referralCredits = referralCredits
      self.alerts = alerts
      self.health = health
      self.typing = typing
      self.wakeSender = wakeSender
    }
  }

  /// A call that is paid for and about to be made.
  private struct PaidCall {
    var work: Work
    var account: UserAccount
    var model: ModelID
    var prompt: Prompt
    var hold: CreditHold
  }

  /// A hold outlives the provider's own deadline by far; one past this has been forgotten by
  /// whoever took it, and may be voided.
  static let holdLifetime: TimeInterval = 15 * 60
  /// What the house bears of one person's calls in a day, in nano-dollars: 0.25 USD. Calls
  /// that end without an answer are free, so without a limit whoever knows how to bring them about
  /// could spend ours for ever.
  static let houseLossPerDay: Int64 = 250_000_000
  /// Telegram shows "typing" for five seconds (Bot API, sendChatAction).
  private static let typingRenewal = Duration.seconds(4)

  let environment: Environment
  let logger: Logger

  package init(_ environment: Environment, logger: Logger) {
    self.environment = environment
    self.logger = logger
  }

  /// Does the work, or explains why not; either way the update is finished and a reply queued when
  /// this returns.
  ///
  /// - Throws: Errors of the database and mistakes of ours; then nothing was charged.
  package func perform(_ work: Work) async throws {
    guard try await clearEarlierAttempts(of: work) else { return }
    guard let call = try await takeHold(for: work) else { return }
    KillPoint.holdTaken.passed()
    do {
      try await environment.writer.write(for: "marking a call as sent") {
        try holds(in: $0).markSent(call.hold.id)
      }
      KillPoint.markedSent.passed()
      log(.debug, "A call begins.", call)
      let answer = try await whileTyping(to: work.sender) { () throws(LanguageModelError) in
        try await environment.llm.answer(call.prompt, model: call.model) { requestID in
          await keep(requestID, of: call.hold)
        }
      }
      KillPoint.answerComplete.passed()
      try await settle(call, with: answer)
    } catch let failure as LanguageModelError {
      KillPoint.callFailed.passed()
      try await void(call, because: failure)
    }
    KillPoint.replyQueued.passed()
    environment.wakeSender()
  }
}

// MARK: - Hold

extension ModelOrchestrator {
  func holds(in tx: LedgerTransaction) -> CreditHoldService { tx.holds(environment.terms) }

  /// `nil` where the person was refused instead.
  private func takeHold(for work: Work) async throws -> PaidCall? {
    guard environment.isSelling() else {
      return try await refuse(
        work,
        "I cannot take paid requests right now; I have noted it for my operator. Try again later.")
    }
    let (request, account, prompt): (CreditHoldService.Request, UserAccount, Prompt)
    do {
      (request, account, prompt) = try await environment.writer.read(for: "preparing a call") {
        try prepare(work, in: $0)
      }
    } catch LedgerError.unknownUser {
      return try await refuse(work, "Your account is erased; /start opens a new one.")
    } catch let error as LedgerError {
      logger.error("A model cannot be sold.", metadata: ["reason": "\(error.sentence)"])
      await environment.alerts.raise(.unsellableModel, "A model cannot be sold: \(error.sentence).")
      return try await refuse(
        work, "The model for this is not available right now; I have noted it for my operator.")
    }
    guard try await houseStillPays(for: account) else {
      return try await refuse(
        work,
        """
        Too many of your requests ended without an answer today, all at my expense. Please come \
        back tomorrow.
        """)
    }
    let model = environment.models[work.task]
    do {
      let hold = try await take(request, for: prompt, of: model)
      var capped = prompt
      capped.maximumOutputTokens = hold.outputTokensCap
      return PaidCall(work: work, account: account, model: model, prompt: capped, hold: hold)
    } catch LedgerError.insufficientCredits(let shortfall) {
      return try await refuse(
        work,
        """
        Your credits do not cover this: at least \(shortfall.costText) more are needed, and \
        \(account.available.balanceText) are available. /credits shows how to get more.
        """)
    }
  }

  private func houseStillPays(for account: UserAccount) async throws -> Bool {
    let aDayAgo = environment.writer.now.addingTimeInterval(-24 * 3_600)
    return try await environment.writer.read(for: "adding up what the house lost") {
      try $0.usage.houseLoss(userID: account.id, since: aDayAgo)
    } < Self.houseLossPerDay
  }

  private func prepare(
    _ work: Work, in tx: LedgerTransaction
  ) throws -> (CreditHoldService.Request, UserAccount, Prompt) {
    let account = try tx.users.account(telegramUserID: work.sender.user.id)
    let model = environment.models[work.task]
    let price = try tx.pricing.active(
      model)
    _ = try Rates(price.tariff)
    let conversation = Conversation(userID: account.id, projectID: account.activeProjectID)
    // What was said in private is not to be told in a group.
    let context = work.sender.isPrivate ? try conversation.context(in: tx) : []
    let project = try account.activeProjectID.flatMap { try tx.projects.find($0) }
    var prompt = Prompt(
      system: Self.instructions(for: work.task, project),
      messages: context + [Prompt.Message(.user, work.text)],
      maximumOutputTokens: work.task.outputCap)
    // The dearest prices that the hold reckons with; OpenRouter picks no provider above them.
    let ceiling = try price.tariff.ceiling(inputTokens: prompt.inputTokenBound)
    prompt.priceCeiling = Prompt.PriceCeiling(input: ceiling.input, output: ceiling.output)
    let request = CreditHoldService.Request(
      userID: account.id, projectID: account.activeProjectID, work: work.ledgerName,
      taskType: work.task.rawValue, price: price, inputTokensBound: prompt.inputTokenBound,
      inputTokensEstimate: prompt.inputTokenEstimate, outputCap: work.task.outputCap,
      deadline: tx.now.addingTimeInterval(Self.holdLifetime))
    return (request, account, prompt)
  }

  private static func instructions(for task: TaskType, _ project: Project?) -> String {
    guard let project else { return task.instructions }
    let tasks = project.todo.map { "\nIts task list:\n\($0)" } ?? ""
    return task.instructions + "\n\nThe project at hand is called \"\(project.title)\"." + tasks
  }

  /// The bound by bytes is generous; where it makes the hold too large, the provider's own count
  /// may fit.
  private func take(
    _ request: CreditHoldService.Request, for prompt: Prompt, of model: ModelID
  ) async throws -> CreditHold {
    do {
      return try await take(request)
    } catch LedgerError.insufficientCredits(let shortfall) {
      // Without a count, the bound by bytes stands.
      guard let count = try? await environment.llm.countTokens(prompt, model: model),
        count < request.inputTokensBound
      else { throw LedgerError.insufficientCredits(shortfall: shortfall) }
      var counted = request
      counted.inputTokensBound = count
      return try await take(counted)
    }
  }

  private func take(_ request: CreditHoldService.Request) async throws -> CreditHold {
    try await environment.writer.write(for: "taking a hold") {
      try holds(in: $0).take(request)
    }
  }

  private func refuse(_ work: Work, _ reason: String) async throws -> PaidCall? {
    try await environment.writer.write(for: "refusing a request") { tx in
      try finish(work, with: Reply(reason), in: tx)
    }
    environment.wakeSender()
    return nil
  }
}

// MARK: - Call

extension ModelOrchestrator {
  private func log(
    _ level: Logger.Level, _ message: Logger.Message, _ call: PaidCall,
    _ details: Logger.Metadata = [:]
  ) {
    let names: Logger.Metadata = ["model": "\(call.model)", "hold": "\(call.hold.id)"]
    logger.log(level: level, message, metadata: names.merging(details) { $1 })
  }

  private func keep(_ requestID: String, of hold: CreditHold) async {
    do {
      try await environment.writer.commits.write {
        try holds(in: $0).keepRequestID(requestID, of: hold.id)
      }
    } catch {
      // Without it a crash costs an estimate instead of a fact; the call goes on.
      logger.warning(
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
}

// MARK: - Settle or void

extension ModelOrchestrator {
  private func settle(_ call: PaidCall, with answer: Answer) async throws {
    let metered = MeteredCall(
      usage: answer.usage,
      model: answer.model, keyIdentifier: answer.keyIdentifier, requestID: answer.requestID,
      responseMilliseconds: answer.responseTime.wholeMilliseconds)
    let settlement = try await environment.writer.write(for: "settling a call") { tx in
      let settlement = try holds(in: tx).settle(call.hold.id, with: metered)
      if call.work.sender.isPrivate {
        try Conversation(userID: call.account.id, projectID: call.hold.projectID).append(
          question: call.work.text, answer: answer.text, in: tx)
      }
      if call.work.task.updatesTaskList, let project = call.hold.projectID {
        let tasks = TaskList(in: answer.text)
        if !tasks.isEmpty {
          try tx.projects.keepTasks(tasks, ofProject: project)
        }
      }
      KillPoint.settled.passed()
      try finish(call.work, with: Self.reply(answer, settlement, to: call.work.sender), in: tx)
      if settlement.charge > .zero { try thankForInvitation(of: call.account, in: tx) }
      return settlement
    }
    log(
      .info, "A call is paid for.", call,
      [
        "request": "\(answer.requestID ?? "-")", "credits": "\(settlement.charge)",
        "milliseconds": "\(answer.responseTime.wholeMilliseconds)",
      ])
    await report(settlement, of: call)
  }

  /// In a group, what is left on the account is nobody else's business.
  private static func reply(
    _ answer: Answer, _ settlement: Settlement, to sender: Address
  ) -> Reply {
    let balance = settlement.balanceAfter.balanceText
    let cutOff = answer.isCutOff ? "(The answer ends here: it reached its length limit.)\n\n" : ""
    return Reply(
      """
      \(answer.text)

      \(cutOff)Cost: \(settlement.charge.costText) credits\
      \(sender.isPrivate ? " · Left: \(balance) credits" : "")
      """)
  }

  private func report(_ settlement: Settlement, of call: PaidCall) async {
    if settlement.cost.hasDrifted {
      logger.warning(
        "A price has drifted: the provider charges another figure than our price list.",
        metadata: [
          "model": "\(call.model)", "table_usd": "\(settlement.cost.table)",
          "reported_usd": "\(settlement.cost.actual)",
        ])
      await environment.alerts.raise(
        .priceDrift,
        "\(call.model) costs another figure than our price list says. The provider's counts, so no "
          + "money is lost; mend the list with: aidevbot pricing set.")
    }
    if settlement.forgiven > .zero {
      logger.error(
        "A call cost more than was held; the house bears the rest.",
        metadata: ["hold": "\(call.hold.id)", "forgiven_micro": "\(settlement.forgiven.micro)"])
      await environment.alerts.raise(
        .houseLoss,
        "A call to \(call.model) cost more than was held; \(settlement.forgiven.costText) credits "
          + "were forgiven. Check its price.")
    }
  }

  private func void(_ call: PaidCall, because failure: LanguageModelError) async throws {
    environment.health.noteFailedCall()
    log(
      .warning, "A call failed.", call,
      ["request": "\(failure.requestID ?? "-")", "reason": "\(failure.reason)"])
    if failure.reason.needsTheOperator {
      await environment.alerts.raise(
        .failingProvider, "Calls to \(call.model) fail: \(failure.reason).")
    }
    try await environment.writer.write(for: "voiding a call") { tx in
      let loss = try loss(of: call.hold, failure, in: tx)
      try holds(in: tx).void(call.hold.id, loss: loss)
      KillPoint.voided.passed()
      try finish(call.work, with: Reply(failure.userMessage + " It cost you nothing."), in: tx)
    }
  }

  /// What a failed call cost us all the same: what the provider metered, or an estimate where it
  /// may have done the work without our seeing it.
  private func loss(
    of hold: CreditHold, _ failure: LanguageModelError, in tx: LedgerTransaction
  ) throws -> MeteredCall? {
    let milliseconds = failure.responseTime.wholeMilliseconds
    if let usage = failure.usage {
      return MeteredCall(
        usage: usage, model: hold.model.name,
        keyIdentifier: failure.keyIdentifier ?? "unknown", requestID: failure.requestID,
        responseMilliseconds: milliseconds)
    }
    guard failure.mayHaveCost else { return nil }
    return try holds(in: tx).estimate(
      of: hold, requestID: failure.requestID, responseMilliseconds: milliseconds)
  }

  func finish(_ work: Work, with reply: Reply, in tx: LedgerTransaction) throws {
    try environment.replies.queue(
      reply, to: work.sender, updateID: work.updateID, in: tx)
    try environment.inbox.finish(work.updateID, in: tx)
  }
}

extension LanguageModelError.Reason {
  /// Whether it stays so until an operator does something.
  fileprivate var needsTheOperator: Bool {
    switch self {
    case .keyRejected, .providerOutOfFunds, .modelUnknown, .quotaExhausted: true
    default: false
    }
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
