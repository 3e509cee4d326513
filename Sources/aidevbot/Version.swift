/// Which aidevbot this is: in `--version`, the package, the log's first line and the unit's status.
struct Version: Sendable, CustomStringConvertible {
  /// Of the next release; the one place of it.
  static let number = "0.1.0"
  /// As it was built; `BuildCommit` is written by the plugin `NameCommit`.
  static let current = Version(commit: BuildCommit.hash, commitNumber: BuildCommit.number)

  /// Of git, 40 hexadecimal digits; `nil` where the sources were no clone.
  let commit: String?
  /// How many commits there are up to that one; `nil` also in a shallow clone.
  let commitNumber: Int?

  /// `0.1.0+1234`, which grows with each commit, also as Debian compares versions; the bare number
  /// where the commits cannot be counted.
  var name: String { commitNumber.map { "\(Self.number)+\($0)" } ?? Self.number }

  /// Enough of the hash to find the commit by.
  var shortCommit: String? { commit.map { String($0.prefix(12)) } }

  var description: String {
    guard let shortCommit else { return "\(name) (built outside a git clone: no commit is known)" }
    return commitNumber == nil
      ? "\(name) (commit \(shortCommit) of a shallow clone, whose commits cannot be counted)"
      : "\(name) (commit \(shortCommit))"
  }
}
