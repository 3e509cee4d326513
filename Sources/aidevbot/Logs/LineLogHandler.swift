import Foundation
import Glibc
import Logging
import Synchronization

/// Writes one event a line to standard error, whatever is in it. If that is systemd's journal,
/// each line begins with its priority as sd-daemon(3) has it, and the journal knows the time.
struct LineLogHandler: LogHandler {
  /// One level for all the copies of a logger, so that it can be changed while the bot runs.
  final class Threshold: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) {
      self.level = Mutex(level)
    }

    var value: Logger.Level {
      get { level.withLock { $0 } }
      set { level.withLock { $0 = newValue } }
    }
  }

  var metadata: Logger.Metadata = [:]
  private let threshold: Threshold
  private let isJournal: Bool

  init(_ threshold: Threshold, isJournal: Bool = standardErrorIsTheJournal()) {
    self.threshold = threshold
    self.isJournal = isJournal
  }

  var logLevel: Logger.Level {
    get { threshold.value }
    nonmutating set { threshold.value = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let start =
      isJournal
      ? "<\(event.level.journalPriority)>"
      : Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(Date()) + " "
    let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
      .map { " \($0.key)=\(Self.quoted("\($0.value)"))" }
    let words = "\(event.level) " + "\(event.message)".escapedOnOneLine
    Self.write(Array((start + words + details.joined() + "\n").utf8))
  }

  /// A value with blanks in it is put in quotation marks, so that a reader sees where it ends.
  private static func quoted(_ value: String) -> String {
    let text = value.escapedOnOneLine
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else {
      return text
    }
    return "\"" + text.replacing("\"", with: "\\\"") + "\""
  }

  /// In one call wherever the pipe takes it whole, so that lines do not mix.
  private static func write(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }  // Nobody reads it; the bot goes on all the same.
      rest = rest.dropFirst(count)
    }
  }
}

/// systemd names device and inode of the stream that it connected to the journal: a program whose
/// standard error has been sent elsewhere still has the variable (systemd.exec(5)).
func standardErrorIsTheJournal() -> Bool {
  guard let named = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
  var status = stat()
  guard fstat(STDERR_FILENO, &status) == 0 else { return false }
  return named == "\(status.st_dev):\(status.st_ino)"
}

extension Logger.Level {
  fileprivate var journalPriority: Int {
    switch self {
    case .critical: 2
    case .error: 3
    case .warning: 4
    case .notice: 5
    case .info: 6
    case .debug, .trace: 7
    }
  }
}

extension String {
  /// With whatever would end the line or act on a terminal written as an escape.
  fileprivate var escapedOnOneLine: String {
    guard unicodeScalars.contains(where: \.isDisruptive) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.isDisruptive: text += "\\u{\(String(scalar.value, radix: 16))}"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isDisruptive: Bool {
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
