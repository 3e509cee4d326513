@testable import Assistant
import Testing
import TestSupport

@Suite("Places for calls")
struct CallPlacesTests {
  private let count = 256
  private let places: CallPlaces

  init() {
    places = CallPlaces(count: count)
  }

  @Test func othersLeaveAQuarterToThoseWhoHavePaid() {
    let others = (0..<count).compactMap { _ in places.take(forPayer: false) }
    #expect(others.count == 192)
    let payers = (0..<count).compactMap { _ in places.take(forPayer: true) }
    #expect(payers.count == 64)
    withExtendedLifetime((others, payers)) {}
  }

  @Test func thoseWhoHavePaidMayTakeThemAll() {
    let payers = (0..<count).compactMap { _ in places.take(forPayer: true) }
    #expect(payers.count == 256)
    #expect(places.take(forPayer: false) == nil)
    withExtendedLifetime(payers) {}
  }

  @Test func aPlaceIsGivenBackToWhoeverWaitedFirst() async throws {
    var taken = (0..<count).compactMap { _ in places.take(forPayer: false) }
    let order = Watched<[Int]>([])
    let waits = (0..<3).map { number in
      Task {
        let place = await places.wait(forPayer: false)
        order.change { $0.append(number) }
        return place
      }
    }
    // Nobody takes what others wait for.
    let first = try await waitForWaiting(3, taken: &taken)
    #expect(first == nil)
    taken.removeAll()
    for wait in waits { #expect(await wait.value != nil) }
    #expect(order.value.count == 3)
    let again = (0..<count).compactMap { _ in places.take(forPayer: false) }
    #expect(again.count >= 189)
  }

  /// Until all wait, a place that is given back is free.
  private func waitForWaiting(_ count: Int, taken: inout [CallPlace]) async throws -> CallPlace? {
    while places.waitingCount < count { await Task.yield() }
    return places.take(forPayer: false)
  }

  @Test func whoeverIsCancelledWaitsNoLonger() async throws {
    let taken = (0..<count).compactMap { _ in places.take(forPayer: true) }
    let wait = Task { await places.wait(forPayer: true) }
    while places.waitingCount < 1 { await Task.yield() }
    wait.cancel()
    #expect(await wait.value == nil)
    #expect(places.waitingCount == 0)
    withExtendedLifetime(taken) {}
  }

  @Test func nobodyGetsAPlaceAfterTheClose() async throws {
    let taken = (0..<count).compactMap { _ in places.take(forPayer: true) }
    let wait = Task { await places.wait(forPayer: true) }
    while places.waitingCount < 1 { await Task.yield() }
    places.close()
    #expect(await wait.value == nil)
    withExtendedLifetime(taken) {}
    #expect(places.take(forPayer: true) == nil)
    #expect(await places.wait(forPayer: true) == nil)
  }
}
