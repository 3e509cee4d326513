import Glibc
import Installation
import Settings

extension SettingsError {
  /// What to edit or type. A secret goes where nobody else can read it, which the configuration
  /// file of the package is not.
  ///
  /// - Parameter file: The configuration file, if there is one.
  func next(_ installation: Installation, file: String?) -> String? {
    guard let secret else { return file.map(Self.edit) }
    if let credential = installation.credential(secret) { return "sudo editor \(credential)" }
    return "export \(secret)=..."
  }

  /// With `sudo` where only that helps.
  private static func edit(_ file: String) -> String {
    access(file, W_OK) == 0 ? "editor \(file)" : "sudo editor \(file)"
  }
}
