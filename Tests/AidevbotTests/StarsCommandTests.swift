import Foundation
import GRDB
import Testing
import TestSupport

/// Telegram's own list of Stars against the ledger.
@Suite("aidevbot stars")
struct StarsCommandTests {
  /// A bot that has seen every update, and one that has seen none since the orders were taken.
  @Test func reconcilesFromNothingToTheSameBooks() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      let copy = try await world.sellInEveryWay()
      try await world.waitUntilAllIsDone()
      try await world.stop(daemon)
      let live = try world.books(at: world.databasePath)
      #expect(live.balances == ["42: 2350000000", "43: 100000000", "44: 100000000"])
      #expect(live.purchases.count == 6)
      #expect(
        live.refunds == ["builder-1: done, 1050000000, 0", "starter-2: done, 250000000, 0"])
      #expect(live.subscriptions == ["month-1: active"])
      #expect(try world.books(at: copy).purchases.isEmpty)

      let walk = try await world.stars("reconcile", at: copy)
      // One of the payments fits no order, which somebody has to look at.
      #expect(walk.status == 1)
      #expect(walk.outputLines.count == 1 + 8)
      for finding in [
        "credited now: 250 credits to user 42", "credited now: 1050 credits to user 43",
        "credited now: 1000 credits to user 42", "refunded: 1050.00 credits taken back, 0.00 lost",
        "unexplained: a payment that credits nothing: its order costs 850 Stars",
      ] {
        #expect(walk.output.contains(finding), "\(walk.output)")
      }
      #expect(try world.books(at: copy) == live)

      let again = try await world.stars("reconcile", at: copy)
      #expect(again.status == 0)
      #expect(again.output == "Nothing new in Telegram's list of Stars.\n")
      let json = try await world.stars("reconcile", "--json", at: copy)
      #expect(json.status == 0)
      #expect(try JSONValue(json: Data(json.output.utf8)) == [])
      for path in [copy, world.databasePath] {
        let balance = try await world.stars("balance", at: path)
        #expect(balance.status == 0)
        #expect(balance.output == "At Telegram: 2200 Stars\nBy its list: 2200 Stars\nThey agree.\n")
        #expect(try world.books(at: path) == live)
        let verdict = try await world.aidevbot(
          "ledger", "verify", changing: ["DATABASE_PATH": path])
        #expect(verdict.status == 0, "\(verdict.output)")
      }
    }
  }

  @Test func takesAWithdrawalForTheOperators() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      try await world.stop(daemon)
      world.telegram.starTransaction(.withdrawal("w-1", stars: 120))
      let walk = try await world.stars("reconcile", "--json")
      #expect(walk.status == 0)
      let lines = try JSONValue(json: Data(walk.output.utf8)).array ?? []
      #expect(lines.map { $0["finding"] } == ["booked before", "withdrawal"])
      #expect(lines.map { $0["id"] } == ["stx-1", "w-1"])
      #expect(lines.map { $0["direction"] } == ["in", "out"])
      #expect(lines.map { $0["stars"] } == [200, 120])
      #expect(lines.last?["happened_at"] == "2025-11-24T16:00:00Z")
      let balance = try await world.stars("balance", "--json")
      #expect(balance.status == 0)
      #expect(
        try JSONValue(json: Data(balance.output.utf8))
          == ["agree": true, "listed": "80", "telegram": "80"])
      #expect(try world.balance() == 350_000_000)
    }
  }

  @Test(arguments: ["gift_purchase", "premium_purchase", "business_account_transfer"])
  func alertsOfStarsThatNobodyExplains(kind: String) async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      try await world.stop(daemon)
      world.telegram.starTransaction(.incoming("g-1", stars: 50, kind: kind))
      let walk = try await world.stars("reconcile")
      #expect(walk.status == 1)
      #expect(walk.output.contains("unexplained: of the kind \(kind)"), "\(walk.output)")
      #expect(walk.errors.contains("an entry that cannot be explained"))
      // It is said once; the books and the balance are not touched.
      let again = try await world.stars("reconcile")
      #expect(again.status == 0)
      #expect(try await world.stars("balance").status == 0)
      #expect(try world.balance() == 350_000_000)

      let last = try await world.openShop()
      let alert = try await world.message(with: "an entry that I cannot explain").text
      #expect(alert.hasSuffix("50 Stars in, of the kind \(kind). Its id: g-1"))
      try await world.waitUntilAllIsDone()
      try await world.stop(last)
      #expect(
        world.telegram.state.value.messages(to: World.administrator, with: "explain").count == 1)
      try await world.expectNothingLeft()
    }
  }

  @Test func listsWhatIsUnexplainedAndTakesWhatIsOlderForTheEarlierBots() async throws {
    try await World.run { world in
      let none = try await world.aidevbot("stars", "unexplained")
      #expect(none.status == 78)
      let daemon = try await world.openShop()
      try await world.stop(daemon)
      #expect(
        try await world.aidevbot("stars", "unexplained").output == "Nothing is unexplained.\n")
      world.telegram.starTransaction(
        .incoming(
          "i-1", stars: 50, kind: "invoice_payment", at: Date(timeIntervalSince1970: 1_700_000_000))
      )
      let walk = try await world.stars("reconcile")
      #expect(walk.status == 0)
      let reason = "a payment that credits nothing: it names no order of ours"
      #expect(walk.output.contains("older than this database: \(reason)"), "\(walk.output)")
      world.telegram.starTransaction(.incoming("i-2", stars: 60, kind: "invoice_payment"))
      #expect(try await world.stars("reconcile").status == 1)

      let json = try await world.aidevbot("stars", "unexplained", "--json")
      #expect(json.status == 0)
      let rows = try JSONValue(json: Data(json.output.utf8)).array ?? []
      #expect(rows.map { $0["id"] } == ["i-1", "i-2"])
      #expect(rows.map { $0["direction"] } == ["in", "in"])
      #expect(rows.map { $0["finding"] } == [.string(reason), .string(reason)])
      #expect(rows.first?["happened_at"] == "2023-11-14T22:13:20Z")
      let table = try await world.aidevbot("stars", "unexplained")
      #expect(table.outputLines.count == 1 + 2)
    }
  }

  @Test func saysWhereTheBalanceDiffers() async throws {
    try await World.run { world in
      let daemon = try await world.openShop()
      try await world.buyStarter("stx-1")
      try await world.stop(daemon)
      let answer = #"{"ok":true,"result":{"amount":199,"nanostar_amount":500000000}}"#
      world.telegram.fail(
        "getMyStarBalance", with: .reply(.json(answer)), .reply(.json(answer)))
      let balance = try await world.stars("balance")
      #expect(balance.status == 1)
      #expect(
        balance.output
          == "At Telegram: 199.5 Stars\nBy its list: 200 Stars\nThey differ by -0.5 Stars.\n")
      let json = try await world.stars("balance", "--json")
      #expect(json.status == 1)
      #expect(try JSONValue(json: Data(json.output.utf8))["agree"] == false)
    }
  }

  @Test func showsWhatIsForSaleAndWhatIsLeftOfIt() async throws {
    try await World.run { world in
      let table = try await world.stars("packages")
      #expect(table.status == 0)
      #expect(table.outputLines.count == 5)
      #expect(table.output.contains("Monthly (monthly)"))
      let json = try await world.stars("packages", "--json")
      let rows = try JSONValue(json: Data(json.output.utf8)).array ?? []
      #expect(rows.map { $0["name"] } == ["Starter", "Builder", "Studio", "Monthly"])
      #expect(rows.map { $0["stars"] } == [200, 850, 2200, 800])
      #expect(rows.map { $0["monthly"] } == [false, false, false, true])
      // 250 credits cost 250 × 0.01 ÷ 1.5 = 1.67 of the 2.60 dollars.
      #expect(rows.first?["margin_percent"] == .number(35.8))
      let none = try await world.aidevbot(
        "stars", "packages", changing: ["STARS_PACKAGES": "none"])
      #expect(none.output == "Nothing is for sale.\n")
    }
  }
}

