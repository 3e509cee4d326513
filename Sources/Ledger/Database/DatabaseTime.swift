package import Foundation

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
