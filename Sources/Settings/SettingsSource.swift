import Configuration
import Foundation
package import Glibc
import SystemPackage

/// Where settings come from: the environment, behind it the credentials of systemd, and behind
/// those the configuration file.
package struct SettingsSource: Sendable {
  private let environment: EnvironmentVariablesProvider
  private let credentials: Credentials
  private let values: (any ConfigProvider)?
  /// The file that was read, if any.
  package let file: String?

  /// A file in the current folder that is there and was not read, since it may be anybody's.
  package let leftOutFile: String?

  /// Variables of the environment that are nearly called as settings are.
  package let unknownVariables: [UnknownVariable]

  /// Names the file where `--config` does not: `aidevbot-admin` sets it.
  package static let fileVariable = "AIDEVBOT_CONFIG"
  /// In the current folder, then the installed one.
  private static let (localFile, installedFile) =
    ("config/aidevbot.yaml", "/etc/aidevbot/aidevbot.yaml")

  /// In bytes; many times the example with all of its comments. The parser takes minutes for a
  /// file of another kind that has tens of thousands of keys.
  private static let maximumFileLength = 64 << 10

  /// - Throws: `SettingsError` if the file cannot be read.
  package init(file: String?, environment: [String: String] = ProcessInfo.processInfo.environment)
    async throws
  {
    self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
    unknownVariables = UnknownVariable.all(in: environment)
    credentials = Credentials(environment: environment)
    let named = file ?? environment[Self.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
    // Whoever wrote the file says where token and keys are sent. Secrets that systemd hands over,
    // or the ones of another user, are not for a file that happens to lie where a command is typed.
    let isLocalOwn =
      environment["CREDENTIALS_DIRECTORY", default: ""].isEmpty && Self.isOwn(Self.localFile)
    leftOutFile =
      named == nil && !isLocalOwn && exists(Self.localFile) ? Self.localFile : nil
    let usual = (isLocalOwn ? [Self.localFile] : []) + [Self.installedFile]
    self.file = named ?? usual.first(where: exists)
    guard let file = self.file, let text = try Self.text(of: file) else {
      values = nil
      return
    }
    try FileShape.check(text, file: file)
    do {
      values = try await FileProvider<YAMLSnapshot>(filePath: FilePath(file))
    } catch {
      // The parser quotes the line, which may hold a secret; its number does as well.
      let line = String(describing: error).prefixMatch(of: /([0-9]+):[0-9]+:/)?.1
      throw SettingsError(
        file: file,
        "is not YAML of the form of aidevbot.example.yaml"
          + (line.map { "; look at line \($0) and those before it" } ?? ""))
    }
  }

  /// What is written: one text, or the elements of a list; `nil` if it is set nowhere. In the
  /// environment, commas stand between elements; in the file, a single value is a list of one.
  package func texts(_ key: SettingsKey) throws -> [String]? {
    if let texts = try texts(key, in: environment) { return texts }
    if let text = try credentials.text(key) { return [text] }
    return try values.flatMap { try texts(key, in: $0) }
  }

  /// Where it looks, in words: `the environment and config/aidevbot.yaml`.
  package var places: String {
    let always = ["the environment"] + (credentials.areGiven ? ["the credentials"] : [])
    guard let file else { return "\(always.joined(separator: " and ")); there is no file" }
    return "\(always.joined(separator: ", ")) and \(file)"
  }

  // The providers are asked one by one, because a reader's optional getters take a malformed value
  // for a missing one.

  private func text(_ key: SettingsKey, in provider: any ConfigProvider) throws -> String? {
    let found: LookupResult
    do {
      found = try provider.value(forKey: key.configKey, type: .string)
    } catch {
      throw SettingsError(key, "must be a single value, not a list or a section")
    }
    guard case .string(let text)? = found.value?.content, !text.isEmpty else { return nil }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func texts(_ key: SettingsKey, in provider: any ConfigProvider) throws -> [String]? {
    guard key.isList else { return try text(key, in: provider).map { [$0] } }
    let found: LookupResult
    do {
      found = try provider.value(forKey: key.configKey, type: .stringArray)
    } catch {
      guard let single = try? text(key, in: provider) else {
        throw SettingsError(key, "must be a list")
      }
      return [single]
    }
    guard case .stringArray(let texts)? = found.value?.content else { return nil }
    let trimmed = texts.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    return trimmed.filter { !$0.isEmpty }
  }

  /// Whether the file and its folder are there and belong to that user, who by default is the one
  /// that the process runs as.
  package static func isOwn(_ file: String, user: uid_t = geteuid()) -> Bool {
    [file, (file as NSString).deletingLastPathComponent].allSatisfy { path in
      var status = stat()
      return stat(path, &status) == 0 && status.st_uid == user
    }
  }

  /// `nil` for a file of comments alone, which is no YAML mapping, but a fine configuration.
  private static func text(of file: String) throws -> String? {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
      throw SettingsError(file: file, "cannot be read; check the path and its permissions")
    }
    guard text.utf8.count <= maximumFileLength else {
      throw SettingsError(
        file: file,
        "is longer than \(maximumFileLength >> 10) KiB, as no configuration is; check the path")
    }
    let holdsAnything = text.split(whereSeparator: \.isNewline).contains { line in
      line.first { !$0.isWhitespace } != "#" && !line.allSatisfy(\.isWhitespace)
    }
    return holdsAnything ? text : nil
  }
}
