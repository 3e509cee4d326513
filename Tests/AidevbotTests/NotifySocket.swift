import Foundation
import Glibc
import TestSupport

/// Stands in for systemd: a datagram socket, and what came in, an assignment an element.
final class NotifySocket: Sendable {
  let received = Watched<[String]>([])
  private let descriptor: Int32

  struct NotOpened: Error {
    var code = errno
  }

  /// - Parameter name: A path, or an abstract name after an `@`.
  init(_ name: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw NotOpened() }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var path = Array(name.utf8)
    if path.first == UInt8(ascii: "@") { path[0] = 0 }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let size = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
    }
    guard bound == 0 else { throw NotOpened() }
    Thread.detachNewThread { [descriptor, received] in
      var message = [UInt8](repeating: 0, count: 4_096)
      while true {
        let count = recv(descriptor, &message, message.count, 0)
        guard count > 0 else { break }
        let text = String(decoding: message[..<count], as: UTF8.self)
        received.change { $0 += text.split(separator: "\n").map(String.init) }
      }
      _ = Glibc.close(descriptor)
    }
  }

  /// Whoever sends after this finds nobody.
  func close() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }
}
