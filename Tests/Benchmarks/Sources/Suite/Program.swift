import Measuring
import Foundation

/// A folder in which the release and this package were built.
struct Checkout {
  var path: String

  var bot: String { "\(path)/.build/release/aidevbot" }
  func program(_ name: String) -> String { "\(path)/Tests/Benchmarks/.build/release/\(name)" }
}

/// One benchmark.
struct Program {
  /// How often those run whose figures vary from run to run: enough for a median.
  static let rounds = 5

  var name: String
  var times = 1
  /// What comes after the executable that it measures.
  var arguments: [String] = []
  /// Whether it is built of the sources that it measures; else it drives the bot from outside.
  var isLinked = false
  var usesFloors = false

  static func all(isFull: Bool) -> [Program] {
    [
      Program(name: "Benchmark", times: rounds, usesFloors: true),
      Program(name: "Charges", times: rounds, isLinked: true, usesFloors: true),
      Program(name: "Streaming"),
      Program(name: "Formatting", isLinked: true),
      Program(name: "Building", arguments: isFull ? [] : ["75"]),
      Program(name: "Soak", arguments: isFull ? [] : ["10000"]),
    ]
  }
}

/// One run of a benchmark, to its end.
struct Run {
  var figures: [Figure] = []
  /// What it said last, where it ended badly.
  var failure: String?

  /// Programs that drive a bot are always this checkout's own: both sides are measured alike.
  init(_ program: Program, of checkout: Checkout, in folder: URL, as name: String) throws {
    let own = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let executable =
      program.isLinked ? checkout.program(program.name) : "\(own)/\(program.name)"
    guard FileManager.default.isExecutableFile(atPath: executable) else { return }
    let log = folder.appendingPathComponent("\(name).log")
    let file = folder.appendingPathComponent("\(name).figures")
    for path in [log.path, file.path] {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments =
      (program.isLinked ? [] : [checkout.bot]) + (program.usesFloors ? ["\(own)/Floors"] : [])
      + program.arguments
    process.environment = ProcessInfo.processInfo.environment.merging([
      Figure.variable: file.path
    ]) { $1 }
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    try process.run()
    process.waitUntilExit()
    figures = try Figure.all(in: file)
    guard process.terminationStatus != 0 else { return }
    let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n").suffix(5)
    failure = """
      \(program.name) of \(checkout.path) ended with \(process.terminationStatus); \(log.path):
      \(lines.joined(separator: "\n"))
      """
  }
}
