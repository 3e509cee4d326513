import Foundation
package import LanguageModels
package import Ledger
import Logging
package import Messaging
package import Metering

/// A call that a step of longer work needs. It answers no update, and is held, made and settled by
/// the same rules as one that does.
package struct StepRequest: Sendable {
  package var userID: Int64
  package var projectID: String
  package var buildID: String
  /// Names the step in the ledger; a hold's id adds the attempt.
  package var work: String
  package var task: TaskType
  package var model: ModelID
  package var prompt: Prompt
  /// No call is made for less, as what it brought would be no use: thoughts included.
  package var minimumOutputTokens: Int
  /// `nil` for that of the settings.
  package var markup: String?
  package var agreement: Agreement

  /// Whether the person has agreed to what it may cost.
  package enum Agreement: Sendable, Equatable {
    /// With the price of all of the work.
    case withPrice
    /// They are asked before it may cost much of their balance, but for what they have agreed to.
    case upTo(Credits?)
  }

  package init(
    userID: Int64, projectID: String, buildID: String, work: String, task: TaskType,
    model: ModelID, prompt: Prompt, minimumOutputTokens: Int, markup: String? = nil,
    agreement: Agreement
  ) {
    self.userID = userID
    self.projectID = projectID
    self.buildID = buildID
    self.work = work
    self.task = task
    self.model = model
    self.prompt = prompt
    self.minimumOutputTokens = minimumOutputTokens
    self.markup = markup
    self.agreement = agreement
  }
}

/// A step whose hold is taken. A class, as its place is given back when nobody refers to it.
package final class StepCall: Sendable {
  package let hold: CreditHold
  let price: ModelPrice
  let prompt: Prompt
  private let place: CallPlace

  init(hold: CreditHold, price: ModelPrice, prompt: Prompt, place: CallPlace) {
    self.hold = hold
    self.price = price
    self.prompt = prompt
    self.place = place
  }
}

/// Why no hold was taken.
package enum StepRefusal: Error, Sendable, Equatable {
  /// Nothing is sold at the moment.
  case nothingIsSold
  /// The operator's to mend.
  case unsellable(LedgerError)
  /// The house bears no more of this person's calls today.
  case lossBound
  /// So many credits more are needed.
  case credits(shortfall: Credits)
  /// The person's own limit leaves too little of today.
  case dailyLimit
  /// What the person has agreed to leaves too little.
  case cap(shortfall: Credits)
  /// Not before the person has said that it may cost so much.
  case ask(upTo: Credits)
  /// The process stops.
  case ending
}

extension ModelOrchestrator {
  /// Waits for a place, and takes the hold.
  ///
  /// - Parameter alongside: What is kept in the same transaction.
  /// - Throws: `StepRefusal`, and errors of the database.
  package func begin(
    _ step: StepRequest,
    alongside: @escaping @Sendable (CreditHold, LedgerTransaction) throws -> Void
  ) async throws -> StepCall {
    let isPayer = try await environment.writer.read(for: "looking for a payment") {
      try $0.payments.stars(paidBy: step.userID, since: .distantPast) > 0
    }
    guard let place = await environment.places.wait(forPayer: isPayer) else {
      throw StepRefusal.ending
    }
    do {
      return try await hold(step, inputTokens: nil, place, alongside)
    } catch StepRefusal.credits, StepRefusal.cap, StepRefusal.dailyLimit, StepRefusal.ask {
      // The bound by bytes is several times what most prompts have.
      let count = try? await environment.llm.countTokens(step.prompt, model: step.model)
      return try await hold(step, inputTokens: count ?? nil, place, alongside)
    }
  }

  private func hold(
    _ step: StepRequest, inputTokens counted: Int?, _ place: CallPlace,
    _ alongside: @escaping @Sendable (CreditHold, LedgerTransaction) throws -> Void
  ) async throws -> StepCall {
    try await environment.writer.write(for: "taking a hold") { tx in
      guard environment.selling.isOpen else { throw StepRefusal.nothingIsSold }
      let account = try tx.users.account(id: step.userID)
      var (request, prompt) = try request(for: step, of: account, in: tx)
      if let counted { request.inputTokensBound = min(counted, request.inputTokensBound) }
      let hold: CreditHold
      do {
        hold = try take(&request, for: step, of: account, in: tx)
      } catch {
        throw refusal(error, request, account)
      }
      prompt.maximumOutputTokens = hold.outputTokensCap
      try alongside(hold, tx)
      return StepCall(hold: hold, price: request.price, prompt: prompt, place: place)
    }
  }

  /// Of what is free, the house bears as much as it bears of anybody in a day; then it is at cost.
  private func take(
    _ request: inout CreditHoldService.Request, for step: StepRequest, of account: UserAccount,
    in tx: LedgerTransaction
  ) throws -> CreditHold {
    do {
      return try holds(in: tx).take(
        try limited(request, of: step, account, in: tx), of: account)
    } catch LedgerError.lossBoundPassed
      where request.markup == RepairTerms.free.markup(under: environment.terms)
    {
      request.markup = RepairTerms.atCost.markup(under: environment.terms)
      return try holds(in: tx).take(
        try limited(request, of: step, account, in: tx), of: account)
    }
  }

