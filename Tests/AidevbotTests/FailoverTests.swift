import Foundation
import Testing
import TwoMachines

/// Two machines that share a bot, with a real Litestream and a bucket of moto's, while people ask
/// and buy. `Tests/Benchmarks/Sources/Failover` does much more of it.
@Suite("Two machines")
struct FailoverTests {
  @Test func loseNothingAndSellNothingTwice() async throws {
    var options = try Trial.Options(executable: World.built("aidevbot"))
    options.people = 3
    // A machine that all other tests keep busy renews a lease late.
    options.ttl = 20
    let report = try await Trial(options).run([.killed, .frozen, .cutFromBucket])
    #expect(report.findings == [], "the logs are in \(report.folder?.path ?? "no folder")")
    #expect(report.rounds.count == 3)
    // Each of those moves the lease, once at the least.
    #expect(report.rounds.allSatisfy { $0.moves > 0 })
  }
}
