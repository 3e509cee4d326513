import Foundation
@testable import Standby
import Testing
import TestSupport

/// Litestream as a child, for which the shell stands in.
@Suite("A restore")
struct RestoreProcessTests {
  private func start(_ script: String, _ environment: [String: String] = [:]) -> RestoreProcess {
    RestoreProcess(
      program: "/bin/sh", arguments: ["-c", script],
      environment: environment.merging(["PATH": "/usr/bin:/bin"]) { own, _ in own })
  }

  @Test func endsWell() async throws {
    let process = start("exit 0")
    try await process.end()
    #expect(process.hasEnded)
    // Also for who asks later.
    try await process.end()
  }

  @Test func saysItsLastWordsWhereItFails() async {
    let process = start("echo all is well; echo no such bucket >&2; exit 3")
    let error = StandbyError.cannotRestore("litestream ended with status 3: no such bucket")
    await #expect(throws: error) {
      try await process.end()
    }
  }

  @Test func saysThatTheProgramIsNotThere() async {
    let process = RestoreProcess(
      program: "/nowhere/litestream", arguments: ["restore"], environment: [:])
    await #expect(throws: StandbyError.self) { try await process.end() }
  }

  /// It ends by itself where it is asked to, and at once where it is not asked.
  @Test func isStoppedAndKilled() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("aidevbot-restore-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let ready = folder.appendingPathComponent("ready")
    func untilReady() async throws {
      while !FileManager.default.fileExists(atPath: ready.path) { await Task.yield() }
      try FileManager.default.removeItem(at: ready)
    }
    // The shell waits for its child before it sees the signal, so it has none.
    let script = "trap 'exit 0' TERM; : >'\(ready.path)'; while :; do :; done"
    let asked = start(script)
    try await untilReady()
    asked.stop()
    try await asked.end()
    let killed = start(script)
    try await untilReady()
    killed.kill()
    await #expect(throws: StandbyError.cannotRestore("litestream ended with signal 9")) {
      try await killed.end()
    }
  }

  /// Nothing of ours but what Litestream is to know, and nobody else reads what it writes.
  @Test func hasItsKeysAlone() async throws {
    let process = start(
      #"[ "$(umask)" = 0077 ] && [ "$KEY" = k ] && [ -z "$HOME" ] || exit 1"#, ["KEY": "k"])
    try await process.end()
  }
}
