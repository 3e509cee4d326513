import Glibc
import Installation
import Settings

extension SettingsError {
  /// What to edit or type. A secret goes where nobody else can read it, which the configuration
  /// file of the package is not.
  ///
  /// - Parameters:
  ///   - file: The configuration file, if there is one.
  ///   - command: What sees the secrets of the package's bot, where this process does not.
  ///   - isFilled: Whether a file can be seen to hold something.
  func next(
    _ installation: Installation, file: String?, command: String? = nil,
    isFilled: (_ path: String) -> Bool = Self.isFilled
  ) -> String? {
    guard let secret else { return file.map(Self.edit) }
    guard let credential = installation.credential(secret) else { return "export \(secret)=..." }
    if let command, isFilled(credential) { return command }
    return "sudo editor \(credential)"
  }

  private static func isFilled(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_size > 0
  }

  /// With `sudo` where only that helps.
  private static func edit(_ file: String) -> String {
    access(file, W_OK) == 0 ? "editor \(file)" : "sudo editor \(file)"
  }
}
