import Foundation
import Ledger
import Testing

@Suite("What a person has spent")
struct SpendingPlanTests {
  private typealias Read = @Sendable (LedgerTransaction) throws -> Void

  private static let reads: [Read] = [
    { _ = try $0.transactions.spent(by: 1, from: now) },
    { _ = try $0.transactions.spending(of: 1, from: now, to: .distantFuture) },
    { _ = try TypicalUsage.of(1, task: "chat", in: $0) },
  ]

  @Test(arguments: reads.indices) func isReadByIndexesWhateverElseTheFileHolds(
    index: Int
  ) throws {
    let file = try LedgerFile()
    let steps = try file.read { tx in try tx.steps { try Self.reads[index]($0) } }
    #expect(steps.contains { $0.contains("charges_of_user (user_id=?") }, "\(steps)")
    // "charge" may be at most 200 rows that were found by the index.
    #expect(!steps.contains { $0.hasPrefix("SCAN") && $0 != "SCAN charge" }, "\(steps)")
  }
}
