import CMappedFiles
import Messaging

/// Gives back the pages of the program and its libraries that are not in use. For each that is
/// needed, the kernel maps the sixteen around it, and keeps them while there is room: what a start
/// and rare work have touched would stay for good, and is three times of what an idle bot needs.
struct ProgramPages: PeriodicService {
  /// What every service does first is done by then.
  private static let afterStart = Duration.seconds(2)
  private static let interval = Duration.seconds(600)

  private var isFirstRound = true

  static func giveBack() { aidevbot_unmap_program_pages() }

  mutating func round() -> Duration {
    defer { isFirstRound = false }
    if isFirstRound { return Self.afterStart }
    Self.giveBack()
    return Self.interval
  }
}
