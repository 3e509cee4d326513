import Foundation
import Glibc

/// The bot's side of the service.
package struct WorkshopClient: Sendable {
  /// Longer than one run usually takes.
  package static let usualPatience = Duration.seconds(300)

  private let socket: String
  private let patience: Duration
  private let transferTime: Duration

  /// - Parameters:
  ///   - patience: How long it waits in all while the service is busy.
  ///   - transferTime: How long the service may take for anything but the run itself.
  package init(
    socket: String, patience: Duration = Self.usualPatience,
    transferTime: Duration = Frames.transferTime
  ) {
    (self.socket, self.patience, self.transferTime) = (socket, patience, transferTime)
  }

  package func run(_ run: WorkshopRun) async throws(WorkshopError) -> WorkshopResult {
    try run.check()
    let end = ContinuousClock.now + patience
    var pause = Duration.milliseconds(50)
    while true {
      let attempt = try await onOwnThread { interruption throws(WorkshopError) in
        try self.attempt(run, interruption)
      }
      if let attempt { return attempt }
      guard ContinuousClock.now + pause < end else { throw .busy }
      do {
        try await Task.sleep(for: pause)
      } catch {
        throw .cancelled
      }
      pause = min(pause * 2, .seconds(2))
    }
  }

  /// `nil` where the service is busy: systemd then closes without a byte.
  private func attempt(
    _ run: WorkshopRun, _ interruption: Interruption
  ) throws(WorkshopError) -> WorkshopResult? {
    guard let descriptor = try connect() else { return nil }
    defer { close(descriptor) }
    var connection = Connection(
      descriptor: descriptor, interruption: interruption.descriptor,
      deadline: .now + transferTime)
    let first: [UInt8]
    do throws(WorkshopError) {
      first = try connection.read(1)
    } catch .brokenOff {
      return nil
    }
    guard try first + connection.read(Frames.greeting.count - 1) == Frames.greeting else {
      throw .brokenOff
    }
    connection.deadline = .now + transferTime
    try connection.write(Frames.bytes(of: run))
    connection.deadline =
      .now + .seconds(min(run.seconds, WorkshopRun.maximumSeconds)) + transferTime
    return try Frames.readResult(from: connection)
  }

  /// `nil` where more are waiting already than systemd lets wait.
  private func connect() throws(WorkshopError) -> Int32? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array(socket.utf8)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.count < room else { throw .unavailable("the path of the socket is too long") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    let flags = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = Glibc.socket(AF_UNIX, flags, 0)
    guard descriptor >= 0 else { throw Descriptors.lastError() }
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status != 0 else { return descriptor }
    let reason = errno
    close(descriptor)
    guard reason == EAGAIN else {
      throw .unavailable("\(socket): \(String(cString: strerror(reason)))")
    }
    return nil
  }
}