  /// As that of a question.
  ///
  /// - Throws: `StepRefusal.ask`, `LedgerError`.
  private func limited(
    _ request: CreditHoldService.Request, of step: StepRequest, _ account: UserAccount,
    in tx: LedgerTransaction
  ) throws -> CreditHoldService.Request {
    guard case .upTo(let agreed) = step.agreement,
      let preferred = try preferred(request, to: step.task, agreed, account, in: tx)
    else { return request }
    let holds = holds(in: tx)
    do {
      _ = try holds.size(of: preferred, for: account)
      return preferred
    } catch LedgerError.insufficientCredits {
      throw StepRefusal.ask(upTo: try holds.size(of: request, for: account).amount)
    }
  }

  private func request(
    for step: StepRequest, of account: UserAccount, in tx: LedgerTransaction
  ) throws -> (CreditHoldService.Request, Prompt) {
    let price: ModelPrice
    let ceiling: (input: String, output: String)
    do {
      price = try tx.pricing.sold(step.model)
      _ = try Rates(price.tariff)
      ceiling = try price.tariff.ceiling(inputTokens: step.prompt.inputTokenBound)
    } catch let error as LedgerError {
      throw StepRefusal.unsellable(error)
    }
    var prompt = step.prompt
    prompt.priceCeiling = Prompt.PriceCeiling(input: ceiling.input, output: ceiling.output)
    var request = CreditHoldService.Request(
      userID: account.id, projectID: step.projectID, work: step.work,
      taskType: step.task.rawValue, price: price, inputTokensBound: prompt.inputTokenBound,
      inputTokensEstimate: prompt.inputTokenEstimate, outputCap: prompt.maximumOutputTokens,
      deadline: tx.now.addingTimeInterval(Self.holdLifetime),
      lossBound: try lossBound(of: account, in: tx))
    request.buildID = step.buildID
    request.markup = step.markup
    request.minimumOutputTokens = step.minimumOutputTokens
    let preferences = try Preferences.of(account.id, in: tx)
    request.most = try leftToday(preferences, account, in: tx)
    if environment.llm.takesThinkingBudget(step.model) {
      let budget = min(
        preferences.effort.thinkingBudget(for: step.task), request.outputCap / 2)
      prompt.thinkingBudget = budget
      request.minimumOutputTokens += budget
    }
    return (request, prompt)
  }

  private func refusal(
    _ error: any Error, _ request: CreditHoldService.Request, _ account: UserAccount
  ) -> any Error {
    switch error as? LedgerError {
    case .lossBoundPassed?: return StepRefusal.lossBound
    case .capReached(let shortfall)?: return StepRefusal.cap(shortfall: shortfall)
    case .insufficientCredits(let shortfall)?:
      guard let most = request.most, most < account.available,
        let least = try? shortfall.adding(most), least <= account.available
      else { return StepRefusal.credits(shortfall: shortfall) }
      return StepRefusal.dailyLimit
    case let error?: return StepRefusal.unsellable(error)
    case nil: return error
    }
  }

  /// Has the model work.
  ///
  /// - Parameter begun: Given what stops the call.
  package func answer(
    _ step: StepCall, begun: (@escaping @Sendable () -> Void) -> Void
  ) async throws(LanguageModelError) -> Answer {
    let pieces = try environment.llm.stream(step.prompt, model: step.hold.model)
    begun { pieces.stop() }
    log(.debug, "A call begins.", step.hold)
    var iterator = pieces.makeAsyncIterator()
    while let piece = try await iterator.next() {
      switch piece {
      case .requestID(let id): await keep(id, of: step.hold)
      case .text, .usage: break
      case .whole(let answer): return answer
      }
    }
    throw LanguageModelError(.cancelled)
  }

  /// Charges for the answer, in the transaction that keeps what becomes of it, and warns of a
  /// balance that gets low.
  package func settle(
    _ step: StepCall, with answer: Answer, in tx: LedgerTransaction
  ) throws -> Settlement {
    let settlement = try settle(step.hold, at: step.price, with: answer, in: tx)
    guard settlement.charge > .zero else { return settlement }
    let account = try tx.users.account(id: step.hold.userID)
    try warnInPrivate(account, of: settlement, in: tx)
    try thankForInvitation(of: account, in: tx)
    return settlement
  }

  /// Tells the operator what there is to tell of a call that was settled.
  package func report(_ settlement: Settlement, _ answer: Answer, of step: StepCall) async {
    await report(settlement, answer, of: step.hold)
  }

  /// Ends the hold of a step that has brought nothing: it costs the person nothing.
  package func void(
    _ step: StepCall, because failure: LanguageModelError, in tx: LedgerTransaction
  ) throws {
    try void(step.hold, because: failure, in: tx)
  }

  /// Tells the operator why a step has failed.
  package func report(_ failure: LanguageModelError, of step: StepCall) async {
    await report(failure, of: step.hold)
  }

  /// Ends whatever an earlier life of the process has left of a step.
  package func clearUp(work: String) async throws {
    let left = try await environment.writer.read(for: "clearing up after a crash") {
      try holds(in: $0).holds(forWork: work)
    }
    for hold in left where hold.state == .pending {
      let known = await metered(hold)
      try await environment.writer.write(for: "clearing up after a crash") { tx in
        try void(hold, known: known, because: .interrupted, in: tx)
      }
    }
  }

  /// Whichever works for a person.
  package func model(
    for task: TaskType, ofAccount userID: Int64, in tx: LedgerTransaction
  ) throws -> ModelID {
    try offered.model(for: task, try Preferences.of(userID, in: tx), in: tx).model
  }

  /// What is for sale.
  package var offers: [Button] { environment.offers }

  /// Tells the operator what there is to mend.
  package func report(unsellable error: LedgerError) async {
    await report(.refused(because: error))
  }

  package var offered: OfferedModels { OfferedModels(environment.models, llm: environment.llm) }
}
