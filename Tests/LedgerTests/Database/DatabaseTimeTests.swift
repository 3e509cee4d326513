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

  /// GRDB asks a calendar.
  @Test func areReadAsGRDBReadsThem() throws {
    let day = 86_400_000
    for milliseconds in stride(from: 0, to: 253_402_300_799_999, by: 97 * day + 12_345_678) {
      let text = Date(timeIntervalSince1970: Double(milliseconds) / 1_000).databaseText
      #expect(read(text) == Date.fromDatabaseValue(text.databaseValue), "\(text)")
      #expect(read(text)?.databaseText == text)
    }
  }

  @Test(arguments: [
    "2026-11-29", "2026-11-29 15:04", "2026-11-29T15:04:05.006", "2026-11-29 15:04:05",
  ])
  func areReadInOtherForms(text: String) throws {
    #expect(read(text) != nil)
    #expect(read(text) == Date.fromDatabaseValue(text.databaseValue))
  }

  @Test(arguments: ["", "2026-11-29 15:04:05.00x", "2026-11-29 15:04:05,006", "later"])
  func areNoneInAnother(text: String) {
    #expect(read(text) == nil)
  }

  private func read(_ text: String) -> Date? {
    Array(text.utf8).withUnsafeBufferPointer { Date(databaseText: $0) }
  }
}
