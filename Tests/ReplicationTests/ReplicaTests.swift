import Replication
import Testing
import TestSupport

@Suite("Waiting for the replica")
struct ReplicaTests {
  /// A replica whose requests are seen, and let go one by one.
  private final class Rig: Sendable {
    let begun = Watched(0)
    /// How many requests may have ended; the number of the last that fails.
    let allowed = Watched(0)
    let failing = Watched(0)
    let sleeps = Watched<[Duration]>([])
    let replica: Replica

    struct Away: Error {}

    init() {
      let (begun, allowed, failing, sleeps) = (begun, allowed, failing, sleeps)
      replica = Replica(
        sync: {
          let number = begun.change { begun in
            begun += 1
            return begun
          }
          try await allowed.wait(for: "leave") { $0 >= number }
          if number <= failing.value { throw Away() }
        },
        sleep: { pause in sleeps.change { $0.append(pause) } })
    }
  }

  @Test func oneRequestIsForAllWhoWaitAndNoneForWhoCameLater() async throws {
    let rig = Rig()
    let first = Task { await rig.replica.has() }
    try await rig.begun.wait(for: "the first request") { $0 == 1 }
    // These have committed after it began, so that it says nothing of them.
    let later = (1...50).map { _ in Task { await rig.replica.has() } }
    rig.allowed.change { $0 = 1 }
    #expect(await first.value)
    try await rig.begun.wait(for: "the second request") { $0 == 2 }
    rig.allowed.change { $0 = 100 }
    for waiter in later { #expect(await waiter.value) }
    // Those that were not yet there when it began had a third.
    #expect(rig.begun.value < 52)
    #expect(rig.replica.outage == nil)
  }

  @Test func itAsksAgainForAsLongAsSomebodyWaits() async throws {
    let rig = Rig()
    rig.failing.change { $0 = 5 }
    rig.allowed.change { $0 = 5 }
    let waiter = Task { await rig.replica.has() }
    try await rig.begun.wait(for: "the sixth request") { $0 == 6 }
    #expect(rig.replica.outage?.reason == "Away()")
    #expect(
      rig.sleeps.value
        == [.milliseconds(250), .seconds(1), .seconds(2), .seconds(2), .seconds(2)])
    rig.allowed.change { $0 = 6 }
    #expect(await waiter.value)
    #expect(rig.replica.outage == nil)
  }

  @Test func whoHasALimitWaitsNoLonger() async throws {
    let rig = Rig()
    let patient = Task { await rig.replica.has() }
    // The limit is over at once.
    #expect(await rig.replica.has(within: .seconds(7)) == false)
    #expect(rig.sleeps.value == [.seconds(7)])
    rig.allowed.change { $0 = 100 }
    #expect(await patient.value)
  }

  @Test func whoIsCancelledIsNotPromisedAnything() async throws {
    let rig = Rig()
    let waiters = (1...20).map { _ in Task { await rig.replica.has() } }
    try await rig.begun.wait(for: "a request") { $0 == 1 }
    for waiter in waiters { waiter.cancel() }
    for waiter in waiters { #expect(await waiter.value == false) }
    // And the next one is served.
    rig.allowed.change { $0 = 100 }
    #expect(await rig.replica.has())
  }
}
