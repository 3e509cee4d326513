import Foundation
import GRDB

/// What is made: so many journal rows of so many people, of which so many in a hundred charge for
/// calls. All but the newest are spread over the years before the last month.
struct Plan {
  var rows: Int
  var people: Int
  var callsInHundred: Int

  /// Of the last month, whatever the size: what is asked about it has the same answer.
  var recent: Int { min(rows / 2, 5_000) }

  static let years = 5.0
  static let month = 30 * 86_400.0
}

/// Rows as the ledger would have written them, put into its tables in bulk. Each person has the
/// same number of them, in turn.
struct Rows {
  private let plan: Plan
  private let now = Date()
  private let priceID: Int64
  private var balances: [Int64]
  private let time: DateFormatter

  /// Of a person's first row, in micro-credits: more than all that follows takes.
  private static let firstGrant: Int64 = 10_000_000_000
  private static let rowsPerTransaction = 200_000

  /// Calls at 0.30 USD for a million tokens that go in and 2.50 for those that come out, charged
  /// at 1.5 times their cost where a credit is 0.01 USD.
  private struct Call {
    var input: Int
    var output: Int
    var cost: String
    var nanoDollars: Int64
    var charge: Int64
  }
  private static let calls = [
    Call(input: 1_000, output: 100, cost: "0.00055", nanoDollars: 550_000, charge: 82_500),
    Call(input: 1_000, output: 200, cost: "0.0008", nanoDollars: 800_000, charge: 120_000),
    Call(input: 1_000, output: 1_000, cost: "0.0028", nanoDollars: 2_800_000, charge: 420_000),
    Call(input: 2_000, output: 400, cost: "0.0016", nanoDollars: 1_600_000, charge: 240_000),
  ]

  init(_ plan: Plan, in db: Database) throws {
    self.plan = plan
    balances = Array(repeating: 0, count: plan.people)
    time = DateFormatter()
    time.locale = Locale(identifier: "en_US_POSIX")
    time.timeZone = TimeZone(identifier: "UTC")
    time.dateFormat = "yyyy-MM-dd HH:mm:ss.SSS"
    let begun = time.string(from: now - Plan.years * 365 * 86_400)
    try db.execute(
      sql: """
        INSERT INTO model_pricing (model_provider, model_name, input_cost_per_million_tokens,
          output_cost_per_million_tokens, is_active, created_at, updated_at)
        VALUES ('google', 'big', '0.30', '2.50', 1, ?, ?)
        """, arguments: [begun, begun])
    priceID = db.lastInsertedRowID
    let people = try db.makeStatement(
      sql: """
        INSERT INTO users (id, telegram_user_id, first_name, language_code, created_at, updated_at)
        VALUES (?, ?, 'P', 'en', ?, ?)
        """)
    for person in 1...plan.people {
      // As `LoadTelegram` counts people.
      try people.execute(arguments: [person, 999 + person, begun, begun])
    }
  }

  /// Makes all rows, and tells how many there are after each transaction.
  mutating func make(in queue: DatabaseQueue, progress: (Int) -> Void) throws {
    for first in stride(from: 0, to: plan.rows, by: Self.rowsPerTransaction) {
      let range = first..<min(first + Self.rowsPerTransaction, plan.rows)
      try queue.write { db in try make(range, in: db) }
      progress(range.upperBound)
    }
    try queue.write { db in
      let balance = try db.makeStatement(
        sql: "UPDATE users SET credit_balance_micro = ? WHERE id = ?")
      for (index, micro) in balances.enumerated() {
        try balance.execute(arguments: [micro, index + 1])
      }
    }
  }

