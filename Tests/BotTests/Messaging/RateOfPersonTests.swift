import Messaging
import Testing

@Suite("Rate of a person")
struct RateOfPersonTests {
  private let start = ContinuousClock.now

  @Test func allowsSoMuchWithinSoLong() {
    let rate = RateOfPerson(atMost: 2, in: .seconds(60))
    let times = [0, 20, 30, 59, 60, 61, 79, 80].map { start + .seconds($0) }
    #expect(
      times.map { rate.allows(42, at: $0) } == [
        true, true, false, false, true, false, false, true,
      ])
  }

  @Test func countsEachPersonAndEachMatterByItself() {
    let rate = RateOfPerson(atMost: 1, in: .seconds(60))
    #expect(rate.allows(42, at: start) && rate.allows(43, at: start))
    #expect(rate.allows(42, "help", at: start))
    #expect(!rate.allows(42, at: start) && !rate.allows(42, "help", at: start))
  }

  @Test func countsWhatHappenedAlone() {
    let rate = RateOfPerson(atMost: 1, in: .seconds(60))
    #expect(rate.hasRoom(42, at: start) && rate.hasRoom(42, at: start))
    rate.count(42, at: start)
    #expect(!rate.hasRoom(42, at: start))
    #expect(rate.hasRoom(42, at: start + .seconds(60)))
  }

  @Test func hasNoLimitAtTheGreatestNumber() {
    let rate = RateOfPerson(atMost: .max, in: .seconds(60))
    for _ in 0..<100 { #expect(rate.allows(42, at: start)) }
  }

  /// Those who did something within the time are not forgotten for others.
  @Test func forgetsNobodyTooEarlyHoweverManyThereAre() {
    let rate = RateOfPerson(atMost: 1, in: .seconds(60))
    for person in 0..<10_000 as Range<Int64> { #expect(rate.allows(person, at: start)) }
    for person in 0..<10_000 as Range<Int64> { #expect(!rate.allows(person, at: start)) }
    let later = start + .seconds(60)
    for person in 0..<10_000 as Range<Int64> { #expect(rate.allows(person, at: later)) }
  }
}
