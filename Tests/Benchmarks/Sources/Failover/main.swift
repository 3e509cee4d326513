import Foundation
import TwoMachines

// Two machines, and what happens to them, by a seed. See Tests/README.md.

var words = Array(CommandLine.arguments.dropFirst())
@MainActor
func option(_ name: String) -> String? {
  guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
  defer { words.removeSubrange(index...(index + 1)) }
  return words[index + 1]
}
@MainActor
func flag(_ name: String) -> Bool {
  guard let index = words.firstIndex(of: name) else { return false }
  words.remove(at: index)
  return true
}

let rounds = option("--rounds").flatMap { Int($0) } ?? 6
let seed = option("--seed").flatMap { UInt64($0) } ?? 1
let ttl = option("--ttl").flatMap { Int($0) } ?? 5
let only = option("--only")
let isPlain = flag("--plain")
let streams = flag("--streams")
guard words.count == 1 else {
  print(
    """
    usage: Failover EXECUTABLE [--rounds N] [--seed N] [--ttl SECONDS] [--only WORDS] [--streams]
      [--plain]
    """)
  exit(64)
}

var options = try Trial.Options(executable: URL(fileURLWithPath: words[0]))
options.ttl = ttl
options.seed = seed
options.patience = .seconds(180)
options.streams = streams
options.isIsolated = getuid() == 0 && !isPlain
options.clock = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
  .appendingPathComponent("libJumpingClock.so")

/// At once, also where the output is a file.
@Sendable
func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

let faults = Fault.drawn(rounds, seed: seed, isIsolated: options.isIsolated, only: only)
let trial = try Trial(options)
say("in \(trial.folder.path), seed \(seed)")
let report = try await trial.run(faults) { say($0.line) }
say("\n" + report.table)
say(report.findings.isEmpty ? "Nothing was lost." : "Failed:")
for finding in report.findings { say("  \(finding)") }
exit(report.findings.isEmpty ? 0 : 1)
