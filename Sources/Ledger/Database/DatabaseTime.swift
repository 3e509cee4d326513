package import Foundation
import GRDB

extension Date {
  /// The end of the year 9999, in milliseconds since 1970.
  private static let lastMillisecond: TimeInterval = 253_402_300_799_999

  /// As the tables keep times: UTC, to the millisecond, `2026-11-22 18:32:01.123`; the nearest of
  /// the years 1970 to 9999. Written by hand, because a date formatter takes longer than the
  /// statement that it is for.
  package var databaseText: String {
    // A clock that has lost the time may stand before 1970 once two days are taken off, and what
    // is sent as a time may be any number.
    let milliseconds = Int(
      min(max(0, (timeIntervalSince1970 * 1_000).rounded()), Self.lastMillisecond))
    var seconds = time_t(milliseconds / 1_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return String(unsafeUninitializedCapacity: 23) { text in
      var end = 0
      func put(_ value: Int, digits: Int, then separator: UInt8?) {
        var rest = value
        for index in stride(from: end + digits - 1, through: end, by: -1) {
          text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
          rest /= 10
        }
        end += digits
        if let separator {
          text[end] = separator
          end += 1
        }
      }
      put(Int(parts.tm_year) + 1_900, digits: 4, then: UInt8(ascii: "-"))
      put(Int(parts.tm_mon) + 1, digits: 2, then: UInt8(ascii: "-"))
      put(Int(parts.tm_mday), digits: 2, then: UInt8(ascii: " "))
      put(Int(parts.tm_hour), digits: 2, then: UInt8(ascii: ":"))
      put(Int(parts.tm_min), digits: 2, then: UInt8(ascii: ":"))
      put(Int(parts.tm_sec), digits: 2, then: UInt8(ascii: "."))
      put(milliseconds % 1_000, digits: 3, then: nil)
      return end
    }
  }
}

extension Date {
  /// Reads what `databaseText` writes, or another form of a time that SQLite has; `nil` for what is
  /// none.
  package init?(databaseText text: UnsafeBufferPointer<UInt8>) {
    if let seconds = Self.secondsSince1970(text) {
      self.init(
        timeIntervalSinceReferenceDate: seconds.whole - Self.timeIntervalBetween1970AndReferenceDate
          + seconds.fraction)
    } else if let date = Date.fromDatabaseValue(
      String(decoding: text, as: UTF8.self).databaseValue)
    {
      self = date
    } else {
      return nil
    }
  }

  /// By hand, too: a calendar takes longer than the query that brings the row.
  private static func secondsSince1970(
    _ text: UnsafeBufferPointer<UInt8>
  ) -> (whole: Double, fraction: Double)? {
    // The form, with its digits as zeros.
    let form: StaticString = "0000-00-00 00:00:00.000"
    guard text.count == form.utf8CodeUnitCount else { return nil }
    for (index, byte) in text.enumerated() {
      let expected = form.utf8Start[index]
      let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
      guard expected == UInt8(ascii: "0") ? isDigit : byte == expected else { return nil }
    }
    func number(_ range: Range<Int>) -> Int {
      range.reduce(0) { $0 * 10 + Int(text[$1] - UInt8(ascii: "0")) }
    }
    let days = daysSince1970(year: number(0..<4), month: number(5..<7), day: number(8..<10))
    let minutes = (days * 24 + number(11..<13)) * 60 + number(14..<16)
    return (Double(minutes * 60 + number(17..<19)), Double(number(20..<23)) / 1_000)
  }

  /// Of the Gregorian calendar: years begin with March, so that the leap day is the last one, and
  /// 400 of them have 146,097 days.
  private static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let year = month > 2 ? year : year - 1
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }
}
