import Metering
import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("UserErasure")
struct UserErasureTests {
  private static let person: Int64 = 7_319_264_508
  private static let traces = ["7319264508", "countess", "Augusta", "Byron", "tlh"]

  private let file: LedgerFile

  init() throws {
    file = try LedgerFile()
  }

  private func register() throws -> (account: UserAccount, isNew: Bool) {
    try file.write { db in
      try UserService().register(
        Profile(
          telegramUserID: Self.person, username: "countess", firstName: "Augusta",
          languageCode: "tlh"),
        initialGrant: Credits(parsing: "100"), at: now, in: db)
    }
  }

  private func erase() throws {
    try file.write { db in
      try UserErasure().erase(
        try UserService().account(telegramUserID: Self.person, in: db), at: now, in: db)
    }
  }

  /// Leaves something in every table that knows of people.
  private func live() throws -> UserAccount {
    let account = try register().account
    let inviter = try file.user(2)
    try file.pay("one", by: account)
    try file.pay("two", by: account)
    var monthly = PaymentService.Report(
      "three", try file.order(.monthly, by: account), payer: Self.person)
    monthly.subscription = (now.addingTimeInterval(2_592_000), true)
    try file.book(monthly)
    var odd = PaymentService.Report("odd", try file.order(by: account), payer: Self.person)
    odd.payload = "no order of ours"
    try file.book(odd)
    try call(by: account)
    try file.write { db in
      let refunds = RefundService()
      let done = try refunds.request(chargeID: "one", isForced: false, by: .shell, at: now, in: db)
      _ = try refunds.confirm(done.refund.id, at: now, in: db)
      let failed = try refunds.request(
        chargeID: "two", isForced: false, by: .shell, at: now, in: db)
      _ = try refunds.fail(failed.refund.id, because: "no Stars left", at: now, in: db)
      let codes = PromotionCodeService()
      _ = try codes.create(
        "SPRING", credits: Credits(micro: 1), maximumUses: 1, expiresAt: .distantFuture, at: now,
        in: db)
      _ = try codes.redeem("SPRING", by: account, at: now, in: db)
      _ = try codes.redeem("GUESS", by: account, at: now, in: db)
      let referrals = ReferralService()
      _ = try referrals.code(of: account, at: now, in: db)
      try referrals.note(
        code: try referrals.code(of: inviter, at: now, in: db), newcomer: account, in: db)
      _ = try referrals.thank(
        for: try UserService().account(id: account.id, in: db), credits: Credits(micro: 5),
        at: now, in: db)
      try db.execute(
        sql: """
          INSERT INTO projects (id, user_id, title, description, status, tech_stack,
            current_todo_markdown, created_at, updated_at)
          VALUES ('p', :user, 'Byron''s poems', 'by Augusta', 'active', 'Augusta', 'Byron', '', '')
          """, arguments: ["user": account.id])
      try UserService().setActiveProject("p", ofUser: account.id, at: now, in: db)
    }
    return try file.account(Self.person)
  }

  private func call(by account: UserAccount) throws {
    let price = try file.price()
    try file.write { db in
      let holds = CreditHoldService(
        terms: try BillingTerms(creditValueUSD: "0.01", markup: "1.5"))
      let hold = try holds.take(
        CreditHoldService.Request(
          userID: account.id, projectID: nil, work: "upd1:chat", taskType: "chat", price: price,
          inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
          deadline: now.addingTimeInterval(600)),
        at: now, in: db)
      let call = MeteredCall(
        usage: TokenUsage(inputTokens: 1_000, outputTokens: 100), model: "m",
        keyIdentifier: "k", requestID: "r", responseMilliseconds: 1)
      _ = try holds.settle(hold.id, with: call, at: now, in: db)
    }
  }

