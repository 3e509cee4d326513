import Foundation
import Glibc
import GRDB
@testable import Ledger
import Testing

@Suite("The place of a database")
struct DatabasePlaceTests {
  private let file: LedgerFile

  init() throws {
    file = try LedgerFile()
  }

  private func link(_ name: String, to target: String) throws -> String {
    let path = file.folder.appendingPathComponent(name).path
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    return path
  }

  @Test func isTheSameByWhateverSymbolicLinks() throws {
    let real = DatabasePlace.resolved(file.path)
    #expect(real == file.path)
    #expect(try DatabasePlace.resolved(link("by-path", to: file.path)) == real)
    #expect(try DatabasePlace.resolved(link("by-name", to: "test.sqlite")) == real)
    #expect(try DatabasePlace.resolved(link("twice", to: "by-name")) == real)
    #expect(try DatabasePlace.resolved(link("folder", to: ".") + "/test.sqlite") == real)
  }

  @Test func isKnownBeforeThereIsAFile() throws {
    let link = try link("early", to: "later.sqlite")
    #expect(
      DatabasePlace.resolved(link) == file.folder.appendingPathComponent("later.sqlite").path)
    let nowhere = file.folder.path + "/none/of/these.sqlite"
    #expect(DatabasePlace.resolved(nowhere) == nowhere)
    let loop = try self.link("loop", to: "loop")
    #expect(!DatabasePlace.resolved(loop).isEmpty)
  }

  @Test func mayHaveOneNameAlone() throws {
    let other = file.folder.appendingPathComponent("other.sqlite").path
    #expect(Glibc.link(file.path, other) == 0)
    for path in [file.path, other] {
      #expect {
        _ = try LedgerDatabase(path: path)
      } throws: { error in
        String(describing: error).hasPrefix(
          "the database \(path) cannot be opened: it has 2 names (hard links)")
      }
    }
    #expect(unlink(other) == 0)
    try LedgerDatabase(path: file.path).close()
  }

  /// A restore that was killed has left the second one.
  @Test func mayHaveTheNameThatARestoreGivesTheOldFile() throws {
    #expect(Glibc.link(file.path, file.path + ".replaced-20261128T180000Z") == 0)
    try LedgerDatabase(path: file.path).close()
  }

  @Test func isWatched() throws {
    #expect(file.database.change == nil)
    let away = file.path + ".away"
    #expect(rename(file.path, away) == 0)
    #expect(file.database.change == .gone)
    try Data().write(to: URL(fileURLWithPath: file.path))
    #expect(file.database.change == .replaced)
    #expect(rename(away, file.path) == 0)
    #expect(file.database.change == nil)
  }

  /// To close the file once more would end SQLite's locks on it, and another process would write.
  @Test func keepsItsLocksWhenTheFileIsLookedAtOnceMore() throws {
    _ = try file.user()
    let held = try Self.locks(on: file.path)
    #expect(held > 0)
    try LedgerDatabase.createPrivateFile(file.path)
    #expect(try Self.locks(on: file.path) == held)
  }

  /// How many locks this process has on that file, as each of its descriptors shows them. The list
  /// of all of the system's locks may leave some out while others come and go.
  private static func locks(on path: String) throws -> Int {
    var status = stat()
    #expect(stat(path, &status) == 0)
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    return descriptors.compactMap { Int32($0) }.reduce(0) { count, descriptor in
      var other = stat()
      guard fstat(descriptor, &other) == 0, other.st_ino == status.st_ino,
        other.st_dev == status.st_dev,
        let about = try? String(contentsOfFile: "/proc/self/fdinfo/\(descriptor)", encoding: .utf8)
      else { return count }
      return count + about.split(separator: "\n").count { $0.hasPrefix("lock:") }
    }
  }
}
