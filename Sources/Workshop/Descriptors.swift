import Glibc

/// Pairs of descriptors that no other program inherits, and waiting for descriptors.
enum Descriptors {
  /// Below are those that a child is given.
  private static let lowest: Int32 = 10

  static func pipe() throws(WorkshopError) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw lastError() }
    return try outOfTheWay(ends)
  }

  /// Two ends of a stream.
  static func socketPair() throws(WorkshopError) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw lastError() }
    let (one, other) = try outOfTheWay(ends)
    return (one, other)
  }

  private static func outOfTheWay(_ ends: [Int32]) throws(WorkshopError) -> (Int32, Int32) {
    let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, lowest) }
    let error = lastError()
    ends.forEach { close($0) }
    guard moved.allSatisfy({ $0 >= 0 }) else {
      for end in moved where end >= 0 { close(end) }
      throw error
    }
    return (moved[0], moved[1])
  }

  static func lastError() -> WorkshopError { .unavailable(String(cString: strerror(errno))) }

  /// Waits until one is ready, or the time has come.
  ///
  /// - Returns: What `poll` says of each; all zero where the time is up.
  static func wait(
    for descriptors: [(descriptor: Int32, events: Int32)], until deadline: ContinuousClock.Instant
  ) -> [Int32] {
    var polled = descriptors.map {
      pollfd(fd: $0.descriptor, events: Int16($0.events), revents: 0)
    }
    while true {
      let left = max(.zero, ContinuousClock.now.duration(to: deadline))
      let milliseconds = Int32(clamping: left.milliseconds + 1)
      let ready = poll(&polled, nfds_t(polled.count), left == .zero ? 0 : milliseconds)
      if ready < 0, errno == EINTR { continue }
      return polled.map { Int32($0.revents) }
    }
  }
}

extension Duration {
  var milliseconds: Int64 {
    components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
  }
}
