/// A value of the configuration that is missing or malformed: one sentence that names the key and
/// says what is expected. The process ends with status 78, upon which systemd does not restart it.
struct SettingsError: Error, Equatable, CustomStringConvertible {
  var description: String

  init(_ key: SettingsKey, _ problem: String) {
    description = "\(key.environmentName) \(problem)"
  }

  init(file: String, _ problem: String) {
    description = "The configuration file \(file) \(problem)"
  }
}
