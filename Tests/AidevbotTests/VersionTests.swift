@testable import aidevbot
import Foundation
import Glibc
import Testing
import TestSupport

@Suite("Version")
struct VersionTests {
  private static let commit = "1800b53d8c1f0123456789abcdef0123456789ab"

  @Test func growsWithEachCommit() {
    let version = Version(commit: Self.commit, commitNumber: 1_234)
    #expect(version.name == "\(Version.number)+1234")
    #expect("\(version)" == "\(Version.number)+1234 (commit 1800b53d8c1f)")
  }

  @Test func saysWhereTheCommitsCannotBeCounted() {
    let shallow = Version(commit: Self.commit, commitNumber: nil)
    #expect(shallow.name == Version.number)
    #expect(
      "\(shallow)"
        == "\(Version.number) (commit 1800b53d8c1f of a shallow clone, whose commits cannot be "
        + "counted)"
    )
    let tarball = Version(commit: nil, commitNumber: nil)
    #expect("\(tarball)" == "\(Version.number) (built outside a git clone: no commit is known)")
  }

  /// As apt compares them: an upgrade that it takes for no newer one does nothing.
  @Test(arguments: [(nil, 1), (9, 10), (99, 100), (301, 302)])
  func isNewerToDebian(older: Int?, newer: Int) async throws {
    try await World.run { world in
      let names = [newer, older].map { Version(commit: nil, commitNumber: $0).name }
      let ending = try await world.start(
        URL(filePath: "/usr/bin/dpkg"), ["--compare-versions", names[0], "gt", names[1]]
      ).waitForExit()
      #expect(ending.status == 0, "\(names)")
    }
  }

  /// In a clone with all its commits, as developers and CI have it, both are known.
  @Test func isTheOneOfThisClone() throws {
    let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    guard FileManager.default.fileExists(atPath: package.appending(path: ".git").path) else {
      #expect(Version.current.commit == nil)
      return
    }
    #expect(Version.current.commit?.wholeMatch(of: /[0-9a-f]{40}/) != nil)
  }

  @Test func isInTheLogsFirstLineWithDatabaseAndSettings() async throws {
    try await World.run { world in
      try world.configure("log:\n  level: info\n")
      let daemon = try await world.startDaemon()
      let first = try #require(try await world.stop(daemon).errorLines.first)
      #expect(first.contains(" notice Starting. commit="), "\(first)")
      #expect(
        first.hasSuffix(
          " database=\(world.databasePath) settings=\"the environment and config/aidevbot.yaml\" "
            + "version=\(Version.current.name)"), "\(first)")
      if let commit = Version.current.shortCommit { #expect(first.contains(" commit=\(commit) ")) }
    }
  }
}
