import Foundation
import GRDB
@testable import Ledger

extension CreditPackage {
  /// 550 credits for 250 Stars.
  static let small = CreditPackage(
    name: "Small", credits: Credits(micro: 500_000_000), bonus: Credits(micro: 50_000_000),
    price: 250)
  static let monthly = CreditPackage(
    name: "Monthly", credits: Credits(micro: 300_000_000), price: 100, isMonthly: true)
}

extension ReportedPayment {
  /// What Telegram says once the order is paid as it should be.
  init(_ charge: String, _ order: Order, payer: Int64 = 1, at date: Date = now) {
    self.init(
      chargeID: charge, payer: payer, payload: order.id, currency: "XTR",
      amount: order.package.price, paidAt: date, source: .update)
  }
}

extension LedgerFile {
  func order(_ package: CreditPackage = .small, by user: UserAccount) throws -> Order {
    try write { try $0.orders.open(package, userID: user.id) }
  }

  @discardableResult
  func book(_ report: ReportedPayment, at date: Date = now) throws -> PaymentService.Outcome {
    try write(at: date) { try $0.payments.book(report) }
  }

  /// Books a payment of 550 credits.
  @discardableResult
  func pay(
    _ charge: String = "charge", by user: UserAccount, at date: Date = now
  ) throws -> PaymentService.Outcome {
    let order = try order(by: user)
    return try book(.init(charge, order, payer: user.telegramUserID, at: date), at: date)
  }

  /// Moves the balance by hand; negative where it is to look as if credits had been spent.
  func adjust(_ user: UserAccount, by amount: String, key: String = "adjustment") throws {
    try write { tx in
      _ = try tx.transactions.record(
        NewTransaction(
          userID: user.id, type: .manualAdjustment, amount: Credits(parsing: amount),
          idempotencyKey: key, description: "test"))
    }
  }

  func count(_ table: String) throws -> Int {
    try write { try Int.fetchOne($0.db, sql: "SELECT count(*) FROM \(table)") ?? 0 }
  }
}
