/// What programs can be written in: what answers in the cage with its version, not what is
/// installed.
enum Language {
  /// The commands that tell it, in the order in which a plan should think of them.
  private static let commands = [
    "python3 --version", "node --version", "gcc -dumpfullversion", "g++ -dumpfullversion",
    "go version", "rustc --version", "swift --version", "java --version", "ruby --version",
    "php --version", "perl -e 'printf \"%vd\", $^V'", "bash --version", "make --version",
    "sqlite3 --version",
  ]

  /// Longer than all of them take on a slow disk.
  private static let seconds = 30
  private static let maximumLanguages = 30
  private static let maximumLength = 40

  static func list(by run: Workshop.Run) async throws(WorkshopError) -> [String] {
    let lines = commands.map { command in
      let name = command.prefix { $0 != " " }
      return """
        if command -v \(name) >/dev/null; then
          version=$(\(command) 2>/dev/null | grep -Eom1 '[0-9]+(\\.[0-9]+)+' | head -n1)
          [ -n "$version" ] && echo "\(name) $version"
        fi
        """
    }
    let result = try await run(
      WorkshopRun(
        files: [], command: (lines + ["exit 0"]).joined(separator: "\n"), seconds: seconds))
    return result.output.split(separator: "\n").filter { line in
      line.utf8.count <= maximumLength
        && line.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+. ".contains($0)) }
    }.prefix(maximumLanguages).map(String.init)
  }
}
