/// What goes over the socket of the service: a greeting of the service's, as soon as it is there;
/// the run; and how it ended. Numbers are big-endian, and each length has its bound.
package enum Frames {
  static let greeting = Array("aidevbot workshop 1\n".utf8)

  /// How long either side may take to send what it has to, once the other one listens.
  package static let transferTime = Duration.seconds(30)

  // MARK: - Runs

  static func bytes(of run: WorkshopRun) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes += number(run.seconds)
    bytes += text(Array(run.command.utf8))
    bytes += number(run.files.count)
    for file in run.files {
      bytes += text(Array(file.path.utf8))
      bytes += text(file.bytes)
    }
    return bytes
  }

  /// - Throws: `WorkshopError` of `check()`, or how the connection ended.
  static func readRun(from connection: Connection) throws(WorkshopError) -> WorkshopRun {
    let seconds = try readNumber(upTo: Int(UInt32.max), from: connection)
    let command = try readText(upTo: WorkshopRun.maximumCommandBytes, from: connection)
    let count = try readNumber(upTo: WorkshopRun.maximumFiles, from: connection)
    var run = WorkshopRun(
      files: [], command: try string(command), seconds: min(seconds, WorkshopRun.maximumSeconds))
    var left = WorkshopRun.maximumBytes
    for _ in 0..<count {
      let path = try string(readText(upTo: WorkshopRun.maximumPathBytes, from: connection))
      let bytes = try readText(upTo: left, from: connection)
      left -= bytes.count
      run.files.append(WorkshopFile(path: path, bytes: bytes))
    }
    try run.check()
    return run
  }

  // MARK: - Results

  private enum Kind: UInt8 {
    case exited, signalled, timedOut, unavailable, tooLarge, badPath
  }

  static func bytes(of result: Result<WorkshopResult, WorkshopError>) -> [UInt8] {
    let (kind, value, milliseconds, output): (Kind, Int32, Int, String) =
      switch result {
      case .success(let result):
        switch result.ending {
        case .exited(let status): (.exited, status, result.milliseconds, result.output)
        case .signalled(let signal): (.signalled, signal, result.milliseconds, result.output)
        case .timedOut: (.timedOut, 0, result.milliseconds, result.output)
        }
      case .failure(.unavailable(let reason)): (.unavailable, 0, 0, reason)
      case .failure(.badPath): (.badPath, 0, 0, "")
      case .failure(.tooLarge): (.tooLarge, 0, 0, "")
      case .failure(let error): (.unavailable, 0, 0, error.description)
      }
    return [kind.rawValue] + number(Int(value)) + number(milliseconds) + text(Array(output.utf8))
  }

  static func readResult(
    from connection: Connection
  ) throws(WorkshopError) -> WorkshopResult {
    let kind = Kind(rawValue: try connection.read(1)[0])
    let value = Int32(clamping: try readNumber(upTo: 255, from: connection))
    let milliseconds = try readNumber(upTo: Int(UInt32.max), from: connection)
    let bytes = try readText(upTo: WorkshopResult.maximumOutputBytes, from: connection)
    // What passes a cage is made plain on this side of it.
    let output = plainText(bytes)
    let ending: WorkshopResult.Ending
    switch kind {
    case .exited: ending = .exited(value)
    case .signalled: ending = .signalled(value)
    case .timedOut: ending = .timedOut
    case .unavailable: throw .unavailable(String(output.prefix(200)))
    case .tooLarge: throw .tooLarge
    case .badPath: throw .badPath
    case nil: throw .brokenOff
    }
    return WorkshopResult(ending: ending, output: output, milliseconds: milliseconds)
  }

  // MARK: - Parts

  private static func number(_ value: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(clamping: value).bigEndian) { Array($0) }
  }

  private static func text(_ bytes: [UInt8]) -> [UInt8] { number(bytes.count) + bytes }

  private static func readNumber(
    upTo maximum: Int, from connection: Connection
  ) throws(WorkshopError) -> Int {
    let number = try connection.read(4).reduce(0) { $0 << 8 | Int($1) }
    guard number <= maximum else { throw .tooLarge }
    return number
  }

  private static func readText(
    upTo maximum: Int, from connection: Connection
  ) throws(WorkshopError) -> [UInt8] {
    try connection.read(readNumber(upTo: maximum, from: connection))
  }

  private static func string(_ bytes: [UInt8]) throws(WorkshopError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .badPath }
    return text
  }
}
