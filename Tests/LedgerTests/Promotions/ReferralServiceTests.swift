import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("ReferralService")
struct ReferralServiceTests {
  private let file: LedgerFile
  private let inviter: UserAccount

  init() throws {
    file = try LedgerFile()
    inviter = try file.user(1)
  }

  private func code(of account: UserAccount) throws -> String {
    try file.write { try $0.referrals.code(of: account) }
  }

  /// A newcomer who came by the invitation.
  private func newcomer(_ telegramUserID: Int64 = 2, code: String? = nil) throws -> UserAccount {
    let (account, code) = (try file.user(telegramUserID), try code ?? self.code(of: inviter))
    try file.write { try $0.referrals.note(code: code, newcomer: account) }
    return try file.account(telegramUserID)
  }

  private func thank(
    for account: UserAccount, credits: Int64 = 10_000_000, isSelling: Bool = false
  ) throws -> ReferralService.Thanks? {
    try file.write {
      try $0.referrals.thank(
        for: account, credits: Credits(micro: credits), isSelling: isSelling)
    }
  }

  private func book(_ micro: Int64, _ type: CreditTransaction.Kind, for account: UserAccount) throws
  {
    _ = try file.write { tx in
      try tx.transactions.record(
        NewTransaction(
          userID: account.id, type: type, amount: Credits(micro: micro),
          idempotencyKey: UUID().uuidString, description: "a test"))
    }
  }

  /// A call that costs the person that many credits.
  private func spend(_ credits: Int, by account: UserAccount) throws {
    // With 2.5 USD a million tokens and a credit of 0.01 USD, each is 4,000 tokens.
    let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1")
    let price = try file.price(Tariff(input: "2.5", output: "2.5"))
    try file.write { tx in
      let hold = try tx.holds(terms).take(
        CreditHoldService.Request(
          userID: account.id, projectID: nil, work: "upd\(UUID().uuidString):chat",
          taskType: "chat", price: price, inputTokensBound: credits * 4_000,
          inputTokensEstimate: 1, outputCap: 0, deadline: now.addingTimeInterval(600)))
      _ = try tx.holds(terms).settle(
        hold.id,
        with: MeteredCall(
          usage: TokenUsage(inputTokens: credits * 4_000, outputTokens: 0), model: "m",
          keyIdentifier: "k", requestID: nil, responseMilliseconds: 1))
    }
  }

  private func balance(_ telegramUserID: Int64) throws -> Int64 {
    try file.account(telegramUserID).balance.micro
  }

  @Test func thanksBothOnce() throws {
    let newcomer = try newcomer()
    #expect(newcomer.referredBy == inviter.id)
    let thanks = try #require(try thank(for: newcomer))
    #expect(thanks.newcomer?.userID == newcomer.id && thanks.newcomer?.type == .referralBonus)
    #expect(thanks.inviter?.account.id == inviter.id)
    #expect(try thank(for: newcomer) == nil)
    #expect(try balance(1) == 110_000_000 && balance(2) == 110_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func keepsTheCodeThatItGave() throws {
    let code = try code(of: inviter)
    #expect(code.count == 10)
    #expect(try self.code(of: inviter) == code)
    #expect(try self.code(of: try file.user(2)) != code)
  }

  @Test func thanksNobodyForWhoCameAlone() throws {
    let stranger = try newcomer(code: "NO SUCH CODE")
    #expect(stranger.referredBy == nil)
    #expect(try thank(for: stranger) == nil)
    #expect(try thank(for: inviter) == nil)
    #expect(try balance(1) == 100_000_000)
  }

  @Test func thanksNobodyWhereThatIsSwitchedOff() throws {
    #expect(try thank(for: try newcomer(), credits: 0) == nil)
  }

  @Test func keepsToTheFirstWhoInvited() throws {
    let newcomer = try newcomer()
    let other = try code(of: try file.user(3))
    try file.write { try $0.referrals.note(code: other, newcomer: newcomer) }
    #expect(try file.account(2).referredBy == inviter.id)
  }

  @Test func letsNobodyInviteThemselves() throws {
    let code = try code(of: inviter)
    try file.write { try $0.referrals.note(code: code, newcomer: inviter) }
    #expect(try file.account(1).referredBy == nil)
  }

  @Test func thanksTheNewcomerAloneWhereTheInviterIsBlockedOrGone() throws {
    let (blocked, gone) = (try newcomer(2), try newcomer(3))
    try file.write { try $0.users.setBlocked(true, userID: inviter.id) }
    #expect(try #require(try thank(for: blocked)).inviter == nil)
    try file.write { tx in
      try tx.users.setBlocked(false, userID: inviter.id)
      try tx.erasure.erase(try tx.users.account(id: inviter.id))
    }
    #expect(try #require(try thank(for: gone)).inviter == nil)
    #expect(try balance(2) == 110_000_000 && balance(3) == 110_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func givesNothingForWhoErasedAnAccountAndCameBack() throws {
    let first = try file.user(2)
    try file.write { try $0.erasure.erase(first) }
    let again = try newcomer(2)
    #expect(again.isReturning && again.referredBy == nil)
    #expect(try thank(for: again) == nil)
  }

  @Test func thanksOnePersonForAHundredFriendsAtMost() throws {
    let code = try code(of: inviter)
    for number in 2...102 {
      let thanks = try #require(
        try thank(for: try newcomer(Int64(number), code: code), credits: 1_000_000))
      #expect((thanks.inviter == nil) == (number == 102))
    }
    // 100 to begin with, and one for each friend; the last one is thanked alone.
    #expect(try balance(1) == 200_000_000 && balance(102) == 101_000_000)
  }

  @Test func thanksWhoInvitedOnceTheFriendHasSpentMoreThanTheyWereGiven() throws {
    let newcomer = try newcomer()
    try spend(90, by: newcomer)
    let first = try #require(try thank(for: newcomer, isSelling: true))
    #expect(first.newcomer != nil && first.inviter == nil)
    // What they were thanked with is given, too, and so is what an administrator gives.
    try book(5_000_000, .manualAdjustment, for: newcomer)
    try spend(25, by: newcomer)
    #expect(try thank(for: newcomer, isSelling: true) == nil)
    try file.pay("charge", by: newcomer)
    #expect(try thank(for: newcomer, isSelling: true) == nil)
    try spend(1, by: newcomer)
    let second = try #require(try thank(for: newcomer, isSelling: true))
    #expect(second.newcomer == nil && second.inviter?.account.id == inviter.id)
    #expect(try thank(for: newcomer, isSelling: true) == nil)
    #expect(try balance(1) == 110_000_000)
    #expect(try file.verify().breaks == [])
  }

  @Test func beginsNoLimitAnewForWhoErasesTheirAccount() throws {
    let limit = ReferralService.maximumPerInviter
    func invite(_ numbers: ClosedRange<Int>) throws -> Int {
      let code = try code(of: try file.user(1))
      return try numbers.count { number in
        try thank(for: try newcomer(Int64(number), code: code), credits: 1)?.inviter != nil
      }
    }
    #expect(try invite(2...(limit - 1)) == limit - 2)
    try file.write { try $0.erasure.erase(try $0.users.account(telegramUserID: 1)) }
    #expect(try invite(1_000...1_000) == 1)
    try file.write { try $0.erasure.erase(try $0.users.account(telegramUserID: 1)) }
    #expect(try invite(1_001...1_003) == 1)
    #expect(try file.verify().breaks == [])
  }
}
