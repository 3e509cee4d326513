import Foundation
import Glibc

/// The secrets that systemd hands over, a file each in `$CREDENTIALS_DIRECTORY`, by the name of the
/// setting: `telegram_bot_token` is `TELEGRAM_BOT_TOKEN`. See systemd.exec(5), `LoadCredential=`.
package struct Credentials: Sendable {
  /// In bytes; many times the longest secret.
  private static let longest = 16 << 10

  private let directory: String?

  package init(environment: [String: String]) {
    directory = environment["CREDENTIALS_DIRECTORY"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Whether systemd has handed any over.
  package var areGiven: Bool { directory != nil }

  /// The value as text, or `nil` if there is no such credential or it is empty.
  ///
  /// - Throws: `SettingsError` if it cannot be read, or anybody could.
  package func text(_ key: SettingsKey) throws -> String? {
    guard let directory, key.isSecret else { return nil }
    let path = "\(directory)/\(key.credentialName)"
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return nil }
      throw SettingsError(
        key, "cannot be read from the credential \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw SettingsError(key, "cannot be read from the credential \(path): it is not a file")
    }
    guard status.st_mode & S_IRWXO == 0 else {
      throw SettingsError(
        key, "is in the credential \(path), which anybody can read or change; run chmod 600 on it")
    }
    return try contents(of: file, path, key)
  }

  private func contents(of file: Int32, _ path: String, _ key: SettingsKey) throws -> String? {
    let data: Data
    do {
      let handle = FileHandle(fileDescriptor: file, closeOnDealloc: false)
      data = try handle.read(upToCount: Self.longest + 1) ?? Data()
    } catch {
      throw SettingsError(key, "cannot be read from the credential \(path)")
    }
    guard data.count <= Self.longest, let text = String(data: data, encoding: .utf8) else {
      throw SettingsError(key, "is no secret in the credential \(path): too long, or not text")
    }
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return trimmed.isEmpty ? nil : trimmed
  }
}
