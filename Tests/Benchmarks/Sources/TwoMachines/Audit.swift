import Foundation
import GRDB
import TestSupport

/// What has to be in the database of whoever works, from what people and Telegram know.
struct Audit {
  /// What is not as it must be.
  private(set) var findings: [String] = []
  /// Of the answers, those that came more than once, less their first coming.
  private(set) var repeatedAnswers = 0
  private(set) var repeatedYeses = 0

  /// Reads one moment of it, past the product.
  ///
  /// - Parameter state: Of people who rest, once everything is done.
  init(_ state: People.State, invoices: [String], databasePath: String) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    let file = try DatabaseQueue(path: databasePath, configuration: configuration)
    try file.read { db in
      let faults = try String.fetchAll(db, sql: "PRAGMA integrity_check(5)")
      expect(faults == ["ok"], "the file is damaged: \(faults)")
      try checkUpdates(state, db)
      try checkQuestions(state, db)
      try checkPurchases(state, invoices, db)
    }
    try file.close()
  }

  /// Whether nothing is left to be done; `false` also where the file is just not there.
  static func isQuiet(databasePath: String) -> Bool {
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    guard FileManager.default.fileExists(atPath: databasePath),
      let file = try? DatabaseQueue(path: databasePath, configuration: configuration)
    else { return false }
    defer { try? file.close() }
    let left = try? file.read {
      try Int.fetchOne(
        $0,
        sql: """
          SELECT (SELECT count(*) FROM inbox WHERE state = 'pending')
            + (SELECT count(*) FROM outbox WHERE state = 'queued')
          """)
    }
    return left == 0
  }

  private mutating func expect(_ isTrue: Bool, _ finding: @autoclosure () -> String) {
    if !isTrue { findings.append(finding()) }
  }

  /// Each update has one end.
  private mutating func checkUpdates(_ state: People.State, _ db: Database) throws {
    var states: [Int64: String] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT update_id, state FROM inbox") {
      states[row["update_id"]] = row["state"]
    }
    for update in state.updates {
      let its = states[update]
      if update < state.confirmed {
        expect(its != nil, "update \(update) was confirmed to Telegram and is not there")
      }
      expect(its == nil || its == "done", "update \(update) is \(its ?? "")")
    }
  }

  /// Each answer that came was charged for, once, and nothing else was.
  private mutating func checkQuestions(_ state: People.State, _ db: Database) throws {
    var charges: [Int64: Int] = [:]
    let holds = try String.fetchAll(
      db, sql: "SELECT hold_id FROM api_key_usage WHERE charged_to = 'user'")
    for hold in holds {
      guard let update = hold.firstMatch(of: /^upd([0-9]+):/).flatMap({ Int64($0.1) }) else {
        expect(false, "a charge for \(hold), which is no update")
        continue
      }
      charges[update, default: 0] += 1
    }
    let deductions = try Int.fetchOne(
      db,
      sql: "SELECT count(*) FROM credit_transactions WHERE transaction_type = 'usage_deduction'")
    expect(
      deductions == holds.count, "\(holds.count) calls are charged by \(deductions ?? 0) rows")
    for question in state.questions.values {
      let charged = charges[question.update] ?? 0
      let isAnswered = !question.answers.isEmpty
      expect(
        charged == (isAnswered ? 1 : 0),
        "question \(question.number) came to \(question.answers) and is charged \(charged) times")
      repeatedAnswers += max(0, question.answers.count - 1)
    }
  }

  /// Each invoice that was sent has its order, and each payment stands once.
  private mutating func checkPurchases(
    _ state: People.State, _ invoices: [String], _ db: Database
  ) throws {
    let orders = try Set(String.fetchAll(db, sql: "SELECT id FROM orders"))
    for invoice in Set(invoices) {
      expect(orders.contains(invoice), "the order \(invoice) was offered and is not there")
    }
    let paid = try String.fetchAll(
      db,
      sql: """
        SELECT p.charge_id FROM payments AS p JOIN credit_transactions AS t
        ON t.id = p.transaction_id AND t.external_transaction_id = p.charge_id
        WHERE t.transaction_type = 'purchase'
        """)
    let all = try Int.fetchOne(db, sql: "SELECT count(*) FROM payments") ?? 0
    let due = state.purchases.values.compactMap(\.charge)
    expect(paid.sorted() == due.sorted(), "of \(due.count) payments, \(paid.count) stand")
    expect(all == due.count, "there are \(all) payments, and \(due.count) were made")
    for purchase in state.purchases.values {
      let yeses = purchase.yeses.values.reduce(0) { $0 + $1.count }
      expect(yeses <= 1, "\(purchase.payload) was said yes to \(yeses) times")
    }
    repeatedYeses = state.lateYeses
    for refusal in state.refusals where refusal.contains("no longer know") {
      expect(false, "a payment was refused: \(refusal)")
    }
  }
}
