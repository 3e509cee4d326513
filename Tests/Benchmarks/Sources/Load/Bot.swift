package import Foundation

/// The bot under measurement, a process of its own.
package struct Bot {
  private let process = Process()
  package let databasePath: String

  /// - Parameter changes: To the environment: where the providers are, for one.
  package init(
    executable: String, telegram: String, folder: URL, changing changes: [String: String] = [:]
  ) throws {
    databasePath = folder.appendingPathComponent("bench.sqlite").path
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

  package var isRunning: Bool { process.isRunning }

  /// Returns the exit status.
  @discardableResult
  package func stop() -> Int32 {
    process.terminate()
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Of the process so far, user and system, in microseconds.
  package var processorTime: Double {
    let fields = proc("stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      return .nan
    }
    return (user + system) * 1_000_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// In MiB.
  package var residentMemory: Double { status("VmRSS").map { Double($0) / 1_024 } ?? .nan }

  /// The most it ever was, in MiB.
  package var peakMemory: Double { status("VmHWM").map { Double($0) / 1_024 } ?? .nan }

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

  private func status(_ name: String) -> Int? {
    let line = proc("status").split(separator: "\n").first { $0.hasPrefix("\(name):") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
  }

  private func proc(_ file: String) -> String {
    (try? String(contentsOfFile: path(file), encoding: .utf8)) ?? ""
  }

  private func path(_ file: String) -> String { "/proc/\(process.processIdentifier)/\(file)" }
}
