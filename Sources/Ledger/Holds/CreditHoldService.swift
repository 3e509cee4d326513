package import Foundation
import GRDB
package import Metering

/// Hold, then settle or void: a call is paid for in two phases, so that nobody can spend credits
/// twice, and nothing is charged for what was not delivered.
package struct CreditHoldService {
  let terms: BillingTerms
  let tx: LedgerTransaction

  private static let those = "SELECT \(CreditHold.columns) FROM credit_holds"
  private static let byID = "\(those) WHERE id = ?"
  private static let ofWork = "\(those) WHERE id >= ? AND id < ? ORDER BY rowid"

  /// A call to be paid for.
  package struct Request: Sendable {
    package var userID: Int64
    package var projectID: String?
    /// What the call is for, `upd<update_id>:<step>`; the hold's id adds the attempt.
    package var work: String
    package var taskType: String
    package var price: ModelPrice
    /// An upper bound of the prompt's tokens.
    package var inputTokensBound: Int
    package var inputTokensEstimate: Int
    package var outputCap: Int
    /// No call is made for a shorter answer.
    package var minimumOutputTokens = HoldSize.minimumOutputTokens
    package var deadline: Date
    /// No more is held, whatever the account has; `nil` for no such bound.
    package var most: Credits?
    /// What the house bears of the person's calls in a day: once it bears anything, or may have to,
    /// a call gets so short that it cannot pass that, or is not made. `nil` for no bound.
    package var lossBound: NanoDollars?
    /// The build that the call is for: within its cap, if one is agreed to.
    package var buildID: String?
    /// Of this hold alone, whatever the markup of all calls is then or later, as `RepairTerms` say;
    /// `nil` for that of all calls.
    package var markup: String?

    package init(
      userID: Int64, projectID: String?, work: String, taskType: String, price: ModelPrice,
      inputTokensBound: Int, inputTokensEstimate: Int, outputCap: Int, deadline: Date,
      lossBound: NanoDollars? = nil
    ) {
      self.userID = userID
      self.projectID = projectID
      self.work = work
      self.taskType = taskType
      self.price = price
      self.inputTokensBound = inputTokensBound
      self.inputTokensEstimate = inputTokensEstimate
      self.outputCap = outputCap
      self.deadline = deadline
      self.lossBound = lossBound
    }
  }

  /// Sets aside what the call can cost at most, with the output cap shrunk to what the user can
  /// pay. From its commit on, the call counts as sent: the provider may charge us.
  ///
  /// - Parameter account: As it was read in this transaction, if it was.
  /// - Throws: `LedgerError.insufficientCredits`, `capReached`, `lossBoundPassed`, `unusablePrice`.
  package func take(_ request: Request, of account: UserAccount? = nil) throws -> CreditHold {
    let account = try account ?? tx.users.account(id: request.userID)
    let size = try withinLossBound(size(of: request, for: account), of: request, for: account)
    try tx.db.run(
      """
      UPDATE users SET credit_held_micro = credit_held_micro + ?1, updated_at = ?2
      WHERE id = ?3 AND credit_balance_micro - credit_held_micro >= ?1
      """, [size.amount, tx.now.databaseText, request.userID])
    guard tx.db.changesCount == 1 else {
      throw LedgerError.insufficientCredits(shortfall: size.amount)
    }
    let attempt = try attempts(forWork: request.work) + 1
    let hold = CreditHold(
      id: "\(request.work):\(attempt)", userID: request.userID, projectID: request.projectID,
      amount: size.amount, state: .pending, taskType: request.taskType, model: request.price.model,
      priceID: request.price.id, inputTokensEstimate: request.inputTokensEstimate,
      outputTokensCap: size.outputTokens, sentAt: tx.now, createdAt: tx.now,
      buildID: request.buildID, markup: request.markup)
    try tx.db.run(
      """
      INSERT INTO credit_holds (id, user_id, project_id, amount_micro, task_type, model_provider,
        model_name, model_pricing_id, input_tokens_estimate, output_tokens_cap, sent_at,
        created_at, deadline_at, build_id, markup)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        hold.id, hold.userID, hold.projectID, hold.amount, hold.taskType,
        hold.model.provider.rawValue, hold.model.name, hold.priceID, hold.inputTokensEstimate,
        hold.outputTokensCap, tx.now.databaseText, tx.now.databaseText,
        request.deadline.databaseText, hold.buildID, hold.markup,
      ])
    return hold
  }

  /// What would be held. The output cap shrinks to what the account and the build's cap leave.
  ///
  /// - Throws: `LedgerError.insufficientCredits`, `unusablePrice`; `capReached` where it is the cap
  ///   that leaves less than the account.
  package func size(of request: Request, for account: UserAccount) throws -> HoldSize {
    let (payable, room) = (request.payable(by: account), try room(for: request))
    do {
      return try HoldSize.fitting(
        min(payable, room ?? payable), rates: try rates(of: request.price),
        terms: try terms.with(markup: request.markup), inputTokens: request.inputTokensBound,
        outputCap: request.outputCap, minimumOutputTokens: request.minimumOutputTokens)
    } catch LedgerError.insufficientCredits(let shortfall) where room.map({ $0 < payable }) ?? false
    {
      throw LedgerError.capReached(shortfall: shortfall)
    }
  }

  /// Whether an exact count of the prompt could make the call fit: not where the account does not
  /// even pay for the shortest answer to an empty prompt.
  package func mayFit(_ request: Request, of account: UserAccount) -> Bool {
    var least = request
    least.inputTokensBound = 0
    return (try? size(of: least, for: account)) != nil
  }

  /// Keeps the provider's id of the call, with which its cost can be asked for after a crash.
  package func keepRequestID(_ requestID: String, of id: String) throws {
    try tx.db.run("UPDATE credit_holds SET provider_request_id = ? WHERE id = ?", [requestID, id])
  }

  /// Ends the hold with what the call really cost: usage row, journal row, balance. The charge is
  /// never more than was held; the house forgives the rest.
  ///
  /// - Parameters:
  ///   - least: What the call used at least, where an estimate stands for more: the person pays for
  ///     that alone.
  ///   - price: The one that the hold was taken at, from whoever still knows it: a price is never
  ///     edited.
  /// - Throws: `LedgerError.holdNotPending` for a hold that is finished.
  package func settle(
    _ id: String, with call: MeteredCall, payingFor least: TokenUsage? = nil,
    at price: ModelPrice? = nil
  ) throws -> Settlement {
    let hold = try pendingHold(id)
    let cost = try cost(of: call.usage, for: hold, at: price)
    let terms = try terms.with(markup: hold.markup)
    let full = try terms.charge(for: cost.actual)
    let limit = try least.map { least in
      try terms.charge(for: try self.cost(of: least, for: hold, at: price).actual)
    }
    let charge = min(full, hold.amount, limit ?? full)
    try finish(hold, as: .settled)
    let usageID = try log(
      call, cost, of: hold, .user(charge: charge, forgiven: try full.subtracting(charge)),
      limit: limit)
    let transaction = try tx.transactions.record(
      NewTransaction(
        userID: hold.userID, type: .usageDeduction, amount: Credits(micro: -charge.micro),
        projectID: hold.projectID, usageID: usageID, holdID: id,
        realCost: try cost.actual.nanoDollars(), idempotencyKey: "settle:\(id)",
        description: hold.taskType))
    return Settlement(
      charge: charge, forgiven: try full.subtracting(charge), cost: cost,
      balanceAfter: transaction.balanceAfter)
  }

  /// Ends the hold without a charge. If the call may have cost us something all the same, `loss`
  /// says what, and the house bears it for that cause.
  ///
  /// - Throws: `LedgerError.holdNotPending` for a hold that is finished.
  package func void(
    _ id: String, loss: MeteredCall?, because cause: CallLoss.Cause = .failedCall
  ) throws {
    let hold = try pendingHold(id)
    try finish(hold, as: .voided)
    guard let loss else { return }
    try log(loss, try cost(of: loss.usage, for: hold), of: hold, .house(cause))
  }

  /// Gives back what was charged for work whose answer reached nobody; the real cost stays with the
  /// house. Returns the amount, or `nil` if nothing was charged. A second time changes nothing.
  @discardableResult
  package func refund(work: String, because reason: String) throws
    -> Credits?
  {
    let settled = try holds(forWork: work).last { $0.state == .settled }
    guard let hold = settled else { return nil }
    let charged = try Credits.fetchOne(
      tx.db,
      sql: """
        SELECT -sum(credits_amount_micro) FROM credit_transactions
        WHERE hold_id = ? AND transaction_type IN ('usage_deduction', 'usage_correction')
        """,
      arguments: [hold.id])
    guard let charged, charged > .zero else { return nil }
    try tx.transactions.record(
      NewTransaction(
        userID: hold.userID, type: .refund, amount: charged, projectID: hold.projectID,
        holdID: hold.id, idempotencyKey: "refund:\(hold.id)", description: reason))
    try tx.usage.markUndelivered(holdID: hold.id)
    return charged
  }

  /// Whether that work is charged, and the charge was not given back.
  package func isCharged(work: String) throws -> Bool {
    guard let hold = try holds(forWork: work).last(where: { $0.state == .settled }) else {
      return false
    }
    return try Bool.fetchOne(
      tx.db,
      sql: """
        SELECT NOT EXISTS (SELECT 1 FROM credit_transactions
          WHERE hold_id = ? AND transaction_type = 'refund')
        """,
      arguments: [hold.id]) ?? false
  }

  /// What a call whose usage is lost has probably cost: its prompt, and an answer as long as the
  /// model's answers usually are.
  ///
  /// - Parameter isPersonsDoing: Whether whoever asked has ended it. Then the answers of others say
  ///   how long it would have been: somebody could make their own short.
  package func estimate(
    of hold: CreditHold, requestID: String?, responseMilliseconds: Int = 0,
    isPersonsDoing: Bool = false
  ) throws -> MeteredCall {
    let typical =
      try isPersonsDoing
      ? tx.usage.typicalOutputTokens(atPrice: hold.priceID, besides: hold.userID)
      : tx.usage.typicalOutputTokens(atPrice: hold.priceID)
    return MeteredCall(
      usage: TokenUsage(
        inputTokens: hold.inputTokensEstimate,
        outputTokens: min(typical ?? hold.outputTokensCap, hold.outputTokensCap)),
      model: hold.model.name, keyIdentifier: "unknown", requestID: requestID,
      responseMilliseconds: responseMilliseconds, isEstimate: true)
  }

  /// All holds ever taken for that work, or for all work whose name begins with `work` and a colon,
  /// in the order in which they were taken, whatever the clock said.
  package func holds(forWork work: String) throws -> [CreditHold] {
    // ';' is the character after ':', so this is every id that begins with "<work>:".
    try CreditHold.all(Self.ofWork, ["\(work):", "\(work);"], in: tx.db)
  }

  package func isPending(_ id: String) throws -> Bool {
    try hold(id).state == .pending
  }

  /// Holds that should have ended by now.
  package func overdue() throws -> [CreditHold] {
    try CreditHold.all(
      "\(Self.those) WHERE state = 'pending' AND deadline_at < ?", [tx.now.databaseText], in: tx.db)
  }
}

extension CreditHoldService.Request {
  package func payable(by account: UserAccount) -> Credits {
    min(account.available, most ?? account.available)
  }
}

/// What a settled call came to.
package struct Settlement: Sendable, Equatable {
  package var charge: Credits
  package var forgiven: Credits
  package var cost: CallCost
  package var balanceAfter: Credits
}

extension CreditHoldService {
  /// How many holds were taken for that work.
  private func attempts(forWork work: String) throws -> Int {
    try tx.db.first(
      "SELECT count(*) FROM credit_holds WHERE id >= ? AND id < ?", ["\(work):", "\(work);"]
    ) { $0.next() } ?? 0
  }

  func hold(_ id: String) throws -> CreditHold {
    guard let hold = try CreditHold.first(Self.byID, [id], in: tx.db) else {
      throw LedgerError.holdNotPending(id: id)
    }
    return hold
  }

  private func pendingHold(_ id: String) throws -> CreditHold {
    let hold = try hold(id)
    guard hold.state == .pending else { throw LedgerError.holdNotPending(id: id) }
    return hold
  }

  private func finish(
    _ hold: CreditHold, as state: CreditHold.State
  ) throws {
    try tx.db.run(
      "UPDATE credit_holds SET state = ?, finished_at = ? WHERE id = ?",
      [state, tx.now.databaseText, hold.id])
    try tx.db.run(
      "UPDATE users SET credit_held_micro = credit_held_micro - ?, updated_at = ? WHERE id = ?",
      [hold.amount, tx.now.databaseText, hold.userID])
  }

  /// A reported cost that is no amount at all (negative, absurd, not a number) counts as none.
  /// If prices go by the hour, that of the usage row counts: from it, the cost is proven later.
  func cost(
    of usage: TokenUsage, for hold: CreditHold, at known: ModelPrice? = nil
  ) throws -> CallCost {
    guard let price = try known ?? tx.pricing.price(id: hold.priceID) else {
      throw LedgerError.noActivePrice(hold.model)
    }
    let reported = usage.reportedCostUSD.flatMap { try? USD(reported: $0) }
    return CallCost(
      table: try rates(of: price).cost(of: usage, at: PriceMoment(tx.now)), reported: reported)
  }

  @discardableResult
  private func log(
    _ call: MeteredCall, _ cost: CallCost, of hold: CreditHold, _ bearer: NewUsage.Bearer,
    limit: Credits? = nil
  ) throws -> Int64 {
    try tx.usage.log(
      NewUsage(
        projectID: hold.projectID, userID: hold.userID, holdID: hold.id, taskType: hold.taskType,
        provider: hold.model.provider, priceID: hold.priceID, call: call, cost: cost,
        terms: try terms.with(markup: hold.markup), bearer: bearer, chargeLimit: limit))
  }

  func rates(of price: ModelPrice) throws -> Rates {
    do {
      return try Rates(price.tariff)
    } catch {
      throw LedgerError.unusablePrice(
        price.model, reason: error.description)
    }
  }
}
