import Foundation
import GRDB
@testable import Ledger
import Testing

@Suite("Times in the database")
struct DatabaseTimeTests {
  @Test(arguments: [
    (0, "1970-01-01 00:00:00.000"), (1_800_000_000.123, "2027-01-15 08:00:00.123"),
    (951_782_399.9994, "2000-02-28 23:59:59.999"), (951_782_399.9996, "2000-02-29 00:00:00.000"),
    (-86_400, "1970-01-01 00:00:00.000"), (253_402_300_799.9999, "9999-12-31 23:59:59.999"),
    (TimeInterval(Int64.max), "9999-12-31 23:59:59.999"),
    (TimeInterval(Int64.min), "1970-01-01 00:00:00.000"),
  ])
  func areUTCToTheMillisecond(seconds: TimeInterval, text: String) {
    #expect(Date(timeIntervalSince1970: seconds).databaseText == text)
  }

  @Test func readBackAsTheSameTime() throws {
    let date = Date(timeIntervalSince1970: 1_795_372_321.005)
    let row = Row(["at": date.databaseText])
    #expect((row["at"] as Date).databaseText == date.databaseText)
  }
}
