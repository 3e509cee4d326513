import Foundation
import GRDB
import Metering

/// Nobody makes the house bear without bound what their calls cost.
extension CreditHoldService {
  /// The size, or the largest below it with which the bound cannot be passed. What the call may
  /// cost counts whole, since it may end without an answer.
  ///
  /// - Throws: `LedgerError.lossBoundPassed` where even the shortest useful answer could pass it.
  func withinLossBound(
    _ size: HoldSize, of request: Request, for account: UserAccount
  ) throws -> HoldSize {
    guard let bound = request.lossBound else { return size }
    let terms = try terms.with(markup: request.markup)
    let since = tx.now - .day
    let loss = try tx.usage.houseLoss(ofUser: request.userID, since: since)
      .adding(untoldCost(ofUser: request.userID, since: since))
    guard !terms.chargesNothing else {
      let cost = try rates(of: request.price).bound(
        inputTokens: request.inputTokensBound, outputTokens: size.outputTokens)
      guard try loss.adding(cost.nanoDollars()) <= bound else { throw LedgerError.lossBoundPassed }
      return size
    }
    guard loss > .zero else { return size }
    let cost = try terms.cost(coveredBy: size.amount).nanoDollars()
    if try loss.adding(cost) <= bound { return size }
    guard loss < bound else { throw LedgerError.lossBoundPassed }
    var smaller = request
    smaller.most = min(
      request.payable(by: account), try credits(within: NanoDollars(bound.count - loss.count)))
    do {
      return try self.size(of: smaller, for: account)
    } catch LedgerError.insufficientCredits, LedgerError.capReached {
      throw LedgerError.lossBoundPassed
    }

    func credits(within cost: NanoDollars) throws -> Credits {
      let credits = try terms.charge(for: USD(cost))
      let isWithin = try terms.cost(coveredBy: credits).nanoDollars() <= cost
      return isWithin ? credits : Credits(micro: credits.micro - 1)
    }
  }

  /// What the person's calls that they have stopped may have cost beyond what is booked of them, as
  /// long as no provider has told what they used: some go on to write for nobody. Each is taken for
  /// one that was written to its end.
  private func untoldCost(ofUser userID: Int64, since: Date) throws -> NanoDollars {
    let stopped = try Row.fetchAll(
      tx.db.cachedStatement(
        sql: """
          SELECT hold_id, actual_cost_nanousd FROM api_key_usage
          WHERE user_id = ? AND created_at >= ? AND is_estimate = 1
            AND (charge_limit_micro IS NOT NULL
              OR loss_cause = 'failed_call' AND (look_up_after IS NOT NULL OR look_ups > 0))
          """), arguments: [userID, since.databaseText])
    return try stopped.reduce(.zero) { sum, row in
      let hold = try hold(row["hold_id"])
      let whole = TokenUsage(
        inputTokens: hold.inputTokensEstimate, outputTokens: hold.outputTokensCap)
      let most = try cost(of: whole, for: hold).actual.nanoDollars()
      let booked: NanoDollars = row["actual_cost_nanousd"]
      return try sum.adding(NanoDollars(max(0, most.count - booked.count)))
    }
  }
}
