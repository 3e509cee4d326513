import Foundation

extension Date {
  /// `22 Nov 18:32`, in UTC.
  var minuteText: String {
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    var time = time_t(timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&time, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let month = months[Int(parts.tm_mon)]
    return "\(two(parts.tm_mday)) \(month) \(two(parts.tm_hour)):\(two(parts.tm_min))"
  }
}
