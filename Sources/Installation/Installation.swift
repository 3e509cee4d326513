import Foundation

/// How this program came onto the machine, and with it what an operator types and where secrets go.
///
/// The Debian package keeps secrets and data from everybody but root and the bot's user, and has
/// `aidevbot-admin` to reach them. Who has built the program for themselves has neither.
package struct Installation: Sendable {
  /// Of the running process.
  package static let current = Installation(
    executable: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
    environment: ProcessInfo.processInfo.environment
  ) { FileManager.default.fileExists(atPath: $0) }

  /// Whether it is the package's.
  package let isPackaged: Bool

  /// Whether it runs as the unit does: with the secrets, or the data, that systemd gives it.
  package let isInUnit: Bool

  /// - Parameters:
  ///   - executable: As the kernel names it; ` (deleted)` follows where an upgrade has replaced it.
  ///   - exists: Whether there is a file of that path.
  package init(
    executable: String?, environment: [String: String], exists: (_ path: String) -> Bool
  ) {
    isPackaged =
      ["/usr/bin/aidevbot", "/usr/bin/aidevbot (deleted)"].contains(executable)
      && exists("/usr/bin/aidevbot-admin")
    isInUnit = ["STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"].contains { name in
      environment[name].map { !$0.isEmpty } ?? false
    }
  }

  /// What is typed before a command, as in `aidevbot-admin ledger verify`.
  package var program: String { isPackaged ? "aidevbot-admin" : "aidevbot" }

  /// The file that the unit takes a secret from; `nil` outside the package.
  ///
  /// - Parameter name: In the environment, as in `GEMINI_API_KEY`.
  package func credential(_ name: String) -> String? {
    isPackaged ? "/etc/aidevbot/credentials/\(name.lowercased())" : nil
  }

  /// Goes on after "Make a new key and": `set GEMINI_API_KEY`, or where to put it.
  package func setting(secret name: String) -> String {
    credential(name).map { "put it into \($0)" } ?? "set \(name)"
  }

  /// The command that reaches the bot's own secrets and data, where this process has not been given
  /// them and the package's bot has them; otherwise `nil`.
  ///
  /// - Parameter arguments: Those of this process, without its name.
  package func commandInUnit(_ arguments: [String]) -> String? {
    guard isPackaged, !isInUnit else { return nil }
    return (["aidevbot-admin"] + arguments.map(Self.quoted)).joined(separator: " ")
  }

  /// As a shell reads it as one word.
  private static func quoted(_ argument: String) -> String {
    if argument.wholeMatch(of: /[A-Za-z0-9_@%+=:,.\/-]+/) != nil { return argument }
    return "'" + argument.replacing("'", with: #"'\''"#) + "'"
  }
}
