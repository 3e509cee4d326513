package import Foundation

extension Date {
  /// As the tables keep times: UTC, to the millisecond, `2026-11-22 18:32:01.123`. Written by hand,
  /// because a date formatter takes longer than the statement that it is for.
  package var databaseText: String {
    let milliseconds = Int((timeIntervalSince1970 * 1_000).rounded())
    var seconds = time_t(milliseconds / 1_000)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let fields: [(value: Int, digits: Int, end: Character?)] = [
      (Int(parts.tm_year) + 1_900, 4, "-"), (Int(parts.tm_mon) + 1, 2, "-"),
      (Int(parts.tm_mday), 2, " "), (Int(parts.tm_hour), 2, ":"), (Int(parts.tm_min), 2, ":"),
      (Int(parts.tm_sec), 2, "."), (milliseconds % 1_000, 3, nil),
    ]
    var text = ""
    text.reserveCapacity(23)
    for field in fields {
      let digits = String(field.value)
      for _ in digits.count..<max(digits.count, field.digits) { text.append("0") }
      text += digits
      if let end = field.end { text.append(end) }
    }
    return text
  }
}
