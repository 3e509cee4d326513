import Foundation

/// What was looked at, what was found, and what to type next.
struct Check: Encodable, Sendable {
  enum Verdict: String, Encodable, Sendable {
    case ok
    /// Neither good nor bad.
    case note
    /// Works for now.
    case warning
    case failed
  }

  var name: String
  var verdict: Verdict
  var detail: String
  /// A command, or what else to do.
  var next: String?

  init(_ name: String, _ verdict: Verdict, _ detail: String, next: String? = nil) {
    self.name = name
    self.verdict = verdict
    self.detail = detail
    self.next = next
  }

  /// - Parameter width: Of the column of the names, in characters.
  func line(inColor: Bool, width: Int) -> String {
    let (word, color) =
      switch verdict {
      case .ok: ("ok    ", 32)
      case .note: ("note  ", 90)
      case .warning: ("warn  ", 33)
      case .failed: ("FAILED", 31)
      }
    let padding = String(repeating: " ", count: max(0, width - name.count))
    let start = inColor ? "\u{1B}[\(color)m\(word)\u{1B}[0m" : word
    let end = next.map { inColor ? " \u{1B}[1m→ \($0)\u{1B}[0m" : " → \($0)" } ?? ""
    return "\(start)  \(name)\(padding)  \(detail)\(end)"
  }
}

/// Prints the checks as lines, in color if somebody looks, or as JSON.
func printChecks(_ checks: [Check], asJSON: Bool) throws {
  if asJSON { return try printJSON(checks) }
  let inColor = standardOutputTakesColor()
  let width = checks.reduce(12) { max($0, $1.name.count) }
  for check in checks { print(check.line(inColor: inColor, width: width)) }
}

/// See no-color.org.
func standardOutputTakesColor() -> Bool {
  let environment = ProcessInfo.processInfo.environment
  return isatty(STDOUT_FILENO) == 1 && environment["NO_COLOR", default: ""].isEmpty
    && environment["TERM"] != "dumb"
}
