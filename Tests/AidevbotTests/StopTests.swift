import TestSupport
import Testing

/// A stop finds the daemon at anything.
@Suite("A stop")
struct StopTests {
  /// Right after the start, it reads Telegram's list of Stars. Nothing is left to be done then, so
  /// that the file is closed at once.
  @Test(arguments: ["getUpdates", "getStarTransactions", "getMyStarBalance"], 1...3)
  func isCleanWhileTheStarsAreReconciled(method: String, world _: Int) async throws {
    try await World.run { world in
      for _ in 1...6 {
        let calls = world.telegram.state.value.calls(of: method).count
        let daemon = try world.start(["run"], changing: World.shop)
        try await world.telegram.state.wait(for: "a call of \(method)") {
          $0.calls(of: method).count > calls
        }
        try await world.stop(daemon)
      }
      try world.expectWholeFile()
    }
  }
}
