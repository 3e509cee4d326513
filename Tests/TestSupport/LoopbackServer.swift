package import Foundation
import Glibc
import Synchronization

package struct LoopbackRequest: Sendable {
  package var method: String
  /// With the query, as it stands in the request line.
  package var target: String
  /// Names in lower case.
  package var headers: [String: String]
  package var body: Data
}

/// What a loopback server does with one request, good or bad.
package enum LoopbackReply: Sendable {
  case response(status: Int, headers: [String: String] = [:], body: Data)
  /// These bytes and nothing else, then the connection is closed.
  case raw(Data)
  /// Closes with a TCP reset.
  case reset
  /// These bytes, then a TCP reset.
  case rawThenReset(Data)
  /// Says nothing until the client or the server goes.
  case hang
  /// Writes as it likes, on the connection's own thread, then the connection is closed. `write`
  /// returns false once the client is gone.
  case written(@Sendable (_ write: (Data) -> Bool) -> Void)

  package static func json(_ text: String, status: Int = 200, headers: [String: String] = [:])
    -> LoopbackReply
  {
    var headers = headers
    headers["Content-Type"] = "application/json"
    return .response(status: status, headers: headers, body: Data(text.utf8))
  }

  /// An event stream that has come to its end, with a comment at its head.
  package static func events(
    _ events: [String], headers: [String: String] = [:], lineEnd: String = "\n"
  ) -> LoopbackReply {
    var headers = headers
    headers["Content-Type"] = "text/event-stream; charset=utf-8"
    let lines = [": at work"] + events.flatMap { ["data: " + $0, ""] }
    let body = lines.map { $0 + lineEnd }.joined()
    return .response(status: 200, headers: headers, body: Data(body.utf8))
  }

  /// The same response, written a few bytes at a time.
  package func inPieces(of size: Int) -> LoopbackReply {
    let bytes = wholeBytes
    return .written { write in
      for start in stride(from: 0, to: bytes.count, by: size) {
        guard write(bytes[start..<min(start + size, bytes.count)]) else { return }
      }
    }
  }

  /// The same response up to `mark`, or but for its last byte, and then a TCP reset.
  package func reset(before mark: String? = nil) -> LoopbackReply {
    let bytes = wholeBytes
    let end = mark.flatMap { bytes.range(of: Data($0.utf8))?.lowerBound } ?? bytes.count - 1
    return .rawThenReset(bytes.prefix(end))
  }

  private var wholeBytes: Data {
    guard case .response(let status, let headers, let body) = self else { return Data() }
    return Self.head(status, headers, body) + body
  }

  fileprivate static func head(_ status: Int, _ headers: [String: String], _ body: Data) -> Data {
    var head = "HTTP/1.1 \(status) -\r\nContent-Length: \(body.count)\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    return Data((head + "\r\n").utf8)
  }

  package static func html(_ text: String, status: Int) -> LoopbackReply {
    .response(status: status, headers: ["Content-Type": "text/html"], body: Data(text.utf8))
  }

  /// A response that promises all of `text` and breaks off after `count` bytes of it.
  package static func cut(_ text: String, after count: Int) -> LoopbackReply {
    let body = Data(text.utf8)
    return .raw(
      Data("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body.prefix(count))
  }
}

/// A real HTTP/1.1 server on 127.0.0.1, with keep-alive, one thread a connection, and full control
/// of the bytes, so that it can misbehave as servers do. It stops once nobody refers to it; its
/// handler must not.
package final class LoopbackServer: Sendable {
  package typealias Handler = @Sendable (LoopbackRequest) -> LoopbackReply

  package let port: UInt16
  private let listener: LoopbackListener

  /// Listens on a port that is free.
  package init(handler: @escaping Handler) throws {
    Self.allowManyFiles
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && listen(listener, 512) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard bound else {
      close(listener)
      throw WaitFailed(what: "a listening socket (errno \(errno))")
    }
    port = UInt16(bigEndian: address.sin_port)
    self.listener = LoopbackListener(socket: listener, handler: handler)
    Thread.detachNewThread { [listener = self.listener] in listener.acceptAll() }
  }

  /// Listens on a socket of the file system instead.
  package init(unixSocket path: String, handler: @escaping Handler) throws {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    let isBound = withUnixAddress(path) {
      bind(listener, $0, $1) == 0 && listen(listener, 64) == 0
    }
    guard isBound else {
      close(listener)
      throw WaitFailed(what: "a listening socket at \(path) (errno \(errno))")
    }
    port = 0
    self.listener = LoopbackListener(socket: listener, handler: handler)
    Thread.detachNewThread { [listener = self.listener] in listener.acceptAll() }
  }

  deinit {
    stop()
  }

  /// Tests that run at once have thousands of files open, and Debian's usual limit is 1,024.
  private static let allowManyFiles: Void = {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }()

  package var url: String { "http://127.0.0.1:\(port)" }

  /// How many connections clients have opened so far.
  package var connectionCount: Int { listener.connectionCount }

  /// Stops listening and breaks every connection, while the test goes on.
  package func stop() {
    listener.stop()
  }
}

/// What the server's threads refer to, so that they do not keep the server alive.
private final class LoopbackListener: Sendable {
  private struct State: Sendable {
    /// False once the socket is closed: its number may be another file's then.
    var isOpen = true
    var isStopped = false
    var clients: Set<Int32> = []
    var accepted = 0
  }

  private let socket: Int32
  private let handler: LoopbackServer.Handler
  private let state = Mutex(State())

  init(socket: Int32, handler: @escaping LoopbackServer.Handler) {
    self.socket = socket
    self.handler = handler
  }

  var connectionCount: Int { state.withLock { $0.accepted } }

  func stop() {
    state.withLock { state in
      state.isStopped = true
      if state.isOpen { shutdown(socket, Int32(SHUT_RDWR)) }
      for client in state.clients { shutdown(client, Int32(SHUT_RDWR)) }
    }
  }

  func acceptAll() {
    while true {
      let client = accept(socket, nil, nil)
      guard client >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return state.withLock { state in
          state.isOpen = false
          close(socket)
        }
      }
      _ = fcntl(client, F_SETFD, FD_CLOEXEC)
      var yes: Int32 = 1
      setsockopt(
        client, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
      state.withLock { state in
        state.accepted += 1
        state.clients.insert(client)
        if state.isStopped { shutdown(client, Int32(SHUT_RDWR)) }
      }
      Thread.detachNewThread { self.serve(client) }
    }
  }

  private func serve(_ client: Int32) {
    var connection = LoopbackConnection(socket: client)
    while let request = connection.readRequest(), reply(handler(request), on: connection) {}
    _ = state.withLock { $0.clients.remove(client) }
    // A child process may hold a copy of it, which keeps the connection open.
    shutdown(client, Int32(SHUT_RDWR))
    close(client)
  }

  /// Whether the connection can be used again.
  private func reply(_ reply: LoopbackReply, on connection: LoopbackConnection) -> Bool {
    switch reply {
    case .response(let status, let headers, let body):
      return connection.write(LoopbackReply.head(status, headers, body) + body)
    case .raw(let bytes):
      _ = connection.write(bytes)
    case .reset:
      connection.reset()
    case .rawThenReset(let bytes):
      _ = connection.write(bytes)
      connection.reset()
    case .hang:
      var byte: UInt8 = 0
      while recv(connection.socket, &byte, 1, 0) > 0 {}
    case .written(let write):
      write { connection.write($0) }
    }
    return false
  }
}

/// One connection of a client, on its own thread.
private struct LoopbackConnection {
  let socket: Int32
  private var buffer: [UInt8] = []

  init(socket: Int32) {
    self.socket = socket
  }

  /// The next request, or `nil` when the client has gone.
  mutating func readRequest() -> LoopbackRequest? {
    var end: Int?
    while end == nil {
      end = buffer.firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound
      if end == nil, !receive() { return nil }
    }
    guard let end else { return nil }
    var lines = String(decoding: buffer[..<end], as: UTF8.self).components(separatedBy: "\r\n")
    let requestLine = lines.removeFirst().split(separator: " ")
    guard requestLine.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...]
        .trimmingCharacters(in: .whitespaces)
    }
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    while buffer.count < end + 4 + length { if !receive() { return nil } }
    let body = Data(buffer[(end + 4)..<(end + 4 + length)])
    buffer.removeFirst(end + 4 + length)
    return LoopbackRequest(
      method: String(requestLine[0]), target: String(requestLine[1]), headers: headers, body: body)
  }

  func write(_ bytes: Data) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = send(
          socket, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return false }
        sent += count
      }
      return true
    }
  }

  /// Unlike a close, this resets it whoever else holds it (connect(2), AF_UNSPEC).
  func reset() {
    var nobody = sockaddr()
    connect(socket, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
  }

  private mutating func receive() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = recv(socket, &chunk, chunk.count, 0)
    guard count > 0 else { return false }
    buffer.append(contentsOf: chunk[..<count])
    return true
  }
}
