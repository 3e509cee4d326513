import Foundation
import GRDB
@testable import Ledger

/// What people buy and are given, in the model's words.
extension RealLedger {
  func sell(_ operation: Operation, in tx: LedgerTransaction) throws -> String {
    switch operation {
    case .order(let user, let package): return try order(package, for: user, in: tx)
    case .pay(let payment): return try pay(payment, in: tx)
    case .requestRefund(let charge, let isForced):
      let (refund, isNew) = try tx.refunds.request(
        chargeID: "charge\(charge)", isForced: isForced, by: .shell)
      let kind = !isNew ? "old refund" : refund.loss > .zero ? "forced refund" : "new refund"
      return "\(kind) \(refund.id): \(refund.words)"
    case .endRefund(let number, true):
      return try tx.refunds.confirm(Int64(number)) ? "done" : "no news"
    case .endRefund(let number, false):
      let isNews = try tx.refunds.fail(Int64(number), because: "no")
      return isNews ? "given again" : "no news"
    case .refundedOutside(let charge):
      let refund = try tx.refunds.bookRefunded(chargeID: "charge\(charge)")
      guard let refund else { return "no news" }
      return refund.requester == .telegram
        ? "done elsewhere: refund \(refund.id), \(refund.words)"
        : "done as we asked: refund \(refund.id)"
    case .makeCode(let code, let credits, let uses, let lifetime):
      _ = try tx.promotionCodes.create(
        "code\(code)", credits: Credits(micro: credits), maximumUses: uses,
        expiresAt: tx.now.addingTimeInterval(Double(lifetime) / 1_000))
      return "made"
    case .redeem(let code, let user): return try redeem(code, by: user, in: tx)
    case .invite(let newcomer, let inviter):
      return try invite(newcomer, by: inviter, in: tx)
    case .thank(let newcomer, let credits, let isSelling):
      return try thank(newcomer, Credits(micro: credits), isSelling, in: tx)
    case .block(let user, let isBlocked):
      let account = try account(user, in: tx)
      try tx.users.setBlocked(isBlocked, userID: account.id)
      return "set"
    case .erase(let user):
      let account = try account(user, in: tx)
      guard account.telegramUserID > 0 else { return "gone before" }
      try tx.erasure.erase(account)
      return "erased, forfeits \(account.balance.micro)"
    default: return "no such operation"
    }
  }

  private func account(_ user: Int, in tx: LedgerTransaction) throws -> UserAccount {
    try tx.users.account(id: Int64(user))
  }

  private func order(
    _ package: Int, for user: Int, in tx: LedgerTransaction
  ) throws -> String {
    let before = try Int.fetchOne(tx.db, sql: "SELECT count(*) FROM orders") ?? 0
    let offer = Offer.all[package]
    let order = try tx.orders.open(
      CreditPackage(
        name: "package", credits: Credits(micro: offer.credits), bonus: Credits(micro: offer.bonus),
        price: offer.stars),
      userID: Int64(user))
    let number = try Int.fetchOne(
      tx.db, sql: "SELECT rowid FROM orders WHERE id = ?", arguments: [order.id])
    return "\(number == before + 1 ? "new" : "old") order \(number ?? 0)"
  }

  private func pay(_ paid: Operation.Payment, in tx: LedgerTransaction) throws -> String {
    let order = try String.fetchOne(
      tx.db, sql: "SELECT id FROM orders WHERE rowid = ?", arguments: [paid.order])
    let report = ReportedPayment(
      chargeID: "charge\(paid.charge)", payer: paid.payer, payload: order ?? "no order",
      currency: paid.currency, amount: paid.stars, paidAt: tx.now,
      source: paid.isListed ? .statement : .update)
    let isKnown = try tx.payments.find(report.chargeID) != nil
    switch try tx.payments.book(report) {
    case .credited(_, let row):
      let anew = isKnown ? "anew " : ""
      return "credited \(anew)\(row.amount.micro), left \(row.balanceAfter.micro)"
    case .unmatched(let flaw): return "set aside: \(flaw)"
    case .known(let payment): return "known payment \(payment.id)"
    }
  }

  private func redeem(_ code: Int, by user: Int, in tx: LedgerTransaction) throws -> String {
    let outcome = try tx.promotionCodes.redeem(
      "code\(code)", by: try account(user, in: tx))
    return switch outcome {
    case .redeemed(let row): "redeemed \(row.amount.micro)"
    case .usedBefore: "used before"
    case .notValid: "not valid"
    case .revoked: "revoked"
    case .tooManyFailures: "too many failures"
    case .returning: "returning"
    }
  }

  private func invite(
    _ newcomer: Int, by inviter: Int, in tx: LedgerTransaction
  ) throws -> String {
    let account = try account(newcomer, in: tx)
    let code = try tx.referrals.code(of: try self.account(inviter, in: tx))
    try tx.referrals.note(code: code, newcomer: account)
    let found = try self.account(newcomer, in: tx).referredBy
    return found.map { "invited by \($0)" } ?? "invited by nobody"
  }

  private func thank(
    _ newcomer: Int, _ credits: Credits, _ isSelling: Bool, in tx: LedgerTransaction
  ) throws -> String {
    let account = try account(newcomer, in: tx)
    let thanks = try tx.referrals.thank(for: account, credits: credits, isSelling: isSelling)
    guard let thanks, let inviterID = account.referredBy else { return "nobody" }
    if thanks.newcomer == nil { return "thanked the inviter alone" }
    if thanks.inviter != nil { return "thanked both" }
    let inviter = try self.account(Int(inviterID), in: tx)
    if inviter.telegramUserID < 0 { return "thanked the newcomer alone, the inviter is gone" }
    if inviter.isBlocked { return "thanked the newcomer alone, the inviter is blocked" }
    return "thanked the newcomer alone, who has spent too little"
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
