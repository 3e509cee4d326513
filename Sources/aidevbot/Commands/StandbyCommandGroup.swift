import ArgumentParser
import Foundation
import Installation
import Replication
import Settings
import Standby

struct StandbyCommandGroup: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "standby", abstract: "Two machines that share one bot (standby.bucket).",
    subcommands: [StandbyStatusCommand.self, StandbyYieldCommand.self])
}

/// Nobody would take the lease.
struct NobodyStandsBy: Error, CustomStringConvertible {
  var holder: String

  var description: String {
    "No machine stands by to take over from \(holder); start the other one first. "
      + "`\(Installation.current.program) standby status` says when each was last seen."
  }
}

extension Composition {
  /// - Throws: `SettingsError` where there is one machine alone.
  fileprivate func sharedBot() throws -> SharedBot {
    guard let bucket = try bucket() else {
      throw SettingsError(
        Settings.declared.standbyBucket.key, "is not set, so there is no second machine")
    }
    return SharedBot(in: bucket, ttl: .seconds(try settings.standbyTTL))
  }
}

struct StandbyStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say which machine works, and which stands by.",
    discussion: """
      Both machines answer the same, as it is read from their bucket. Exit status 1 where no \
      machine works, or none stands by.
      """)

  @OptionGroup var output: JSONOption
  @OptionGroup var options: ConfigOption

  private struct Output: Encodable {
    struct Machine: Encodable {
      var machine: String
      var seenSecondsAgo: Int64?
      var isThere: Bool
    }

    var term: Int64?
    var holder: String?
    var renewedSecondsAgo: Int64?
    var isRenewed: Bool
    var restoreFrom: String?
    var standbys: [Machine]
  }

  func run() async throws {
    let status = try await Composition(options).sharedBot().status()
    if output.json {
      try printJSON(
        Output(
          term: status.lease?.term, holder: status.lease?.holder,
          renewedSecondsAgo: status.age?.components.seconds, isRenewed: status.isRenewed,
          restoreFrom: status.lease?.restore,
          standbys: status.standbys.map {
            .init(
              machine: $0.machine, seenSecondsAgo: $0.age?.components.seconds,
              isThere: $0.isThere(ttl: status.ttl))
          }))
    } else {
      for line in status.lines { print(line) }
    }
    if !status.isRenewed || !status.hasStandby { throw ExitCode(1) }
  }
}

struct StandbyYieldCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "yield", abstract: "Have the machine that stands by take over now.",
    discussion: """
      For planned moves, from either machine: before a reboot, or an update of Debian. Answers \
      that are not written within two seconds are written anew by the other machine, at the \
      house's expense. Exit status 75 where no machine stands by.
      """)

  @OptionGroup var options: ConfigOption

  func run() async throws {
    let bot = try await Composition(options).sharedBot()
    let status = try await bot.status()
    guard let lease = status.lease, !lease.holder.isEmpty else {
      throw ValidationError("No machine works, so there is nothing to move.")
    }
    guard status.hasStandby else { throw NobodyStandsBy(holder: lease.holder) }
    let begun = ContinuousClock.now
    let next = try await bot.move(from: lease)
    let seconds = begun.duration(to: .now) / .milliseconds(1) / 1_000
    print(
      "\(next.holder) works now, with term \(next.term), after "
        + "\(seconds.formatted(.number.precision(.fractionLength(1)))) s.")
  }
}
