/// Why a command was not run, or its end is not known.
package enum WorkshopError: Error, Sendable, Equatable {
  /// Nothing can be run here, for this reason: said to whoever waits, and to the operator.
  case unavailable(String)
  /// Others used the workshop for as long as it was waited for: try again later.
  case busy
  /// The workshop ended before it told how the command ended: run it again, or take it for a
  /// command that uses more memory than there is.
  case brokenOff
  /// More, or larger, files than a run may have, or a longer command: send less.
  case tooLarge
  /// A file's path that leads elsewhere, or to another file as well; it is not shown, being
  /// somebody else's words.
  case badPath
  /// The task that waited was cancelled; the command is ended.
  case cancelled
}

extension WorkshopError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unavailable(let reason): "nothing can be run here: \(reason)"
    case .busy: "the workshop was busy for as long as it was waited for"
    case .brokenOff: "the workshop ended before the command did"
    case .tooLarge: "the files or the command are larger than the workshop takes"
    case .badPath: "the path of a file is not one that the workshop takes"
    case .cancelled: "cancelled"
    }
  }
}