  /// `table.column` of every value that names the person.
  private func traces() throws -> Set<String> {
    try file.database.read { db in
      var found: Set<String> = []
      let tables = try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
      for table in tables {
        for row in try Row.fetchAll(db, sql: "SELECT * FROM \(table)") {
          for (column, value) in row
          where Self.traces.contains(where: { "\(value)".localizedCaseInsensitiveContains($0) }) {
            found.insert("\(table).\(column)")
          }
        }
      }
      return found
    }
  }

  @Test func leavesNothingThatNamesThePerson() throws {
    _ = try live()
    #expect(
      try traces() == [
        "users.telegram_user_id", "users.username", "users.first_name", "users.language_code",
        "payments.payer_telegram_user_id", "projects.title", "projects.description",
        "projects.tech_stack", "projects.current_todo_markdown",
      ])
    try erase()
    // Who had an account has to be known, or a second grant could be had; not which account.
    #expect(try traces() == ["erased_people.telegram_user_id"])
    #expect(
      try file.database.read { try Row.fetchAll($0, sql: "SELECT * FROM erased_people") }
        .map { Array($0.databaseValues) } == [[Self.person.databaseValue, false.databaseValue]])
  }

  @Test func keepsTheJournalAndForfeitsWhatIsLeft() throws {
    let account = try live()
    let before = try file.count("credit_transactions")
    try erase()
    #expect(try file.count("credit_transactions") == before + 1)
    try file.write { (db: Database) throws in
      let row = try #require(
        try CreditTransactionService().list(userID: account.id, limit: 1, in: db).first)
      #expect(row.type == .expiry && row.amount.micro == -account.balance.micro)
      let erased = try UserService().account(id: account.id, in: db)
      #expect(erased.balance == .zero && erased.telegramUserID == -account.id)
      let orders = try OrderService().list(ofUser: account.id, limit: 9, in: db)
      #expect(orders.count == 4 && orders.allSatisfy { $0.state == .closed })
    }
    #expect(try file.verify().breaks == [])
  }

  @Test func waitsForARefundThatIsUnderWay() throws {
    let account = try register().account
    try file.pay("charge", by: account)
    let (refund, _) = try file.write {
      try RefundService().request(
        chargeID: "charge", isForced: false, by: .shell, at: now, in: $0)
    }
    #expect(throws: LedgerError.callUnderWay) { try erase() }
    _ = try file.write { try RefundService().confirm(refund.id, at: now, in: $0) }
    try erase()
  }

  @Test func waitsForACallThatIsUnderWay() throws {
    let account = try register().account
    let price = try file.price()
    try file.write { db in
      _ = try CreditHoldService(terms: try BillingTerms(creditValueUSD: "0.01", markup: "1.5"))
        .take(
          CreditHoldService.Request(
            userID: account.id, projectID: nil, work: "upd1:chat", taskType: "chat", price: price,
            inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500, deadline: now),
          at: now, in: db)
    }
    #expect(throws: LedgerError.callUnderWay) { try erase() }
    #expect(try file.account(Self.person).balance.micro == 100_000_000)
  }

  @Test func givesNoSecondGrant() throws {
    let first = try register().account
    try erase()
    for _ in 0..<2 {
      let (again, isNew) = try register()
      #expect(isNew && again.id != first.id && again.isReturning && again.balance == .zero)
      #expect(try !register().isNew)
      try erase()
    }
    #expect(try file.count("credit_transactions") == 2)
    #expect(try file.verify().breaks == [])
  }

  @Test(arguments: [true, false]) func keepsOutWhoWasBlocked(isBlocked: Bool) throws {
    let account = try register().account
    try file.write { try UserService().setBlocked(isBlocked, userID: account.id, at: now, in: $0) }
    try erase()
    #expect(try register().account.isBlocked == isBlocked)
  }

  @Test func creditsNobodyForAPaymentOfAnErasedAccountsOrder() throws {
    let order = try file.order(by: try register().account)
    try erase()
    _ = try register()
    guard case .unmatched = try file.book(.init("late", order, payer: Self.person)) else {
      Issue.record("an erased account was credited")
      return
    }
  }
}
