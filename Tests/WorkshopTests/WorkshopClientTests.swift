import Foundation
import Glibc
import TestSupport
import Testing

@testable import Workshop

/// The bot's side of the socket, against the service's own code and against a hostile one.
@Suite("Workshop client")
struct WorkshopClientTests {
  private static let run = WorkshopRun(
    files: [WorkshopFile(path: "a/b.txt", bytes: Array("hello".utf8))], command: "cat a/b.txt")

  private static let server = WorkshopServer(cage: Cage(bubblewrap: "/usr/bin/bwrap"))

  @Test func aRunGoesOverTheSocketAndItsResultComesBack() async throws {
    try await UnixListener.with({ Self.server.serve($1) }) { listener in
      let kind = WorkshopKind.find(socket: listener.path)
      #expect(kind == .service(listener.path))
      let result = try await kind.run(Self.run)
      #expect(result.output == "hello")
      #expect(result.passed)
      let failed = try await kind.run(WorkshopRun(files: [], command: "echo no >&2; kill -9 $$"))
      #expect(failed.output == "no\n")
      #expect(failed.ending == .signalled(9))
      let late = try await kind.run(WorkshopRun(files: [], command: "sleep 60", seconds: 1))
      #expect(late.ending == .timedOut)
    }
  }

  @Test func theLargestRunFits() async throws {
    try await UnixListener.with({ Self.server.serve($1) }) { listener in
      let count = WorkshopRun.maximumFiles
      let files = (0..<count).map {
        WorkshopFile(
          path: "folder \($0)/file",
          bytes: Array(repeating: 7, count: WorkshopRun.maximumBytes / count))
      }
      let result = try await WorkshopClient(socket: listener.path).run(
        WorkshopRun(files: files, command: "find . -type f | wc -l"))
      #expect(result.output == "\(count)\n")
    }
  }

  @Test func whereItIsBusyItWaitsUntilItIsFree() async throws {
    try await UnixListener.with({ number, descriptor in
      if number < 3 { close(descriptor) } else { Self.server.serve(descriptor) }
    }) { listener in
      let client = WorkshopClient(socket: listener.path, patience: .seconds(3_600))
      let result = try await client.run(Self.run)
      #expect(result.output == "hello")
      #expect(listener.connections.value.begun == 4)
    }
  }

  @Test func whatStaysBusyIsGivenUp() async throws {
    try await UnixListener.with({ close($1) }) { listener in
      let client = WorkshopClient(socket: listener.path, patience: .milliseconds(120))
      await #expect(throws: WorkshopError.busy) { try await client.run(Self.run) }
    }
  }

  @Test func waitingCanBeCancelled() async throws {
    try await UnixListener.with({ close($1) }) { listener in
      let client = WorkshopClient(socket: listener.path, patience: .seconds(3_600))
      let task = Task { try await client.run(Self.run) }
      try await listener.connections.wait(for: "an attempt") { $0.begun > 1 }
      task.cancel()
      await #expect(throws: WorkshopError.cancelled) { try await task.value }
    }
  }

  @Test func cancellingClosesTheConnectionAndTheServiceEndsTheRun() async throws {
    try await UnixListener.with({ Self.server.serve($1) }) { listener in
      let mark = UUID().uuidString
      let run = WorkshopRun(files: [], command: "exec -a \(mark) sleep 600", seconds: 600)
      let task = Task { try await WorkshopClient(socket: listener.path).run(run) }
      await waitUntilItRuns(mark)
      task.cancel()
      await #expect(throws: WorkshopError.cancelled) { try await task.value }
      try await listener.connections.wait(for: "the end of the run") { $0.ended == 1 }
      #expect(!isRunning(mark))
    }
  }

  // What a service may send that is not to be trusted, and what the client makes of it.
  @Test(arguments: [
    ("another greeting", "GET / HTTP/1.1 400 Bad Request\r\n\r\n", WorkshopError.brokenOff),
    ("half a greeting", "aidevbot", .brokenOff),
    ("nothing after the greeting", "aidevbot workshop 1\n", .brokenOff),
    ("half a result", "aidevbot workshop 1\n\0\0\0", .brokenOff),
    (
      "less output than it says",
      "aidevbot workshop 1\n\0\0\0\0\0\0\0\0\u{1}\0\0\0\u{5}abc", .brokenOff
    ),
    (
      "more output than is taken",
      "aidevbot workshop 1\n\0\0\0\0\0\0\0\0\u{1}\u{7F}\0\0\0abc", .tooLarge
    ),
    (
      "an ending of another kind", "aidevbot workshop 1\n\u{9}\0\0\0\0\0\0\0\u{1}\0\0\0\0",
      .brokenOff
    ),
  ])
  func ofAHostileServiceNothingIsTaken(
    _ name: String, _ words: String, _ error: WorkshopError
  ) async throws {
    try await UnixListener.with({ _, descriptor in
      send(Array(words.utf8), to: descriptor)
      shutdown(descriptor, Int32(SHUT_WR))
      _ = receiveAll(from: descriptor)
      close(descriptor)
    }) { listener in
      await #expect(throws: error) {
        try await WorkshopClient(socket: listener.path).run(Self.run)
      }
    }
  }

  @Test(arguments: ["", "aidevbot workshop 1\n", "aidevbot workshop 1\n\0\0\0"])
  func aServiceThatFallsSilentIsWaitedForNoLongerThanItsTime(_ words: String) async throws {
    try await UnixListener.with({ _, descriptor in
      send(Array(words.utf8), to: descriptor)
      _ = receiveAll(from: descriptor)
      close(descriptor)
    }) { listener in
      let client = WorkshopClient(
        socket: listener.path, patience: .zero, transferTime: .milliseconds(50))
      var run = Self.run
      run.seconds = 0
      let error = await #expect(throws: WorkshopError.self) { try await client.run(run) }
      // On a slow machine not even the greeting comes in time.
      #expect(error == .busy || (error == .brokenOff && !words.isEmpty))
    }
  }

  @Test func whatTheServicePrintsIsMadePlainOnThisSide() async throws {
    try await UnixListener.with({ _, descriptor in
      send(
        Frames.greeting
          + Frames.bytes(
            of: .success(
              WorkshopResult(
                ending: .exited(0), output: "\u{1B}[31mred\u{1B}[0m\r\n\u{7}\u{202E}end",
                milliseconds: 1))), to: descriptor)
      shutdown(descriptor, Int32(SHUT_WR))
      _ = receiveAll(from: descriptor)
      close(descriptor)
    }) { listener in
      let result = try await WorkshopClient(socket: listener.path).run(Self.run)
      #expect(result.output == "red\nend")
    }
  }

  @Test func withoutASocketItSaysWhy() async throws {
    await #expect(throws: WorkshopError.unavailable("/tmp/none: No such file or directory")) {
      try await WorkshopClient(socket: "/tmp/none").run(Self.run)
    }
  }
}

/// Looks from a thread of its own, as those of the tests may have much else to do.
func waitUntilItRuns(_ name: String) async {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread {
      while !isRunning(name) { sched_yield() }
      continuation.resume()
    }
  }
}

/// Whether there is a process of that name.
func isRunning(_ name: String) -> Bool {
  let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
  return processes.contains { process in
    guard Int(process) != nil,
      let words = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
    else { return false }
    // Its own name, not the words of the shell before it.
    return words.starts(with: Data(name.utf8))
  }
}
