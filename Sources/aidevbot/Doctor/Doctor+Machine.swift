import Foundation
import Glibc
import Installation
import Ledger
import Settings

extension Doctor {
  /// In bytes. Below the first, the bot alerts; below the second, it will soon.
  private static let minimumFreeSpace: Int64 = 256 << 20
  private static let comfortableFree: Int64 = 1 << 30

  func diskCheck() -> Check {
    guard let path = try? settings.databasePath() else {
      return Check("disk", .note, "the settings do not say where the database is")
    }
    var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
      folder.deleteLastPathComponent()
    }
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else {
      return Check("disk", .failed, "\(folder.path) cannot be looked at", next: "df \(folder.path)")
    }
    let sentence = "\(free >> 20) MiB are free in \(folder.path)"
    return switch free {
    case ..<Self.minimumFreeSpace: Check("disk", .failed, sentence, next: "make room; df -h")
    case ..<Self.comfortableFree: Check("disk", .warning, sentence, next: "make room; df -h")
    default: Check("disk", .ok, sentence)
    }
  }

  // MARK: - Permissions

  func permissionChecks() -> [Check] {
    var flaws: [Check] = []
    let files = privateFiles()
    for path in files {
      guard let status = Self.status(of: path) else { continue }
      if status.st_mode & 0o077 != 0 {
        flaws.append(
          Check(
            "permissions", .failed, "others can read or write \(path)",
            next: "\(Self.sudo(status))chmod go= \(path)"))
      }
    }
    if let path = try? settings.databasePath() {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
      if let status = Self.status(of: folder), status.st_mode & 0o002 != 0 {
        flaws.append(
          Check(
            "permissions", .failed, "anybody can write to \(folder)",
            next: "\(Self.sudo(status))chmod o-w \(folder)"))
      }
      flaws += ownerFlaws(path)
    }
    return flaws.isEmpty
      ? [Check("permissions", .ok, "nobody else can read the database or the secrets")] : flaws
  }

  /// What a command leaves behind that was run as root, and the bot may not open.
  private func ownerFlaws(_ path: String) -> [Check] {
    guard let owner = Self.status(of: path)?.st_uid else { return [] }
    return Self.databaseFiles(path).compactMap { file in
      guard let status = Self.status(of: file), status.st_uid != owner else { return nil }
      return Check(
        "permissions", .failed, "\(file) has another owner than the database",
        next: "sudo chown --reference=\(path) \(file)")
    }
  }

  private static func databaseFiles(_ path: String) -> [String] {
    ["", "-wal", "-shm", InstanceLock.bot.rawValue].map { path + $0 }
  }

  /// The database, and whatever has secrets in it.
  private func privateFiles() -> [String] {
    var files = (try? settings.databasePath()).map(Self.databaseFiles) ?? []
    if let file = settings.source.file, settings.source.fileHoldsSecrets { files.append(file) }
    files.append("/etc/aidevbot/secrets.env")
    let credentials = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"]
    if let credentials {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: credentials)) ?? []
      files += names.sorted().map { "\(credentials)/\($0)" }
    }
    return files
  }

  /// Nothing where the file is the caller's own.
  private static func sudo(_ status: stat) -> String {
    status.st_uid == geteuid() ? "" : "sudo "
  }

  private static func status(of path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  // MARK: - Backups

  /// Nothing where there is no database yet.
  func backupChecks() -> [Check] {
    guard let path = try? settings.databasePath(), FileManager.default.fileExists(atPath: path)
    else { return [] }
    let folder = DatabaseBackup.usualFolder(besideDatabase: path)
    if systemdRuns, systemctl("is-failed", "aidevbot-backup.service") == "failed" {
      return [
        Check(
          "backup", .failed, "the last one failed", next: "journalctl -u aidevbot-backup -n 20")
      ]
    }
    let make =
      installation.isPackaged
      ? "sudo systemctl enable --now aidevbot-backup.timer" : "aidevbot backup \(folder)/"
    guard let newest = DatabaseBackup.newest(in: folder) else {
      return [
        Check(
          "backup", installation.isPackaged ? .warning : .note, "there is none in \(folder)",
          next: make)
      ]
    }
    let age = max(0, Date().timeIntervalSince(newest))
    let hours = Int(age / 3_600)
    let shown = hours < 48 ? "\(hours) h" : "\(hours / 24) days"
    let sentence = "the newest is \(hours < 1 ? "less than an hour" : shown) old"
    guard age > DatabaseBackup.oldAfter else { return [Check("backup", .ok, sentence)] }
    return [Check("backup", .warning, sentence, next: make)]
  }

  /// Nothing where Litestream has not been set up.
  func replicationChecks() -> [Check] {
    let unit = "aidevbot-litestream.service"
    guard systemdRuns, systemctl("is-enabled", unit) == "enabled" else { return [] }
    return systemctl("is-active", unit) == "active"
      ? [Check("litestream", .ok, "runs")]
      : [
        Check(
          "litestream", .failed, "does not run, so nothing leaves this machine",
          next: "journalctl -u aidevbot-litestream -n 20")
      ]
  }

  // MARK: - Unit

  func unitCheck() -> Check {
    guard systemdRuns else {
      return Check("unit", .note, "systemd does not run here")
    }
    let (enabled, active) = (
      systemctl("is-enabled", "aidevbot.service"), systemctl("is-active", "aidevbot.service")
    )
    return switch (enabled, active) {
    case ("enabled", "active"): Check("unit", .ok, "runs, and starts with the machine")
    case (_, "failed"):
      Check("unit", .failed, "has failed", next: "journalctl -u aidevbot -n 20")
    case (_, "activating"):
      Check(
        "unit", .failed, "is still starting, or ends at each start",
        next: "journalctl -u aidevbot -n 20")
    case ("masked", _):
      Check("unit", .warning, "is masked", next: "sudo systemctl unmask aidevbot")
    case (_, "active"):
      Check(
        "unit", .warning, "runs, but does not start with the machine",
        next: "sudo systemctl enable aidevbot")
    case ("enabled", _), ("disabled", _):
      Check("unit", .warning, "does not run", next: "sudo systemctl enable --now aidevbot")
    default: Check("unit", .note, "aidevbot.service is not installed")
    }
  }

  /// systemd's own way to tell (sd_booted(3)).
  private var systemdRuns: Bool {
    FileManager.default.fileExists(atPath: "/run/systemd/system")
  }

  /// The word that it says.
  private func systemctl(_ question: String, _ unit: String) -> String {
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/systemctl")
    process.arguments = [question, unit]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return "" }
    let bytes = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
