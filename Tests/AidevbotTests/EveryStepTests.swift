import KillPoints
import Testing

/// The process is killed at every step of a request, once and in two lives in a row, and started
/// anew on the same file. Each time there is one answer or one honest apology, and the money is
/// right to the micro-credit. A payment is credited once, and a refund made once.
@Suite("Killed at every step")
struct EveryStepTests {
  @Test(arguments: StepCase.all)
  func leavesOneReplyAndTheRightMoney(killed: StepCase) async throws {
    try await World.run { world in
      let outcome = try await killed.run(in: world)
      try killed.expectRightMoney(outcome, in: world)
      try await world.expectNothingLeft()
      guard let table = StepTable.note(outcome, of: killed) else { return }
      print(table)
      #expect(try StepTable.readme().contains(table), "Tests/README.md shows another table")
    }
  }

  @Test func coversEveryStep() {
    #expect(Set(StepCase.all.map(\.step)) == Set(KillPoint.allCases))
  }
}
