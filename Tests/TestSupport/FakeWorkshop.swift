import Glibc

/// The service that runs what models have written, without a cage: it runs nothing, and says of
/// each command that it has passed.
package enum FakeWorkshop {
  private static let greeting = "aidevbot workshop 1\n"

  @discardableResult
  package static func with<Result>(
    _ body: (UnixListener) async throws -> Result
  ) async throws -> Result {
    try await UnixListener.with({ serve($1) }, body)
  }

  private static func serve(_ descriptor: Int32) {
    defer { close(descriptor) }
    send(Array(greeting.utf8), to: descriptor)
    // The time that it may take, the command, and paths and contents of the files.
    guard number(from: descriptor) != nil, let command = bytes(from: descriptor),
      let files = number(from: descriptor)
    else { return }
    for _ in 0..<2 * files {
      guard bytes(from: descriptor) != nil else { return }
    }
    // Who asks which languages there are is told of one.
    let asksForLanguages = String(decoding: command, as: UTF8.self).contains("--version")
    let output = Array((asksForLanguages ? "python3 3.11.2\n" : "OK\n").utf8)
    let exited: [UInt8] = [0]
    send(exited + four(0) + four(5) + four(output.count) + output, to: descriptor)
  }

  private static func four(_ value: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) }
  }

  private static func send(_ bytes: [UInt8], to descriptor: Int32) {
    _ = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
  }

  private static func read(_ count: Int, from descriptor: Int32) -> [UInt8]? {
    var all = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return all }
    return recv(descriptor, &all, count, Int32(MSG_WAITALL)) == count ? all : nil
  }

  private static func number(from descriptor: Int32) -> Int? {
    read(4, from: descriptor)?.reduce(0) { $0 << 8 | Int($1) }
  }

  private static func bytes(from descriptor: Int32) -> [UInt8]? {
    number(from: descriptor).flatMap { read($0, from: descriptor) }
  }
}
