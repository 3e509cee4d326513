import Foundation
import GRDB
@testable import Ledger

/// What people buy and are given, in the model's words.
extension RealLedger {
  func sell(_ operation: Operation, at now: Date, in db: Database) throws -> String {
    switch operation {
    case .order(let user, let package): return try order(package, for: user, at: now, in: db)
    case .pay(let payment): return try pay(payment, at: now, in: db)
    case .requestRefund(let charge, let isForced):
      let (refund, isNew) = try RefundService().request(
        chargeID: "charge\(charge)", isForced: isForced, by: .shell, at: now, in: db)
      let kind = !isNew ? "old refund" : refund.loss > .zero ? "forced refund" : "new refund"
      return "\(kind) \(refund.id): \(refund.words)"
    case .endRefund(let number, true):
      return try RefundService().confirm(Int64(number), at: now, in: db) ? "done" : "no news"
    case .endRefund(let number, false):
      let isNews = try RefundService().fail(Int64(number), because: "no", at: now, in: db)
      return isNews ? "given again" : "no news"
    case .refundedOutside(let charge):
      let refund = try RefundService().bookRefunded(chargeID: "charge\(charge)", at: now, in: db)
      guard let refund else { return "no news" }
      return refund.requester == .telegram
        ? "done elsewhere: refund \(refund.id), \(refund.words)"
        : "done as we asked: refund \(refund.id)"
    case .makeCode(let code, let credits, let uses, let lifetime):
      _ = try PromotionCodeService().create(
        "code\(code)", credits: Credits(micro: credits), maximumUses: uses,
        expiresAt: now.addingTimeInterval(Double(lifetime) / 1_000), at: now, in: db)
      return "made"
    case .redeem(let code, let user): return try redeem(code, by: user, at: now, in: db)
    case .invite(let newcomer, let inviter):
      return try invite(newcomer, by: inviter, at: now, in: db)
    case .thank(let newcomer, let credits):
      return try thank(newcomer, Credits(micro: credits), at: now, in: db)
    case .block(let user, let isBlocked):
      let account = try account(user, in: db)
      try UserService().setBlocked(isBlocked, userID: account.id, at: now, in: db)
      return "set"
    case .erase(let user):
      let account = try account(user, in: db)
      guard account.telegramUserID > 0 else { return "gone before" }
      try UserErasure().erase(account, at: now, in: db)
      return "erased, forfeits \(account.balance.micro)"
    default: return "no such operation"
    }
  }

  private func account(_ user: Int, in db: Database) throws -> UserAccount {
    try UserService().account(id: Int64(user), in: db)
  }

  private func order(
    _ package: Int, for user: Int, at now: Date, in db: Database
  ) throws -> String {
    let before = try Int.fetchOne(db, sql: "SELECT count(*) FROM orders") ?? 0
    let offer = Offer.all[package]
    let order = try OrderService().open(
      CreditPackage(
        name: "package", credits: Credits(micro: offer.credits), bonus: Credits(micro: offer.bonus),
        price: offer.stars),
      userID: Int64(user), at: now, in: db)
    let number = try Int.fetchOne(
      db, sql: "SELECT rowid FROM orders WHERE id = ?", arguments: [order.id])
    return "\(number == before + 1 ? "new" : "old") order \(number ?? 0)"
  }

  private func pay(_ paid: Operation.Payment, at now: Date, in db: Database) throws -> String {
    let order = try String.fetchOne(
      db, sql: "SELECT id FROM orders WHERE rowid = ?", arguments: [paid.order])
    let report = PaymentService.Report(
      chargeID: "charge\(paid.charge)", payer: paid.payer, payload: order ?? "no order",
      currency: paid.currency, amount: paid.stars, paidAt: now,
      source: paid.isListed ? .statement : .update)
    let isKnown = try PaymentService().find(report.chargeID, in: db) != nil
    switch try PaymentService().book(report, at: now, in: db) {
    case .credited(_, let row):
      let anew = isKnown ? "anew " : ""
      return "credited \(anew)\(row.amount.micro), left \(row.balanceAfter.micro)"
    case .unmatched(let flaw): return "set aside: \(flaw)"
    case .known(let payment): return "known payment \(payment.id)"
    }
  }

  private func redeem(_ code: Int, by user: Int, at now: Date, in db: Database) throws -> String {
    let outcome = try PromotionCodeService().redeem(
      "code\(code)", by: try account(user, in: db), at: now, in: db)
    return switch outcome {
    case .redeemed(let row): "redeemed \(row.amount.micro)"
    case .usedBefore: "used before"
    case .notValid: "not valid"
    case .tooManyFailures: "too many failures"
    case .returning: "returning"
    }
  }

  private func invite(
    _ newcomer: Int, by inviter: Int, at now: Date, in db: Database
  ) throws -> String {
    let account = try account(newcomer, in: db)
    let code = try ReferralService().code(of: try self.account(inviter, in: db), at: now, in: db)
    try ReferralService().note(code: code, newcomer: account, in: db)
    let found = try self.account(newcomer, in: db).referredBy
    return found.map { "invited by \($0)" } ?? "invited by nobody"
  }

  private func thank(
    _ newcomer: Int, _ credits: Credits, at now: Date, in db: Database
  ) throws -> String {
    let account = try account(newcomer, in: db)
    let thanks = try ReferralService().thank(for: account, credits: credits, at: now, in: db)
    guard let thanks, let inviter = account.referredBy else { return "nobody" }
    if thanks.inviter != nil { return "thanked both" }
    let isGone = try self.account(Int(inviter), in: db).telegramUserID < 0
    return "thanked the newcomer alone, the inviter is \(isGone ? "gone" : "blocked")"
  }
}

extension Refund {
  fileprivate var words: String {
    "takes \(clawback.micro), loses \(loss.micro), \(state.rawValue)"
  }
}

// MARK: - State

extension RealLedger {
  static let orders = """
    SELECT format('order %d of user %d: %d and %d for %d, %s', rowid, user_id, credits_micro,
      bonus_micro, price_stars, state)
    FROM orders WHERE state = 'open' OR ? ORDER BY rowid
    """
  static let payments = """
    SELECT format('payment %d: %s of %d, order %d, %d %s, journal %d, %s', p.id, p.charge_id,
      coalesce(p.payer_telegram_user_id, 0), coalesce(o.rowid, 0), p.amount, p.currency,
      coalesce(p.transaction_id, 0), coalesce(p.flaw, ''))
    FROM payments p LEFT JOIN orders o ON o.id = p.order_id WHERE p.id > ? ORDER BY p.id
    """
  static let refunds = """
    SELECT format('refund %d of payment %d: takes %d, loses %d, %s, journal %d and %d, by %s', id,
      payment_id, clawback_micro, loss_micro, state, coalesce(transaction_id, 0),
      coalesce(reversal_transaction_id, 0), requested_by)
    FROM refunds WHERE state = 'pending' OR ? ORDER BY id
    """
  static let endedRefunds = """
    SELECT format('%d refunds done, %d failed', count(iif(state = 'done', 1, NULL)),
      count(iif(state = 'failed', 1, NULL)))
    FROM refunds
    """
  static let codes = """
    SELECT format('%s: %d, %d of %d uses', code, credits_micro, uses, most_uses)
    FROM promotion_codes ORDER BY CAST(substr(code, 5) AS INTEGER)
    """
}
