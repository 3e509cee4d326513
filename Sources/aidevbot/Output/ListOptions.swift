import ArgumentParser
import Foundation
import Ledger

struct LimitOption: ParsableArguments {
  @Option(help: ArgumentHelp("At most so many rows.", valueName: "n"))
  var limit: Int?

  func validate() throws {
    guard (limit ?? 1) > 0 else { throw ValidationError("--limit must be above zero.") }
  }
}

struct SinceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "From this day in UTC on, such as 2026-11-01, or for so long until now: 30m, 24h, 7d, 4w.",
      valueName: "day or time"),
    transform: SinceOption.moment(of:))
  var since: Date?

  private static func moment(of text: String) throws -> Date {
    let seconds: [Character: TimeInterval] = ["m": 60, "h": 3_600, "d": .day, "w": 7 * .day]
    if let unit = text.last.flatMap({ seconds[$0] }),
      text.wholeMatch(of: /[1-9][0-9]{0,4}[mhdw]/) != nil, let count = Double(text.dropLast())
    {
      return Date().addingTimeInterval(-count * unit)
    }
    guard let day = Date(day: text) else {
      throw ValidationError("--since must be a day such as 2026-11-01, or a time such as 7d.")
    }
    return day
  }
}

extension Date {
  /// The beginning of a day in UTC, such as `2027-01-31`; `nil` if there is no such day.
  init?(day text: String) {
    // Foundation takes the 31st of February for the 3rd of March.
    guard text.wholeMatch(of: /[0-9]{4}-[0-9]{2}-[0-9]{2}/) != nil,
      let day = try? Date("\(text)T00:00:00Z", strategy: .iso8601),
      day.databaseText.hasPrefix(text)
    else { return nil }
    self = day
  }
}
