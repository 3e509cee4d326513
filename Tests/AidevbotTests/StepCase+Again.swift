import Foundation
import KillPoints
import Testing
import TestSupport

/// A press of "Again", which is work under its own update.
extension StepCase {
  func runAgain(in world: World) async throws -> StepOutcome {
    _ = try await prepare(world)
    let before = Int(try world.number("SELECT count(*) FROM inbox") ?? 0)
    let replies = world.telegram.state.value.sent(to: Self.user).count
    let question = try #require(
      try world.number("SELECT max(update_id) FROM conversation_messages"))
    let order = ["AIDEVBOT_KILL_AT": "\(step.rawValue):1"]
    let armed = try world.start(["run"], changing: order)
    let press = world.telegram.callback("anew:\(question)", from: Self.user)
    #expect(try await armed.waitForExit().status == -SIGKILL)
    if kill == .twoLives {
      let second = try world.start(["run"], changing: order)
      try await world.waitUntilDone(updates: before + 1, orEndOf: second)
      second.signal(SIGTERM)
      try await second.waitForExit()
    }
    let last = try await world.startDaemon()
    try await world.waitUntilDone(updates: before + 1)
    try await world.stop(last)
    return try outcome(of: press, after: replies, in: world)
  }
}
