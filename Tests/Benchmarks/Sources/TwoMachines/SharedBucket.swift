import Foundation
import Glibc
import TestSupport

/// An S3 of moto's on loopback, which tells who works and who stands by (`bucket.py`).
final class SharedBucket: Sendable {
  /// `Lease` in `Sources/Standby`, as it is in the bucket.
  struct Lease: Codable, Equatable, Sendable {
    var term: Int
    var holder: String
    var restore: String?
    var beat: Int
    var yields: Bool
  }

  struct State: Sendable {
    /// Each one that ever was, but for those that differ in their beat alone.
    var leases: [Lease] = []
    /// How often each machine has said that it stands by with a copy.
    var presences: [String: Int] = [:]
    var isOver = false
    /// What nobody may write.
    var violations: [String] = []
  }

  static let name = "two-machines"

  let state = Watched(State())
  let port: UInt16
  private let process: SpawnedProcess

  init() throws {
    let (command, path) = try Self.python()
    port = try Self.freePort()
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SpawnedProcess.Failed(what: "pipe", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let output = ends[0]
    defer { close(ends[1]) }
    let program = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "bucket.py")
    var environment = ProcessInfo.processInfo.environment
    if let path { environment["PYTHONPATH"] = path }
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    process = try SpawnedProcess(
      command + [program.path, "\(port)", Self.name], environment: environment, output: ends[1],
      errors: 2)
    Thread.detachNewThread { [state] in
      Self.read(output, into: state)
      close(output)
    }
  }

  /// Waits until it answers, and makes the bucket.
  func open() async throws {
    for _ in 1...3_000 {
      if process.status.value != nil { break }
      if request("PUT /\(Self.name)").hasPrefix("HTTP/1.1 200") { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw WaitFailed(what: "the bucket's start")
  }

  func stop() { process.signalAll(SIGKILL) }

  var lease: Lease? { state.value.leases.last }

  private static func read(_ file: Int32, into state: Watched<State>) {
    var rest = Data()
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(file, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      rest += chunk[..<count]
      while let end = rest.firstIndex(of: 0x0A) {
        let line = rest[rest.startIndex..<end]
        rest = Data(rest[rest.index(after: end)...])
        note(line, in: state)
      }
    }
    state.change { $0.isOver = true }
  }

  private struct Line: Codable {
    var key: String
    var body: String
  }

  private static func note(_ line: Data, in state: Watched<State>) {
    guard let line = try? JSONDecoder().decode(Line.self, from: line) else { return }
    let body = Data(line.body.utf8)
    if line.key.hasSuffix("/lease") {
      let lease = try? JSONDecoder().decode(Lease.self, from: body)
      state.change { $0.add(lease) }
    } else if let machine = line.key.split(separator: "/").last {
      let json = try? JSONSerialization.jsonObject(with: body) as? [String: Any]
      guard json?["copied"] is NSNumber else { return }
      state.change { $0.presences[String(machine), default: 0] += 1 }
    }
  }

  /// Of the kernel's choice. Somebody else may take it before moto does, which then ends.
  private static func freePort() throws -> UInt16 {
    let socket = try TwoMachines.Line.makeSocket()
    defer { close(socket) }
    var own = TwoMachines.Line.address(UInt32(0x7F00_0001).bigEndian, 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &own) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard isBound else { throw SpawnedProcess.Failed(what: "bind", code: errno) }
    return UInt16(bigEndian: own.sin_port)
  }

  /// - Returns: The Python that has moto, and where it finds it, if not by itself.
  private static func python() throws -> (command: [String], path: String?) {
    let bin = try InstalledProgram.moto.find().deletingLastPathComponent()
    let own = bin.appendingPathComponent("python3").path
    if FileManager.default.isExecutableFile(atPath: own) { return ([own], nil) }
    // A folder that pip has filled with `--target`.
    return (["/usr/bin/env", "python3"], bin.deletingLastPathComponent().path)
  }
}

extension SharedBucket.State {
  fileprivate mutating func add(_ new: SharedBucket.Lease?) {
    guard let new else { return violations.append("a lease that cannot be read") }
    let last = leases.last
    if let last, new.term < last.term {
      violations.append("the term fell from \(last.term) to \(new.term)")
    }
    if let last, new.term == last.term, new.holder != last.holder, !new.holder.isEmpty {
      violations.append("term \(new.term) went from \(last.holder) to \(new.holder)")
    }
    if let last {
      var renewed = last
      renewed.beat = new.beat
      if renewed == new {
        leases[leases.count - 1] = new
        return
      }
    }
    leases.append(new)
  }
}

extension SharedBucket {
  /// By hand, past whatever is tested.
  private func request(_ line: String) -> String {
    guard let socket = try? TwoMachines.Line.makeSocket() else { return "" }
    defer { close(socket) }
    var target = TwoMachines.Line.address(UInt32(0x7F00_0001).bigEndian, port.bigEndian)
    let isThere = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    let key = "Credential=key/20260101/us-east-1/s3/aws4_request"
    let text = """
      \(line) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: 0\r\nConnection: close\r
      Authorization: AWS4-HMAC-SHA256 \(key), SignedHeaders=host, Signature=0\r\n\r\n
      """
    guard isThere, send(socket, text, text.utf8.count, Int32(MSG_NOSIGNAL)) > 0 else { return "" }
    var chunk = [UInt8](repeating: 0, count: 4_096)
    let count = recv(socket, &chunk, chunk.count, 0)
    return String(decoding: chunk.prefix(max(0, count)), as: UTF8.self)
  }
}
