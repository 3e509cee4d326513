package import Foundation

/// A time of the day in UTC, to the minute: `16:30`.
package struct ClockTime: Sendable, Hashable {
  package let minute: Int

  /// `nil` for what is no minute of a day.
  package init?(minute: Int) {
    guard (0..<1_440).contains(minute) else { return nil }
    self.minute = minute
  }

  /// Reads `16:30`; `nil` for anything else.
  package init?(parsing text: some StringProtocol) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.first != "+" }),
      let hour = UInt(parts[0]), let minute = UInt(parts[1]), hour < 24, minute < 60
    else { return nil }
    self.minute = Int(hour * 60 + minute)
  }
}

extension ClockTime: Codable, CustomStringConvertible {
  package var description: String {
    let (hour, minute) = minute.quotientAndRemainder(dividingBy: 60)
    return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let time = ClockTime(parsing: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no time of a day")
    }
    self = time
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Hours of each day: from one minute until just before another. They may go past midnight; the
/// same twice is the whole day.
package struct DailyHours: Sendable, Hashable, Codable, CustomStringConvertible {
  package var from: ClockTime
  package var to: ClockTime

  package init(from: ClockTime, to: ClockTime) {
    self.from = from
    self.to = to
  }

  package func contain(minute: Int) -> Bool {
    if from == to { return true }
    return from.minute < to.minute
      ? minute >= from.minute && minute < to.minute
      : minute >= from.minute || minute < to.minute
  }

  package var description: String { "\(from)-\(to)" }
}

/// The moment of a call, as far as prices by the hour look at it. Two dates that the tables keep as
/// the same text are the same moment.
package struct PriceMoment: Sendable, Equatable {
  /// Of the day, in UTC.
  package let minute: Int
  /// From 1 for Monday to 7 for Sunday, in UTC.
  package let day: Int

  package init(_ date: Date) {
    let milliseconds = max(0, Int((date.timeIntervalSince1970 * 1_000).rounded()))
    let minutes = milliseconds / 60_000
    minute = minutes % 1_440
    // The first of January 1970 was a Thursday.
    day = (minutes / 1_440 + 3) % 7 + 1
  }
}
