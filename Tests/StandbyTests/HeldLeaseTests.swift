import Foundation
import HTTPTransport
import Replication
@testable import Standby
import Testing
import TestSupport

/// The lease in the hands of one machine, while others write the same object.
@Suite("A lease")
struct HeldLeaseTests {
  private let fake: FakeBucket
  private let object: LeaseObject
  private let losses = Watched<[HeldLease.Lost]>([])

  init() throws {
    fake = try FakeBucket()
    object = LeaseObject(in: try .ofTests(fake))
  }

  private func taken(_ lease: Lease = Lease(term: 3, holder: "one", restore: "term-2")) async throws
    -> HeldLease
  {
    let read = try #require(try await object.replace(nil, by: lease))
    let losses = losses
    return HeldLease(read, in: object, ttl: .seconds(30)) { lost in
      losses.change { $0.append(lost) }
    }
  }

  private func change(_ body: (inout Lease) -> Void) async throws {
    let read = try #require(try await object.read())
    var lease = read.lease
    body(&lease)
    #expect(try await object.replace(read, by: lease) != nil)
  }

  @Test func isOnesOwnUntilAnotherTakesIt() async throws {
    let lease = try await taken()
    try await lease.confirm()
    try await change { $0 = $0.taken(by: "two") }
    for _ in 1...2 {
      await #expect(throws: HeldLease.Lost(term: 4, holder: "two")) { try await lease.confirm() }
    }
    #expect(losses.value == [HeldLease.Lost(term: 4, holder: "two")])
    // And it stays so, whatever the bucket says later.
    fake.fail(.away)
    await #expect(throws: HeldLease.Lost.self) { try await lease.confirm() }
  }

  /// It is renewed with another ETag each time, whatever else is in it.
  @Test func isRenewedSoThatOthersSeeIt() async throws {
    let lease = try await taken()
    let before = fake.contents.value.objects["aidevbot/lease"]?.etag
    let renewals = Watched(0)
    try await withThrowingTaskGroup { group in
      group.addTask {
        await lease.keep { wait in
          #expect(wait == .milliseconds(7_500))
          if renewals.change({
            $0 += 1; return $0
          }) > 3 {
            await untilCancelled()
          }
        }
      }
      try await renewals.wait(for: "three renewals") { $0 == 4 }
      group.cancelAll()
    }
    let read = try #require(try await object.read())
    #expect(fake.contents.value.objects["aidevbot/lease"]?.etag != before)
    #expect(read.lease == Lease(term: 3, holder: "one", restore: "term-2", beat: 4))
    #expect(losses.value == [])
  }

  /// The bucket is away, or the write is done and its answer lost: neither is a loss.
  @Test func outlivesABucketThatIsAway() async throws {
    let lease = try await taken()
    fake.fail(.away)
    await #expect(throws: BucketError.self) { try await lease.confirm() }
    fake.recover()
    fake.fail(.losesAnswers, times: 1)
    try await lease.restoreFromOwnPath()
    #expect(try await object.read()?.lease.restore == "term-3")
    try await lease.confirm()
    #expect(losses.value == [])
  }

  /// Both have seen the same state; the bucket lets one of them write.
  @Test func isTakenByOneOfTwo() async throws {
    let read = try #require(
      try await object.replace(nil, by: Lease(term: 1, holder: "", restore: "term-1")))
    async let one = object.replace(read, by: read.lease.taken(by: "one"))
    async let two = object.replace(read, by: read.lease.taken(by: "two"))
    let winners = try await [one, two].compactMap { $0?.lease.holder }
    #expect(winners.count == 1)
    #expect(try await object.read()?.lease.holder == winners.first)
    #expect(try await object.replace(nil, by: Lease(term: 1, holder: "x", restore: nil)) == nil)
  }

  @Test func isGivenUpWhereAnOperatorAsks() async throws {
    let lease = try await taken()
    let asked = Task { await lease.waitForYield() }
    try await change {
      $0 = $0.renewed()
      $0.yields = true
    }
    // It may promise until it has given it up.
    try await lease.confirm()
    await asked.value
    try await lease.giveUp()
    let given = try #require(try await object.read()).lease
    #expect(given.holder.isEmpty && !given.yields && given.term == 3 && given.restore == "term-2")
    await #expect(throws: HeldLease.Lost.self) { try await lease.confirm() }
  }

  /// Without it, nothing is promised; and the machine that works stays the one that works.
  @Test func thatIsDeletedIsNobodys() async throws {
    let lease = try await taken()
    fake.contents.change { $0.objects = [:] }
    await #expect(throws: StandbyError.leaseIsGone(newest: 3)) { try await lease.confirm() }
    #expect(losses.value == [])
  }

  @Test(arguments: [
    "", "{}", "[1]", #"{"term":0,"holder":"one","beat":1,"yields":false}"#,
    #"{"term":1,"holder":"one","beat":1,"yields":false,"restore":"../other"}"#,
    #"{"term":1,"holder":"one","beat":9223372036854775807,"yields":false}"#,
    #"{"term":-3,"holder":"one","beat":1,"yields":false}"#,
  ])
  func thatNobodyHasWrittenIsNotBelieved(text: String) async throws {
    fake.store("lease", Data(text.utf8))
    await #expect(throws: StandbyError.leaseUnreadable) { try await object.read() }
  }
}

extension Bucket {
  static func ofTests(_ fake: FakeBucket) throws -> Bucket {
    Bucket(
      transport: .ofAllTests, address: try BucketAddress(parsing: fake.address),
      accessKeyID: FakeBucket.accessKeyID, secretAccessKey: FakeBucket.secretAccessKey)
  }
}
