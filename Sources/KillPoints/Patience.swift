#if DEBUG
  import Foundation
#endif

/// How long a test has the executable wait for models and for Telegram. A test that is slow to go
/// on between two requests finds them as they were, and what hangs for it is not sent again.
package enum Patience {
  /// In place of each limit, in a debug build that finds whole seconds in the variable
  /// `AIDEVBOT_PATIENCE`. A release build does not look.
  package static var ofTests: Duration? {
    #if DEBUG
      guard let text = ProcessInfo.processInfo.environment["AIDEVBOT_PATIENCE"] else { return nil }
      guard let seconds = Int(text) else {
        preconditionFailure("AIDEVBOT_PATIENCE is no number of seconds")
      }
      return .seconds(seconds)
    #else
      nil
    #endif
  }
}