  private mutating func make(_ range: Range<Int>, in db: Database) throws {
    let journal = try db.makeStatement(
      sql: """
        INSERT INTO credit_transactions (id, user_id, api_key_usage_id, transaction_type,
          credits_amount_micro, balance_after_micro, real_cost_associated_nanousd,
          external_transaction_id, idempotency_key, description, created_at, hold_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    let holds = try db.makeStatement(sql: Self.hold)
    let usage = try db.makeStatement(sql: Self.usage)
    for index in range {
      let (person, id, date) = (index % plan.people, index + 1, date(ofRow: index))
      var type = "manual_adjustment"
      var amount: Int64 = index.isMultiple(of: 2) ? 1_000_000 : -1_000_000
      var (usageID, hold, charge): (Int?, String?, String?) = (nil, nil, nil)
      var cost: Int64?
      let turn = index / plan.people
      if turn == 0 {
        (type, amount) = ("initial_grant", Self.firstGrant)
      } else if (turn &* 37 &+ person) % 100 < plan.callsInHundred {
        let call = Self.calls[(turn &+ person) % Self.calls.count]
        let name = "upd\(id):chat:1"
        try holds.execute(arguments: [
          name, person + 1, call.charge, priceID, call.input, call.output, date, date, date, date,
        ])
        try usage.execute(arguments: [
          id, person + 1, name, call.input, call.output, call.nanoDollars, call.cost, call.cost,
          300 + turn % 4_000, priceID, date,
        ])
        (type, amount, usageID, hold) = ("usage_deduction", -call.charge, id, name)
        cost = call.nanoDollars
      } else if (turn &* 37 &+ person) % 1_000 == 999 {
        (type, amount, charge) = ("purchase", 100_000_000, "charge-\(id)")
        try sell(id, to: person, at: date, in: db)
      }
      balances[person] += amount
      try journal.execute(arguments: [
        id, person + 1, usageID, type, amount, balances[person], cost, charge,
        String(format: "big:%010d", id), type, date, hold,
      ])
      if let charge { try pay(id, charge, by: person, at: date, in: db) }
    }
  }

  /// In order: years for most, a month for the last ones.
  private func date(ofRow index: Int) -> String {
    let old = plan.rows - plan.recent
    let span = Plan.years * 365 * 86_400 - Plan.month
    let age =
      index < old
      ? Plan.month + span * (1 - Double(index) / Double(old))
      : Plan.month * (1 - Double(index - old) / Double(plan.recent))
    return time.string(from: now - age)
  }

  private func sell(_ id: Int, to person: Int, at date: String, in db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO orders (id, user_id, package_name, credits_micro, bonus_micro, currency,
          price_stars, is_monthly, state, created_at, updated_at)
        VALUES (?, ?, 'Small', 100000000, 0, 'XTR', 100, 0, 'paid', ?, ?)
        """
    ).execute(arguments: ["order-\(id)", person + 1, date, date])
  }

  private func pay(
    _ id: Int, _ charge: String, by person: Int, at date: String, in db: Database
  ) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO payments (charge_id, payer_telegram_user_id, order_id, currency, amount,
          transaction_id, learned_from, paid_at, created_at)
        VALUES (?, ?, ?, 'XTR', 100, ?, 'update', ?, ?)
        """
    ).execute(arguments: [charge, 1_000 + person, "order-\(id)", id, date, date])
  }

  private static let hold = """
    INSERT INTO credit_holds (id, user_id, amount_micro, state, task_type, model_provider,
      model_name, model_pricing_id, input_tokens_estimate, output_tokens_cap, sent_at, created_at,
      deadline_at, finished_at)
    VALUES (?, ?, ?, 'settled', 'chat', 'google', 'big', ?, ?, ?, ?, ?, ?, ?)
    """

  private static let usage = """
    INSERT INTO api_key_usage (id, user_id, hold_id, api_key_identifier, model_provider, model_name,
      task_type, input_tokens_used, output_tokens_used, actual_cost_nanousd, actual_cost_usd,
      table_cost_usd, credit_value_usd, markup, response_time_ms, model_pricing_id, charged_to,
      created_at)
    VALUES (?, ?, ?, 'none', 'google', 'big', 'chat', ?, ?, ?, ?, ?, '0.01', '1.5', ?, ?, 'user', ?)
    """
}
