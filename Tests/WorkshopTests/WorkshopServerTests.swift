import Glibc
import TestSupport
import Testing

@testable import Workshop

/// The service's side, against whoever connects.
@Suite("Workshop server")
struct WorkshopServerTests {
  private static let server = WorkshopServer(cage: Cage(bubblewrap: "/usr/bin/bwrap"))

  /// What the service says to these bytes, after its greeting.
  private func answer(to bytes: [UInt8], thenEnd: Bool = false) async throws -> [UInt8] {
    try await UnixListener.with({ Self.server.serve($1) }) { listener in
      let client = try Socket(path: listener.path)
      send(bytes, to: client.descriptor)
      if thenEnd { shutdown(client.descriptor, Int32(SHUT_WR)) }
      let answered = await received(from: client.descriptor)
      try await listener.connections.wait(for: "its end") { $0.ended == 1 }
      #expect(answered.starts(with: Frames.greeting))
      return Array(answered.dropFirst(Frames.greeting.count))
    }
  }

  private static func frame(paths: [[UInt8]], command: String = "echo ran") -> [UInt8] {
    let number = { (value: Int) in withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) } }
    return number(60) + number(command.utf8.count) + Array(command.utf8) + number(paths.count)
      + paths.flatMap { number($0.count) + $0 + number(1) + [UInt8(ascii: "x")] }
  }

  @Test func aFrameOfTheTestsIsOneThatRuns() async throws {
    let bytes = try await answer(to: Self.frame(paths: [Array("a".utf8)]))
    #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("ran\n"))
  }

  @Test(
    arguments: [
      ["/etc/passwd"], ["../a"], ["a/../b"], ["a/.."], ["."], ["./a"], [""], ["a//b"], ["a/"],
      ["a\0b"], ["a\nb"], ["a", "a"], ["a", "a/b"], ["a/b", "a"], ["a/b/c", "a/b"],
    ] as [[String]])
  func aPathThatLeadsElsewhereIsRefusedOnBothSides(_ paths: [String]) async throws {
    let run = WorkshopRun(
      files: paths.map { WorkshopFile(path: $0, bytes: []) }, command: "echo ran")
    #expect(throws: WorkshopError.badPath) { try run.check() }
    let bytes = try await answer(to: Self.frame(paths: paths.map { Array($0.utf8) }))
    #expect(bytes == Frames.bytes(of: .failure(.badPath)))
  }

  @Test func aPathThatIsNoTextIsRefused() async throws {
    let bytes = try await answer(to: Self.frame(paths: [[0xFF, 0xFE]]))
    #expect(bytes == Frames.bytes(of: .failure(.badPath)))
  }

  @Test(arguments: [
    [UInt8](repeating: 0xFF, count: 8),  // A command of 4 GB.
    [0, 0, 0, 1, 0, 0, 0, 1, 65, 0xFF, 0xFF, 0xFF, 0xFF],  // As many files.
    [0, 0, 0, 1, 0, 0, 0, 1, 65, 0, 0, 0, 1, 0, 0xFF, 0, 0],  // A path as long.
    [0, 0, 0, 1, 0, 0, 0, 1, 65, 0, 0, 0, 1, 0, 0, 0, 1, 65, 1, 0, 0, 1],  // A byte too many.
  ])
  func aLengthBeyondItsBoundIsRefusedBeforeAnythingIsRead(_ bytes: [UInt8]) async throws {
    let answered = try await answer(to: bytes)
    #expect(answered == Frames.bytes(of: .failure(.tooLarge)))
  }

  @Test(arguments: [0, 3, 10, 20])
  func anEarlyEndRunsNothing(_ count: Int) async throws {
    let whole = Self.frame(paths: [Array("a".utf8)])
    let answered = try await answer(to: Array(whole.prefix(count)), thenEnd: true)
    #expect(answered.isEmpty)
  }

  @Test func runsBeyondTheBoundsAreRefusedBeforeTheyAreSent() {
    let large = [UInt8](repeating: 0, count: WorkshopRun.maximumBytes / 2 + 1)
    let many = (0...WorkshopRun.maximumFiles).map { WorkshopFile(path: "\($0)", bytes: []) }
    let runs = [
      WorkshopRun(
        files: [WorkshopFile(path: "a", bytes: large), WorkshopFile(path: "b", bytes: large)],
        command: "true"),
      WorkshopRun(files: many, command: "true"),
      WorkshopRun(
        files: [], command: String(repeating: "a", count: WorkshopRun.maximumCommandBytes + 1)),
    ]
    for run in runs { #expect(throws: WorkshopError.tooLarge) { try run.check() } }
  }
}

/// The end of a connection, closed with the test.
private final class Socket {
  let descriptor: Int32

  init(path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    try #require(withUnixAddress(path) { connect(descriptor, $0, $1) } == 0)
  }

  deinit {
    close(descriptor)
  }
}
