package import Foundation
import Glibc

/// The bot under measurement, a process of its own.
package struct Bot {
  /// In the folder that it is given.
  package static let databaseName = "bench.sqlite"

  private let process = Process()
  package let databasePath: String

  /// - Parameter changes: To the environment: where the providers are, for one.
  package init(
    executable: String, telegram: String, folder: URL, changing changes: [String: String] = [:]
  ) throws {
    databasePath = folder.appendingPathComponent(Self.databaseName).path
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["run"]
    process.environment = ProcessInfo.processInfo.environment.merging([
      "TELEGRAM_BOT_TOKEN": "1:bench", "TELEGRAM_API_BASE_URL": telegram,
      "GEMINI_API_KEY": "none", "OPENROUTER_API_KEY": "none", "LOG_LEVEL": "warning",
      "TELEGRAM_SENDS_PER_SECOND": "0", "TELEGRAM_SENDS_PER_CHAT_PER_SECOND": "0",
      "DATABASE_PATH": databasePath, "BILLING_INITIAL_GRANTS_PER_DAY": "0",
    ]) { $1 }.merging(changes) { $1 }
    try process.run()
  }

  /// The least that a bot can do, on the database that the bot has left.
  package init(floor executable: String, telegram: String, database: String) throws {
    databasePath = database
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["bot", telegram, database]
    try process.run()
  }

  package var isRunning: Bool { process.isRunning }

  /// Returns the exit status.
  @discardableResult
  package func stop() -> Int32 {
    process.terminate()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// As the kernel does where memory runs out.
  package func kill() {
    _ = Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// Of the process so far, user and system, in microseconds.
  package var processorTime: Double {
    var (clock, time) = (clockid_t(), timespec())
    guard clock_getcpuclockid(process.processIdentifier, &clock) == 0,
      clock_gettime(clock, &time) == 0
    else { return .nan }
    return Double(time.tv_sec) * 1_000_000 + Double(time.tv_nsec) / 1_000
  }

  /// In MB, a million bytes each.
  package var residentMemory: Double { megabytes("VmRSS") }

  /// Without what is mapped of files, which the kernel takes back where memory is short, in MB.
  package var ownMemory: Double { megabytes("RssAnon") }

  /// The most that resident memory ever was, in MB.
  package var peakMemory: Double { megabytes("VmHWM") }

  package var threads: Int { status("Threads") ?? -1 }

  /// Sockets come and go with their connections; all else should stay as it is.
  package var openFiles: (sockets: Int, others: Int) {
    let files = FileManager.default
    let targets = ((try? files.contentsOfDirectory(atPath: path("fd"))) ?? []).compactMap {
      try? files.destinationOfSymbolicLink(atPath: path("fd/\($0)"))
    }
    let sockets = targets.count { $0.hasPrefix("socket:") }
    return (sockets, targets.count - sockets)
  }

  private func megabytes(_ name: String) -> Double {
    status(name).map { Double($0) * 1_024 / 1_000_000 } ?? .nan
  }

  private func status(_ name: String) -> Int? {
    let line = proc("status").split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
  }

  private func proc(_ file: String) -> String {
    (try? String(contentsOfFile: path(file), encoding: .utf8)) ?? ""
  }

  private func path(_ file: String) -> String { "/proc/\(process.processIdentifier)/\(file)" }
}