/// What two files must have in common if they know of the same Stars.
private struct Books: Equatable {
  var balances: [String]
  var purchases: [String]
  var refunds: [String]
  var subscriptions: [String]
}

extension World {
  fileprivate func stars(
    _ arguments: String..., at path: String? = nil
  ) async throws -> ChildProcess.Ending {
    var changes = Self.shop
    if let path { changes["DATABASE_PATH"] = path }
    return try await start(["stars"] + arguments, changing: changes).waitForExit()
  }

  /// Orders, a copy of the file, and then payments and refunds of every kind: by 42 and 43; 44 buys
  /// nothing.
  ///
  /// - Returns: The path of the copy.
  fileprivate func sellInEveryWay() async throws -> String {
    for user in Int64(42)...44 { try await openAccount(of: user) }
    let (starter, builder) = (try await order("Starter"), try await order("Builder", by: 43))
    telegram.callback("buy:Monthly", from: 42)
    try await message(with: "Monthly", to: 42)
    let link = try #require(telegram.state.value.invoiceLinks.last)
    try await waitUntilAllIsDone()
    let copy = folder.appendingPathComponent("copy.sqlite").path
    try damage("VACUUM INTO '\(copy)'")

    try await pay(starter, "starter-1")
    try await pay(starter, "starter-2")
    try await pay(builder, "builder-1", by: 43)
    let month: Int64 = 2_592_000
    let now = Int64(Date().timeIntervalSince1970)
    for (number, isFirst) in [(Int64(1), true), (2, false)] {
      telegram.payment(
        payload: link.payload, amount: 800, chargeID: "month-\(number)", from: 42,
        subscriptionUntil: now + number * month, isFirstRecurring: isFirst)
      try await wait(
        for: "month \(number)",
        untilThereIs: "SELECT count(*) FROM payments WHERE charge_id = 'month-\(number)'")
    }
    try await pay(builder, "builder-2", by: 43, amount: 400)
    try await ask("/refund starter-2", from: Self.administrator)
    try await message(with: "Your payment of 200 Stars was refunded", to: 42)
    telegram.refund(chargeID: "builder-1")
    try await message(with: "Your payment of 850 Stars was refunded", to: 43)
    return copy
  }

