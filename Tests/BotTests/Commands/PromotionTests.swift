@testable import Bot
@testable import Commands
import Foundation
import Ledger
import Sales
import TelegramBotAPI
import Testing
import TestSupport

@Suite("Promotions")
struct PromotionTests {
  private static let both = BotSettings.Promotions(
    codesAreTaken: true, referralCredits: Credits(micro: 20_000_000))

  private func makeCode(_ rig: BotRig, uses: Int = 10) throws {
    try rig.database.write { tx in
      _ = try tx.promotionCodes.create(
        "SPRING", credits: try Credits(parsing: "50"), maximumUses: uses,
        expiresAt: Date().addingTimeInterval(3_600))
    }
  }

  @Test func areOffUnlessTheOperatorWantsThem() async throws {
    let rig = try BotRig()
    try await rig.say("/start")
    try makeCode(rig)
    #expect(try await rig.say("/redeem SPRING").first?.hasPrefix("I do not know /redeem.") == true)
    #expect(try await rig.say("/invite").first?.hasPrefix("I do not know /invite.") == true)
    #expect(try await rig.say("/help").first?.contains("/redeem") == false)
  }

  @Test func redeemACodeOnce() async throws {
    let rig = try BotRig(promotions: Self.both)
    try await rig.say("/start")
    try makeCode(rig)
    #expect(
      try await rig.say("/redeem spring") == [
        "50.00 credits are yours. Your balance is 150.00 credits."
      ])
    #expect(
      try await rig.say("/redeem SPRING") == [
        "You have already used this code; it works once per person."
      ])
    for _ in 0..<PromotionCodeService.maximumFailuresPerHour {
      #expect(
        try await rig.say("/redeem WINTER") == [
          "This code is not valid, or no longer valid. Please check its spelling."
        ])
    }
    #expect(
      try await rig.say("/redeem WINTER") == [
        "You have tried too many wrong codes. Please try again in an hour."
      ])
    #expect(try await rig.say("/redeem").first?.hasPrefix("Write the code after") == true)
  }

  @Test func giveACodeOfTenUsesToTenOfAHundredWhoComeAtOnce() async throws {
    let rig = try BotRig(promotions: Self.both)
    let people = (1...100).map { Int64(1_000 + $0) }
    for person in people { try await rig.say("/start", from: person) }
    try makeCode(rig)
    let first = rig.nextUpdateID()
    let updates = people.map { person in
      ReceivedUpdate.update(
        first + person, "message", .message("/redeem SPRING", from: person))
    }
    try await rig.engine.receive(updates, nextOffset: first + 2_000)
    await rig.engine.dispatcher.becomeIdle()
    let winners = try people.filter { try rig.account($0).balance.micro == 150_000_000 }
    #expect(winners.count == 10)
    let others = try people.filter { try rig.account($0).balance.micro == 100_000_000 }
    #expect(others.count == 90)
  }

  /// The inviter waits until the friend has spent more than the welcome and the thanks.
  @Test func thankTheFriendAtOnceAndTheInviterForWhatWasBought() async throws {
    let rig = try BotRig(
      credits: "1",
      promotions: BotSettings.Promotions(referralCredits: Credits(micro: 100_000)))
    try await rig.say("/start")
    let invitation = try await rig.say("/invite").first ?? ""
    #expect(invitation.contains("so do you once they have spent more than they were given."))
    let code = try #require(invitation.split(separator: "=").last.map(String.init))
    try await rig.say("/start \(code)", from: 43)
    _ = try await rig.press("buy:Starter", from: 43)
    _ = try await rig.pay(try #require(try rig.orders().first).id, 200, charge: "stx", from: 43)
    // 0.2325 each: the fifth is the first that 1.1 credits do not cover.
    for number in 1...6 {
      try await rig.say("How do I sort?", from: 43)
      #expect(try rig.account(42).balance.micro == (number < 5 ? 1_000_000 : 1_100_000))
    }
    #expect(try rig.account(43).balance.micro == 251_100_000 - 6 * 232_500)
    #expect(try rig.replies().count { $0.text.hasPrefix("Somebody you inv") } == 1)
    #expect(try rig.replies().count { $0.text.hasPrefix("Since a friend") } == 1)
  }

  @Test func thankBothSidesOnceAfterTheFirstPaidRequestWhereNothingIsSold() async throws {
    let rig = try BotRig(promotions: Self.both)
    var settings = rig.settings
    settings.store.packages = []
    settings.store.subscription = nil
    rig.engine.apply(settings, rig.llm)
    try await rig.say("/start")
    let invitation = try await rig.say("/invite").first ?? ""
    let code = try #require(invitation.split(separator: "=").last.map(String.init))
    #expect(invitation.contains("https://t.me/devbot?start=ref_"))
    #expect(try await rig.say("/invite").first == invitation)

    try await rig.say("/start \(code)", from: 43)
    try await rig.say("/status", from: 43)
    #expect(try rig.account(43).balance.micro == 100_000_000)
    try await rig.say("How do I sort?", from: 43)
    #expect(try rig.account(43).balance.micro == 120_000_000 - 232_500)
    #expect(try rig.account(42).balance.micro == 120_000_000)
    let texts = try rig.texts()
    #expect(
      texts.contains(
        "Somebody you invited has started to work with me, so 20 credits are yours. Thank you!"))
    #expect(
      texts.contains(
        "Since a friend invited you, 20 extra credits are yours. You can invite friends, too: "
          + "/invite."))
    try await rig.say("And now?", from: 43)
    #expect(try rig.account(42).balance.micro == 120_000_000)
  }

  @Test func thankNobodyForSomebodyWhoWasThereBefore() async throws {
    let rig = try BotRig(promotions: Self.both)
    try await rig.say("/start")
    let invitation = try await rig.say("/invite").first ?? ""
    let code = try #require(invitation.split(separator: "=").last.map(String.init))
    try await rig.say("/start", from: 43)
    try await rig.say("/start \(code)", from: 43)
    try await rig.say("/start \(code)")
    try await rig.say("/start ref_NONSENSE", from: 44)
    for person in [42, 43, 44] as [Int64] { try await rig.say("How do I sort?", from: person) }
    for person in [42, 43, 44] as [Int64] {
      #expect(try rig.account(person).balance.micro == 100_000_000 - 232_500)
    }
  }
}
