import Foundation

extension World {
  /// Runs `aidevbot` with its output on a terminal that is so many columns wide; standard error is
  /// the same terminal. Lines end as a terminal has them.
  ///
  /// - Parameter input: What is typed there.
  func onTerminal(
    columns: Int, _ arguments: String..., input: String = ""
  ) async throws -> ChildProcess.Ending {
    let words = ([try Self.built("aidevbot").path] + arguments).map { word in
      "'" + word.replacing("'", with: #"'\''"#) + "'"
    }
    let command = "stty cols \(columns) && exec \(words.joined(separator: " "))"
    return try await start(
      URL(fileURLWithPath: "/usr/bin/script"),
      ["--quiet", "--return", "--command", command, "/dev/null"], input: input
    ).waitForExit()
  }
}
