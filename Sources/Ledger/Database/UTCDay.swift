package import Foundation

extension TimeInterval {
  /// The length of a day in UTC.
  package static let day: TimeInterval = 24 * 3_600
}

extension Date {
  /// The first moment of its day in UTC.
  package var startOfUTCDay: Date {
    Date(timeIntervalSince1970: (timeIntervalSince1970 / .day).rounded(.down) * .day)
  }
}
