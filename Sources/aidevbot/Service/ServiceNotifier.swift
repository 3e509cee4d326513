import Glibc

/// systemd's notification protocol, sd_notify(3): one datagram a message, to the socket that
/// `$NOTIFY_SOCKET` names. If nobody listens, nothing is sent, and nothing waits for it.
struct ServiceNotifier: Sendable {
  /// As the kernel wants it; empty if there is nobody to tell.
  private let path: [UInt8]
  /// How often systemd wants to hear that the bot lives; `nil` if it does not.
  let watchdog: Duration?

  init(environment: [String: String]) {
    var path = Array((environment["NOTIFY_SOCKET"] ?? "").utf8)
    switch path.first {
    case UInt8(ascii: "/"): break
    // An abstract name: a null stands in the place of the sign.
    case UInt8(ascii: "@"): path[0] = 0
    default: path = []
    }
    self.path = path.count < Self.maximumPathLength ? path : []
    watchdog = Self.watchdog(in: environment)
  }

  var isListenedTo: Bool { !path.isEmpty }

  /// Tells systemd the assignments, such as `READY=1`.
  ///
  /// - Returns: Whether they were handed over.
  @discardableResult
  func send(_ assignments: [String]) -> Bool {
    guard isListenedTo else { return false }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // systemd takes them at once; should it not, the next message comes soon enough.
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let message = Array(assignments.joined(separator: "\n").utf8)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    // The length tells where an abstract name ends.
    let size = socklen_t(MemoryLayout<sockaddr_un>.size - Self.maximumPathLength + path.count)
    let sent = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, message, message.count, Int32(MSG_NOSIGNAL), $0, size)
      }
    }
    return sent == message.count
  }

  private static let maximumPathLength = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

  private static func watchdog(in environment: [String: String]) -> Duration? {
    guard let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init), microseconds > 0
    else { return nil }
    // Another process may be the one that is watched, and have handed its environment on.
    if let pid = environment["WATCHDOG_PID"], pid != String(getpid()) { return nil }
    return .microseconds(microseconds)
  }
}
