import Foundation
import Glibc

/// Where what models have written is run: a cage of the system, never the bot's own process.
package struct Workshop: Sendable {
  package typealias Languages = @Sendable () async throws(WorkshopError) -> [String]
  package typealias Run = @Sendable (WorkshopRun) async throws(WorkshopError) -> WorkshopResult

  private let askLanguages: Languages
  private let runIt: Run

  package init(languages: @escaping Languages, run: @escaping Run) {
    askLanguages = languages
    runIt = run
  }

  /// What programs can be written in here, such as `python3 3.11.2`; found out in the workshop
  /// itself.
  package func languages() async throws(WorkshopError) -> [String] { try await askLanguages() }

  /// Where the workshop is busy, it waits. Cancelling the task ends the command.
  package func run(_ run: WorkshopRun) async throws(WorkshopError) -> WorkshopResult {
    try run.check()
    return try await runIt(run)
  }

  /// The one of this machine, looked for at each run, so that one that is started later is found.
  ///
  /// - Parameters:
  ///   - socket: The service's.
  ///   - patience: How long a busy service is waited for.
  package static func live(
    socket: String, patience: Duration = WorkshopClient.usualPatience
  ) -> Workshop {
    let run: Run = { run async throws(WorkshopError) in
      try await WorkshopKind.find(socket: socket).run(run, patience: patience)
    }
    let known = KnownLanguages(run: run)
    return Workshop(
      languages: { () async throws(WorkshopError) in try await known.list() }, run: run)
  }
}

/// What runs commands on this machine.
package enum WorkshopKind: Sendable, Equatable {
  /// The socket of the service.
  case service(String)
  /// The path of bubblewrap, for whoever has no service.
  case bubblewrap(String)
  /// Why there is none, in words for an operator.
  case none(String)

  /// In the place of a socket: nothing is to be run.
  package static let off = "off"

  package static func find(
    socket: String, folders: [String] = ["/usr/bin", "/usr/local/bin"]
  ) -> WorkshopKind {
    if socket == off { return .none("it is switched off") }
    if access(socket, R_OK | W_OK) == 0 { return .service(socket) }
    for folder in folders where access("\(folder)/bwrap", X_OK) == 0 {
      return .bubblewrap("\(folder)/bwrap")
    }
    return .none("there is neither \(socket) nor bubblewrap")
  }

  package func run(
    _ run: WorkshopRun, patience: Duration = WorkshopClient.usualPatience
  ) async throws(WorkshopError) -> WorkshopResult {
    switch self {
    case .service(let socket):
      try await WorkshopClient(socket: socket, patience: patience).run(run)
    case .bubblewrap(let path): try await Cage(bubblewrap: path).run(run)
    case .none(let reason): throw .unavailable(reason)
    }
  }
}

/// Asked for once, and again where that failed.
private actor KnownLanguages {
  private let run: Workshop.Run
  private var languages: [String]?

  init(run: @escaping Workshop.Run) {
    self.run = run
  }

  func list() async throws(WorkshopError) -> [String] {
    if let languages { return languages }
    let languages = try await Language.list(by: run)
    self.languages = languages
    return languages
  }
}
