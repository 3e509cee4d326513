import Foundation
import KillPoints
import Testing
import TestSupport

/// An answer that its person does not take at first: they have blocked the bot, and come back.
extension StepCase {
  func runKept(in world: World) async throws -> StepOutcome {
    _ = try await prepare(world)
    let before = Int(try world.number("SELECT count(*) FROM inbox") ?? 0)
    let replies = world.telegram.state.value.sent(to: Self.user).count
    let order = ["AIDEVBOT_KILL_AT": "\(step.rawValue):1"]
    let armed = try world.start(["run"], changing: order)
    world.telegram.refuse(.forbiddenBlocked, inChat: Self.user)
    let update = world.telegram.message(seller?.question ?? "", from: Self.user)
    let isKilledAtReturn = step == .commandCarriedOut || step == .replySent
    if isKilledAtReturn {
      try await world.waitUntilDone(updates: before + 1)
      comeBack(in: world)
    }
    #expect(try await armed.waitForExit().status == -SIGKILL)
    if kill == .twoLives {
      let second = try world.start(["run"], changing: order)
      try await world.waitUntilDone(
        updates: before + (isKilledAtReturn ? 2 : 1), orEndOf: second)
      second.signal(SIGTERM)
      try await second.waitForExit()
    }
    let last = try await world.startDaemon()
    if !isKilledAtReturn {
      try await world.waitUntilDone(updates: before + 1)
      comeBack(in: world)
    }
    try await world.waitUntilDone(updates: before + 2)
    try await world.stop(last)

    let told = world.telegram.state.value.sent(to: Self.user).dropFirst(replies)
    #expect(told.last?.hasPrefix("Balance:") == true)
    let calls = try world.usage(ofUpdate: update)
    return StepOutcome(
      reply: .kept, copies: told.count { StepOutcome.Reply(text: $0) == .answer },
      charged: calls.filter { $0.chargedTo == "user" },
      lost: calls.filter { $0.chargedTo == "house" })
  }

  private func comeBack(in world: World) {
    world.telegram.refuse(nil, inChat: Self.user)
    world.telegram.message("/status", from: Self.user)
  }
}
