import Measuring
import Foundation

// Runs all benchmarks, one after the other, and those that vary several times. Prints the medians
// in one table and fails where one is beyond its bound. See ../../run.

var words = Array(CommandLine.arguments.dropFirst())
let isFull = words.firstIndex(of: "--full").map { words.remove(at: $0) } != nil
guard (1...2).contains(words.count) else {
  print("usage: Suite [--full] CHECKOUT [CHECKOUT-OF-BEFORE]")
  exit(64)
}
/// What was built of each; the one to be judged is the last.
let checkouts = words.reversed().map { Checkout(path: $0) }
let programs = Program.all(isFull: isFull)

let folder = FileManager.default.temporaryDirectory
  .appendingPathComponent("aidevbot-suite-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

var results = checkouts.map { _ in Results() }
for round in 1...Program.rounds {
  for program in programs where round <= program.times {
    for (number, checkout) in checkouts.enumerated() {
      let name = "\(program.name)-\(round)-\(number)"
      let times = program.times == 1 ? "" : ", \(round) of \(program.times)"
      FileHandle.standardError.write(Data("\(program.name) of \(checkout.path)\(times)\n".utf8))
      let run = try Run(program, of: checkout, in: folder, as: name)
      run.figures.forEach { results[number].add($0) }
      results[number].failures += run.failure.map { [$0] } ?? []
    }
  }
}

let table = Table(results)
print(table.text)
let failures = results.flatMap(\.failures)
for failure in failures { print("\n\(failure)") }
guard let judged = results.last, failures.isEmpty else { exit(1) }
try FileManager.default.removeItem(at: folder)
exit(judged.isWithinBounds ? 0 : 1)
