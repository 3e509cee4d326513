/// A value of the configuration that is missing or malformed: one sentence that names the key and
/// says what is expected. The process ends with status 78, upon which systemd does not restart it.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
  package var description: String
  /// The setting's name in the environment, if it is a secret.
  package var secret: String?

  package init(_ key: SettingsKey, _ problem: String) {
    description = "\(key.environmentName) \(problem)"
    secret = key.isSecret ? key.environmentName : nil
  }

  package init(file: String, _ problem: String) {
    description = "The configuration file \(file) \(problem)"
  }
}

/// Everything that keeps the bot from running, to be mended at once: a line each.
package struct SettingsProblems: Error, CustomStringConvertible {
  package let problems: [SettingsError]

  package init(_ problems: [SettingsError]) {
    self.problems = problems
  }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
