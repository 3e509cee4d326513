import Foundation
import GRDB
@testable import Ledger
import Metering
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
    try file.write { tx in
      try tx.users.register(
        Profile(
          telegramUserID: Self.person, username: "countess", firstName: "Augusta",
          languageCode: "tlh"),
        initialGrant: Credits(parsing: "100"))
    }
  }

  private func erase() throws {
    try file.write { tx in
      try tx.erasure.erase(
        try tx.users.account(telegramUserID: Self.person))
    }
  }

  /// Leaves something in every table that knows of people.
  private func live() throws -> UserAccount {
    let account = try register().account
    let inviter = try file.user(2)
    try file.pay("one", by: account)
    try file.pay("two", by: account)
    var monthly = ReportedPayment(
      "three", try file.order(.monthly, by: account), payer: Self.person)
    monthly.subscription = (now.addingTimeInterval(2_592_000), true)
    try file.book(monthly)
    var odd = ReportedPayment("odd", try file.order(by: account), payer: Self.person)
    odd.payload = "no order of ours"
    try file.book(odd)
    try call(by: account)
    try file.write { tx in
      let done = try tx.refunds.request(chargeID: "one", isForced: false, by: .shell)
      _ = try tx.refunds.confirm(done.refund.id)
      let failed = try tx.refunds.request(
        chargeID: "two", isForced: false, by: .shell)
      _ = try tx.refunds.fail(failed.refund.id, because: "no Stars left")
      _ = try tx.promotionCodes.create(
        "SPRING", credits: Credits(micro: 1), maximumUses: 1, expiresAt: .distantFuture)
      _ = try tx.promotionCodes.redeem("SPRING", by: account)
      _ = try tx.promotionCodes.redeem("GUESS", by: account)
      _ = try tx.referrals.code(of: account)
      try tx.referrals.note(
        code: try tx.referrals.code(of: inviter), newcomer: account)
      _ = try tx.referrals.thank(
        for: try tx.users.account(id: account.id), credits: Credits(micro: 5), isSelling: false)
      try tx.db.execute(
        sql: """
          INSERT INTO projects (id, user_id, title, description, status, tech_stack,
            current_todo_markdown, created_at, updated_at)
          VALUES ('p', :user, 'Byron''s poems', 'by Augusta', 'active', 'Augusta', 'Byron', '', '')
          """, arguments: ["user": account.id])
      try tx.users.setActiveProject("p", ofUser: account.id)
    }
    return try file.account(Self.person)
  }

  private func call(by account: UserAccount) throws {
    let price = try file.price()
    try file.write { tx in
      let hold = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).take(
        CreditHoldService.Request(
          userID: account.id, projectID: nil, work: "upd1:chat", taskType: "chat", price: price,
          inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500,
          deadline: now.addingTimeInterval(600)))
      let call = MeteredCall(
        usage: TokenUsage(inputTokens: 1_000, outputTokens: 100), model: "m",
        keyIdentifier: "k", requestID: "r", responseMilliseconds: 1)
      _ = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).settle(
        hold.id, with: call)
    }
  }

  /// `table.column` of every value that names the person.
  private func traces() throws -> Set<String> {
    try file.database.read { tx in
      var found: Set<String> = []
      let tables = try String.fetchAll(
        tx.db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
      for table in tables {
        for row in try Row.fetchAll(tx.db, sql: "SELECT * FROM \(table)") {
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
        "failed_redemptions.telegram_user_id",
      ])
    try erase()
    // Who had an account has to be known, or a second grant could be had; not which account. Who
    // guesses codes is known for an hour.
    #expect(
      try traces() == ["erased_people.telegram_user_id", "failed_redemptions.telegram_user_id"])
    try file.write(at: now.addingTimeInterval(3_600)) { try $0.promotionCodes.forgetOldFailures() }
    #expect(try traces() == ["erased_people.telegram_user_id"])
    let row = try file.database.read {
      try Row.fetchAll($0.db, sql: "SELECT * FROM erased_people")
    }
    #expect(
      row.map { Array($0.databaseValues) } == [
        [Self.person.databaseValue, false.databaseValue, 0.databaseValue]
      ])
  }

  @Test func letsNobodyGuessCodesAnewByAnErasure() throws {
    func redeem() throws -> PromotionCodeService.Outcome {
      let account = try register().account
      return try file.write { try $0.promotionCodes.redeem("GUESS", by: account) }
    }
    for _ in 0..<PromotionCodeService.maximumFailuresPerHour { _ = try redeem() }
    #expect(try redeem() == .tooManyFailures)
    try erase()
    #expect(try redeem() == .tooManyFailures)
  }

  @Test func keepsTheJournalAndForfeitsWhatIsLeft() throws {
    let account = try live()
    let before = try file.count("credit_transactions")
    try erase()
    #expect(try file.count("credit_transactions") == before + 1)
    try file.write { (tx: LedgerTransaction) throws in
      let row = try #require(
        try tx.transactions.list(userID: account.id, limit: 1).first)
      #expect(row.type == .expiry && row.amount.micro == -account.balance.micro)
      let erased = try tx.users.account(id: account.id)
      #expect(erased.balance == .zero && erased.telegramUserID == -account.id)
      let orders = try tx.orders.list(ofUser: account.id, limit: 9)
      #expect(orders.count == 4 && orders.allSatisfy { $0.state == .closed })
    }
    #expect(try file.verify().breaks == [])
  }

  @Test func waitsForARefundThatIsUnderWay() throws {
    let account = try register().account
    try file.pay("charge", by: account)
    let (refund, _) = try file.write {
      try $0.refunds.request(
        chargeID: "charge", isForced: false, by: .shell)
    }
    #expect(throws: LedgerError.callUnderWay) { try erase() }
    _ = try file.write { try $0.refunds.confirm(refund.id) }
    try erase()
  }

  @Test func waitsForACallThatIsUnderWay() throws {
    let account = try register().account
    let price = try file.price()
    try file.write { tx in
      _ = try tx.holds(try BillingTerms(creditValueUSD: "0.01", markup: "1.5")).take(
        CreditHoldService.Request(
          userID: account.id, projectID: nil, work: "upd1:chat", taskType: "chat", price: price,
          inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: 500, deadline: now))
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
    try file.write { try $0.users.setBlocked(isBlocked, userID: account.id) }
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
