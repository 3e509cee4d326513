import CSpawn
import Glibc

/// bubblewrap as a child of this process, of which only this thread knows.
struct CagedProcess {
  enum End {
    /// By itself, with this status.
    case ended(Int32)
    case timedOut
    case outputTooLong
    case interrupted
  }

  /// Where bubblewrap tells how it goes; the command has nothing there.
  static let statusDescriptor: Int32 = 3
  /// More than it writes there.
  private static let maximumStatusBytes = 4_096
  private static let chunkBytes = 64 << 10

  private(set) var output = BoundedOutput()
  /// Whether there was a cage in which something ran.
  var wasMade: Bool { String(decoding: status, as: UTF8.self).contains("\"exit-code\"") }

  private var status: [UInt8] = []
  private var isStatusOpen = true
  private let child: pid_t
  private let input: Int32
  private let outputEnd: Int32
  private let statusEnd: Int32

  private init(child: pid_t, input: Int32, output: Int32, status: Int32) {
    (self.child, self.input, outputEnd, statusEnd) = (child, input, output, status)
  }

  /// - Parameter arguments: The first is the path of the program.
  static func start(_ arguments: [String]) throws(WorkshopError) -> CagedProcess {
    var ends: [Int32] = []
    func open(_ pair: () throws(WorkshopError) -> (Int32, Int32)) throws(WorkshopError) {
      do throws(WorkshopError) {
        let (first, second) = try pair()
        ends += [first, second]
      } catch {
        ends.forEach { close($0) }
        throw error
      }
    }
    try open(Descriptors.socketPair)
    try open(Descriptors.pipe)
    try open(Descriptors.pipe)
    var child: pid_t = 0
    let error = spawn(arguments, [ends[1], ends[3], ends[3], ends[5]], &child)
    for end in [ends[1], ends[3], ends[5]] { close(end) }
    guard error == 0 else {
      for end in [ends[0], ends[2], ends[4]] { close(end) }
      throw .unavailable("\(arguments[0]): \(String(cString: strerror(error)))")
    }
    return CagedProcess(child: child, input: ends[0], output: ends[2], status: ends[4])
  }

  private static func spawn(
    _ arguments: [String], _ descriptors: [Int32], _ process: inout pid_t
  ) -> Int32 {
    let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    // Nothing of this process's environment, in which there may be secrets.
    let environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin"), nil]
    defer { for word in words + environment { free(word) } }
    return aidevbot_spawn(
      &process, words[0], words, environment, descriptors, Int32(descriptors.count))
  }

  /// Once: writes `input` to the child and reads what it writes, until it and all that it has
  /// started are gone.
  mutating func run(
    input bytes: [UInt8], maximumOutput: Int, until deadline: ContinuousClock.Instant,
    interruptedBy interruption: Int32
  ) -> End {
    defer { for end in [input, outputEnd, statusEnd] { close(end) } }
    var remaining = bytes[...]
    var why: End?
    while true {
      let ready = Descriptors.wait(
        for: [
          (outputEnd, POLLIN), (isStatusOpen ? statusEnd : -1, POLLIN),
          (remaining.isEmpty ? -1 : input, POLLOUT), (why == nil ? interruption : -1, POLLIN),
        ], until: why == nil ? deadline : .now + .seconds(60))
      if why == nil {
        if ready[3] != 0 {
          why = .interrupted
        } else if deadline <= .now {
          why = .timedOut
        } else if output.count > maximumOutput {
          why = .outputTooLong
        }
        // The end of bubblewrap is the end of the first process inside, and so of all; before it
        // has arranged for that, the two are of one group.
        if why != nil { kill(-child, SIGKILL) }
      }
      if ready[2] != 0 { write(&remaining) }
      if ready[1] != 0 { readStatus() }
      // Closed by bubblewrap at the last.
      if ready[0] != 0, !readOutput() { break }
    }
    while isStatusOpen { readStatus() }
    var ended: Int32 = 0
    while waitpid(child, &ended, 0) < 0, errno == EINTR {}
    return why ?? .ended(ended & 0x7F == 0 ? (ended >> 8) & 0xFF : 128 + ended & 0x7F)
  }

  private func write(_ remaining: inout ArraySlice<UInt8>) {
    let sent = remaining.withUnsafeBytes {
      send(input, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
    if sent > 0 {
      remaining.removeFirst(sent)
    } else if sent < 0, ![EAGAIN, EINTR].contains(errno) {
      remaining = []  // Nobody reads it any more.
    }
    if remaining.isEmpty { shutdown(input, Int32(SHUT_WR)) }
  }

  /// `false` at the end.
  private mutating func readOutput() -> Bool {
    withUnsafeTemporaryAllocation(byteCount: Self.chunkBytes, alignment: 1) { buffer in
      let count = read(outputEnd, buffer.baseAddress, buffer.count)
      if count > 0 { output.append(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
      return count > 0 || (count < 0 && errno == EINTR)
    }
  }

  private mutating func readStatus() {
    var buffer = [UInt8](repeating: 0, count: Self.maximumStatusBytes)
    let count = read(statusEnd, &buffer, buffer.count)
    isStatusOpen = count > 0 || (count < 0 && errno == EINTR)
    if count > 0 { status = Array((status + buffer[..<count]).prefix(Self.maximumStatusBytes)) }
  }
}
