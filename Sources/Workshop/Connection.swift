import Glibc

/// One end of a stream, for as long as its deadline lets it, unless it is interrupted.
struct Connection {
  let descriptor: Int32
  /// Ends all waiting once it can be read from; -1 for nothing.
  let interruption: Int32
  var deadline: ContinuousClock.Instant

  /// - Throws: `.brokenOff` at an early end, and where it takes too long; `.cancelled`.
  func read(_ count: Int) throws(WorkshopError) -> [UInt8] {
    var bytes: [UInt8] = []
    // It grows as they come: a length alone reserves nothing.
    while bytes.count < count {
      try wait(for: POLLIN)
      var part = [UInt8](repeating: 0, count: min(count - bytes.count, 64 << 10))
      let received = recv(descriptor, &part, part.count, Int32(MSG_DONTWAIT))
      if received < 0, [EAGAIN, EINTR].contains(errno) { continue }
      guard received > 0 else { throw .brokenOff }
      bytes += part[..<received]
    }
    return bytes
  }

  func write(_ bytes: [UInt8]) throws(WorkshopError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      try wait(for: POLLOUT)
      let sent = rest.withUnsafeBytes {
        send(
          descriptor, $0.baseAddress, $0.count,
          Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if sent < 0, [EAGAIN, EINTR].contains(errno) { continue }
      guard sent > 0 else { throw .brokenOff }
      rest.removeFirst(sent)
    }
  }

  private func wait(for events: Int32) throws(WorkshopError) {
    let ready = Descriptors.wait(
      for: [(descriptor, events), (interruption, POLLIN)], until: deadline)
    if ready[1] != 0 { throw .cancelled }
    if ready[0] == 0 { throw .brokenOff }
  }
}
