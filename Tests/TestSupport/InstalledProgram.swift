package import Foundation

/// A program that `.ci/install-dependencies tests` has put into the user's cache, or that is on the
/// PATH.
package struct InstalledProgram: Sendable {
  package static let litestream = InstalledProgram(
    name: "Litestream 0.5", cached: "litestream-0.5.17", command: "litestream", variable: nil)
  /// The server of moto's, which plays AWS.
  package static let moto = InstalledProgram(
    name: "moto", cached: "moto-5.2.1/bin/moto_server", command: "moto_server",
    variable: "AIDEVBOT_MOTO")

  package struct NotInstalled: Error, CustomStringConvertible {
    var name: String

    package var description: String {
      "There is no \(name). Run `.ci/install-dependencies tests`, or put one on the PATH; "
        + "this test needs a real one."
    }
  }

  private let name: String
  private let cached: String
  private let command: String
  /// Of the environment; it names another one.
  private let variable: String?

  /// - Throws: `NotInstalled`.
  package func find() throws -> URL {
    let environment = ProcessInfo.processInfo.environment
    let cache =
      environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
      ?? "\(environment["HOME"] ?? NSHomeDirectory())/.cache"
    let onPath = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(command)" }
    let named = variable.flatMap { environment[$0] }.map { [$0] } ?? []
    guard
      let path = (named + ["\(cache)/aidevbot/\(cached)"] + onPath)
        .first(where: FileManager.default.isExecutableFile(atPath:))
    else { throw NotInstalled(name: name) }
    return URL(fileURLWithPath: path)
  }
}
