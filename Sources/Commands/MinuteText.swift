package import Foundation

extension Date {
  /// `22 Nov 18:32`, in UTC.
  package var minuteText: String {
    let parts = utcParts
    return "\(Self.day(parts)) \(Self.two(parts.tm_hour)):\(Self.two(parts.tm_min))"
  }

  /// `22 Nov 2026`, in UTC.
  package var dayText: String {
    let parts = utcParts
    return "\(Self.day(parts)) \(Int(parts.tm_year) + 1_900)"
  }

  private var utcParts: tm {
    var time = time_t(timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&time, &parts)
    return parts
  }

  private static func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func day(_ parts: tm) -> String {
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    return "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
  }
}
