import Foundation
import KillPoints
import Testing
import TestSupport

/// A long paste, which is one question though it comes in several messages.
extension StepCase {
  func runPasted(in world: World) async throws -> StepOutcome {
    _ = try await prepare(world)
    let before = Int(try world.number("SELECT count(*) FROM inbox") ?? 0)
    let replies = world.telegram.state.value.sent(to: Self.user).count
    let order = ["AIDEVBOT_KILL_AT": "\(step.rawValue):1"]
    let first = paste(String(repeating: "word ", count: 800), in: world)
    if request == .pasted { pasteTheRest(in: world) }
    let armed = try world.start(["run"], changing: order)
    #expect(try await armed.waitForExit().status == -SIGKILL)
    if request == .pastedInPieces { pasteTheRest(in: world) }
    let updates = before + 3
    if kill == .twoLives {
      let second = try world.start(["run"], changing: order)
      try await world.waitUntilDone(updates: updates, orEndOf: second)
      second.signal(SIGTERM)
      try await second.waitForExit()
    }
    let last = try await world.startDaemon()
    try await world.waitUntilDone(updates: updates)
    try await world.stop(last)
    return try outcome(of: first, after: replies, in: world)
  }

  private func pasteTheRest(in world: World) {
    for word in ["more ", "most "] { paste(String(repeating: word, count: 100), in: world) }
  }

  /// All were sent in the same second, whenever they arrive.
  @discardableResult
  private func paste(_ text: String, in world: World) -> Int64 {
    world.telegram.message(
      holding: ["text": .string(text), "date": 1_800_000_000], from: Self.user)
  }
}
