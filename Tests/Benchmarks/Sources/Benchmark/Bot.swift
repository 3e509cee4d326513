import Foundation

/// The bot under measurement, a process of its own.
struct Bot {
  private let process = Process()

  init(executable: String, telegram: String, folder: URL) throws {
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = ["run"]
    process.environment = ProcessInfo.processInfo.environment.merging([
      "TELEGRAM_BOT_TOKEN": "1:bench", "TELEGRAM_API_BASE_URL": telegram,
      "GEMINI_API_KEY": "none", "OPENROUTER_API_KEY": "none", "LOG_LEVEL": "warning",
      "TELEGRAM_SENDS_PER_SECOND": "0", "TELEGRAM_SENDS_PER_CHAT_PER_SECOND": "0",
      "DATABASE_PATH": folder.appendingPathComponent("bench.sqlite").path,
    ]) { $1 }
    try process.run()
  }

  func stop() {
    process.terminate()
    process.waitUntilExit()
  }

  /// Of the process so far, user and system, in microseconds.
  var processorTime: Double {
    let fields = proc("stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      return .nan
    }
    return (user + system) * 1_000_000 / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// In MiB.
  var residentMemory: Double {
    let line = proc("status").split(separator: "\n").first { $0.hasPrefix("VmRSS") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 / 1024 }
      ?? .nan
  }

  private func proc(_ file: String) -> String {
    let path = "/proc/\(process.processIdentifier)/\(file)"
    return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
