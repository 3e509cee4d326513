import Foundation
import Glibc

/// A socket in the file system, whose connections are each handled on a thread of their own.
package final class UnixListener: Sendable {
  package let path: String
  /// How many connections have come, and how many of them are handled to their end.
  package let connections = Watched((begun: 0, ended: 0))
  private let descriptor: Int32

  /// - Parameter handle: Takes over the descriptor of the connection of that number, from 0 on.
  private init(_ handle: @escaping @Sendable (_ connection: Int, _ descriptor: Int32) -> Void)
    throws
  {
    path = "/tmp/workshop-\(UUID().uuidString.prefix(8))"
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let status = withUnixAddress(path) { bind(descriptor, $0, $1) }
    guard status == 0, listen(descriptor, 64) == 0 else {
      throw POSIXError(.init(rawValue: errno) ?? .EIO)
    }
    Thread { [self] in
      while true {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else {
          // Here alone, so that its number is not another one's while it is waited at.
          close(descriptor)
          return
        }
        let number = connections.change { counts in
          counts.begun += 1
          return counts.begun - 1
        }
        Thread { [self] in
          handle(number, accepted)
          connections.change { $0.ended += 1 }
        }.start()
      }
    }.start()
  }

  private func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    unlink(path)
  }

  @discardableResult
  package static func with<Result>(
    _ handle: @escaping @Sendable (_ connection: Int, _ descriptor: Int32) -> Void,
    _ body: (UnixListener) async throws -> Result
  ) async throws -> Result {
    let listener = try UnixListener(handle)
    defer { listener.stop() }
    return try await body(listener)
  }
}
