package import Foundation
import Glibc
import Ledger

/// The files of a machine that takes part: its database, the copy that follows another's, and what
/// it had before.
package struct StandbyFiles: Sendable {
  /// For how long a database is kept for a look that was set aside.
  static let keptAside = TimeInterval(7 * 86_400)
  /// So many of them, however young they are.
  private static let maximumKept = 3
  private static let aside = ".set-aside-"

  package let database: String

  package init(database: String) {
    self.database = database
  }

  /// What follows the holder's.
  package var copy: String { database + ".copy" }
  /// How far it has come, as Litestream writes it.
  private var copyPosition: String { copy + "-txid" }

  /// The name of this machine, made at its first start. No other machine has it: whoever copies a
  /// disk has to delete the file on the copy.
  ///
  /// - Throws: `StandbyError.noMachineID`.
  package func machineID() throws -> String {
    let path = database + ".machine"
    do {
      if let text = try? String(contentsOfFile: path, encoding: .utf8) {
        let id = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if !id.isEmpty { return id }
      }
      let random = (1...4).map { _ in UInt8.random(in: .min ... .max) }
      let host = ProcessInfo.processInfo.hostName.split(separator: ".").first ?? "host"
      let name = host.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }.prefix(60)
      let id = "\(name)-\(random.map { String(format: "%02x", $0) }.joined())"
      try LedgerDatabase.createFolder(ofFile: path)
      try Data("\(id)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      return id
    } catch {
      throw StandbyError.noMachineID(path: path, reason: "\(error)")
    }
  }

  /// Of which term the database here is.
  ///
  /// - Throws: Errors of the database.
  func ownFile() throws -> NextMove.OwnFile {
    guard FileManager.default.fileExists(atPath: database) else { return .none }
    let term = try LedgerDatabase.look(at: database) { try LeaseTerm.current(in: $0)?.term }
    return term.map { .ofTerm($0) } ?? .withoutTerm
  }

  /// Takes away the database here, which another machine's has overtaken, and keeps it for a week.
  ///
  /// - Returns: Where it is then; `nil` where there was none.
  @discardableResult
  func setAside(at now: Date = Date()) throws -> String? {
    let time = Int(now.timeIntervalSince1970)
    let target = database + Self.aside + "\(time)"
    var moved: String?
    // The log first: without its database it is nothing, but a database without its log is an older
    // one.
    for ending in ["-wal", "", "-shm"] where exists(database + ending) {
      try FileManager.default.moveItem(atPath: database + ending, toPath: target + ending)
      if ending.isEmpty { moved = target }
    }
    try removeLitestreamsFolder()
    return moved
  }

  /// Deletes what was set aside more than a week ago, and all but the newest: machines that change
  /// often would fill their disks with it.
  package func removeOldOnes(at now: Date = Date()) throws {
    let file = URL(fileURLWithPath: database)
    let folder = file.deletingLastPathComponent()
    let start = file.lastPathComponent + Self.aside
    var names: [TimeInterval: [String]] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasPrefix(start) {
      guard let time = TimeInterval(name.dropFirst(start.count).prefix { $0.isNumber }) else {
        continue
      }
      names[time, default: []].append(name)
    }
    for (number, time) in names.keys.sorted(by: >).enumerated()
    where number >= Self.maximumKept || now.timeIntervalSince1970 - time > Self.keptAside {
      for name in names[time] ?? [] {
        try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      }
    }
  }

  /// Puts the copy into the place of the database. None is there.
  func putCopyInPlace() throws {
    try removeLitestreamsFolder()
    try remove(copyPosition)
    chmod(copy, 0o600)
    try FileManager.default.moveItem(atPath: copy, toPath: database)
  }

  /// So that a new one can be made.
  func removeCopy() throws {
    for ending in ["", "-txid", "-wal", "-shm", ".tmp", ".tmp-wal", ".tmp-shm"] {
      try remove(copy + ending)
    }
  }

  /// Litestream's number of the last transaction that the copy has; `nil` before the first.
  package func copiedTXID() -> UInt64? {
    guard let text = try? String(contentsOfFile: copyPosition, encoding: .utf8) else { return nil }
    return UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines), radix: 16)
  }

  /// Litestream keeps in it what it knows of the file that is there: of another one, that is wrong.
  private func removeLitestreamsFolder() throws {
    let file = URL(fileURLWithPath: database)
    try remove(
      file.deletingLastPathComponent().appendingPathComponent(
        ".\(file.lastPathComponent)-litestream"
      ).path)
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  private func remove(_ path: String) throws {
    if exists(path) { try FileManager.default.removeItem(atPath: path) }
  }
}