  fileprivate func books(at path: String) throws -> Books {
    try DatabaseQueue(path: path).read { db in
      Books(
        balances: try String.fetchAll(
          db,
          sql: """
            SELECT format('%d: %d', telegram_user_id, credit_balance_micro) FROM users
            ORDER BY telegram_user_id
            """),
        purchases: try String.fetchAll(
          db,
          sql: """
            SELECT format('%s: %d to %d, %s', p.charge_id, coalesce(t.credits_amount_micro, 0),
              coalesce(t.user_id, 0), coalesce(p.flaw, 'right'))
            FROM payments p LEFT JOIN credit_transactions t ON t.id = p.transaction_id
            ORDER BY p.charge_id
            """),
        refunds: try String.fetchAll(
          db,
          sql: """
            SELECT format('%s: %s, %d, %d', p.charge_id, r.state, r.clawback_micro, r.loss_micro)
            FROM refunds r JOIN payments p ON p.id = r.payment_id ORDER BY p.charge_id
            """),
        subscriptions: try String.fetchAll(
          db, sql: "SELECT charge_id || ': ' || state FROM subscriptions ORDER BY charge_id"))
    }
  }
}

extension JSONValue {
  /// Stars from a person, for something else than an invoice.
  fileprivate static func incoming(
    _ id: String, stars: Int64, kind: String, at time: Date = Date()
  ) -> JSONValue {
    [
      "id": .string(id), "amount": .integer(stars),
      "date": .integer(Int64(time.timeIntervalSince1970)),
      "source": [
        "type": "user", "transaction_type": .string(kind),
        "user": ["id": 42, "is_bot": false, "first_name": "Ada"],
      ],
    ]
  }
}
