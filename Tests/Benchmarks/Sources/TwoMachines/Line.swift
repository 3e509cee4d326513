import Foundation
import Glibc
import Synchronization
import TestSupport

/// The network between a machine and somebody else: a proxy that can be slow, silent or shut.
final class Line: Sendable {
  enum Mode: Equatable, Sendable {
    case open
    /// Each piece of data takes so many milliseconds longer.
    case slow(milliseconds: Int)
    /// Nothing gets through, and nobody is told so. What was on its way comes once it is open.
    case silent
    /// Connections are broken and refused.
    case shut
  }

  let port: UInt16
  private let address: String
  private let target: UInt16
  private let listener: Int32
  private let mode = Watched(Mode.open)
  private let clients = Mutex<Set<Int32>>([])
  private let isStopped = Watched(false)

  /// - Parameters:
  ///   - address: An IPv4 address of this machine, at which it listens.
  ///   - target: A port of 127.0.0.1.
  init(at address: String, to target: UInt16) throws {
    (self.address, self.target) = (address, target)
    listener = try Self.makeSocket()
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var own = Self.address(inet_addr(address), 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &own) { [listener] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && listen(listener, 128) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard isBound else { throw SpawnedProcess.Failed(what: "bind to \(address)", code: errno) }
    port = UInt16(bigEndian: own.sin_port)
    Thread.detachNewThread { self.acceptAll() }
  }

  var url: String { "http://\(address):\(port)" }

  func set(_ new: Mode) {
    mode.change { $0 = new }
    guard new == .shut else { return }
    clients.withLock { clients in
      for client in clients { shutdown(client, Int32(SHUT_RDWR)) }
    }
  }

  func stop() {
    isStopped.change { $0 = true }
    set(.shut)
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func acceptAll() {
    while true {
      let client = accept(listener, nil, nil)
      if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
      guard client >= 0, !isStopped.value else { break }
      _ = fcntl(client, F_SETFD, FD_CLOEXEC)
      guard mode.value != .shut, let server = try? connect() else {
        close(client)
        continue
      }
      clients.withLock { $0.formUnion([client, server]) }
      let running = Watched(2)
      for (from, to) in [(client, server), (server, client)] {
        Thread.detachNewThread {
          self.pass(from, to)
          let isLast = running.change { running in
            running -= 1
            return running == 0
          }
          guard isLast else { return }
          self.clients.withLock { clients in
            clients.subtract([client, server])
            close(client)
            close(server)
          }
        }
      }
    }
    close(listener)
  }

  private func pass(_ from: Int32, _ to: Int32) {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(from, &chunk, chunk.count, 0)
      if count < 0, errno == EINTR { continue }
      _ = mode.block(within: .seconds(86_400)) { $0 != .silent }
      if case .slow(let milliseconds) = mode.value { usleep(UInt32(milliseconds) * 1_000) }
      guard count > 0, mode.value != .shut else { break }
      var sent = 0
      while sent < count {
        let part = chunk.withUnsafeBytes { bytes in
          send(to, bytes.baseAddress?.advanced(by: sent), count - sent, Int32(MSG_NOSIGNAL))
        }
        guard part > 0 else { break }
        sent += part
      }
      guard sent == count else { break }
    }
    shutdown(to, Int32(SHUT_WR))
    shutdown(from, Int32(SHUT_RD))
  }

  private func connect() throws -> Int32 {
    let server = try Self.makeSocket()
    var target = Self.address(UInt32(0x7F00_0001).bigEndian, target.bigEndian)
    let isThere = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isThere else {
      defer { close(server) }
      throw SpawnedProcess.Failed(what: "connect", code: errno)
    }
    return server
  }

  static func makeSocket() throws -> Int32 {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard made >= 0 else { throw SpawnedProcess.Failed(what: "socket", code: errno) }
    var yes: Int32 = 1
    setsockopt(made, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    return made
  }

  /// - Parameters: Both in the network's order.
  static func address(_ address: UInt32, _ port: UInt16) -> sockaddr_in {
    var made = sockaddr_in()
    made.sin_family = sa_family_t(AF_INET)
    made.sin_addr.s_addr = address
    made.sin_port = port
    return made
  }
}
