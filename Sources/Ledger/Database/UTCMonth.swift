package import Foundation

/// A month in UTC; `2026-11` as text.
package struct UTCMonth: Sendable, Equatable, Comparable, CustomStringConvertible {
  /// Months since the year 0.
  private let number: Int

  private init(number: Int) {
    self.number = number
  }

  package init(_ date: Date) {
    var time = time_t(date.timeIntervalSince1970.rounded(.down))
    var parts = tm()
    gmtime_r(&time, &parts)
    number = (Int(parts.tm_year) + 1_900) * 12 + Int(parts.tm_mon)
  }

  /// Of the years 2000 to 2999.
  package init?(_ text: String) {
    guard let match = text.wholeMatch(of: /(2[0-9]{3})-(0[1-9]|1[0-2])/), let year = Int(match.1),
      let month = Int(match.2)
    else { return nil }
    number = year * 12 + month - 1
  }

  /// The first moment of it.
  package var start: Date {
    var parts = tm()
    parts.tm_year = Int32(number / 12 - 1_900)
    parts.tm_mon = Int32(number % 12)
    parts.tm_mday = 1
    return Date(timeIntervalSince1970: TimeInterval(timegm(&parts)))
  }

  package var next: UTCMonth { UTCMonth(number: number + 1) }
  package var previous: UTCMonth { UTCMonth(number: number - 1) }

  package var description: String {
    let month = number % 12 + 1
    return "\(number / 12)-\(month < 10 ? "0" : "")\(month)"
  }

  package static func < (left: UTCMonth, right: UTCMonth) -> Bool { left.number < right.number }
}
