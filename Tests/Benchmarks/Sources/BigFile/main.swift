import Foundation
import GRDB

// A database of so many journal rows, a hundred for each person, in the tables of the release
// build, by which it must hold.

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3, let rows = Int(arguments[2]), rows > 0 else {
  print("usage: BigFile EXECUTABLE DATABASE ROWS [CALLS-IN-HUNDRED]")
  exit(64)
}
let (executable, path) = (arguments[0], arguments[1])
let plan = Plan(
  rows: rows, people: max(1, rows / 100),
  callsInHundred: arguments.dropFirst(3).first.flatMap { Int($0) } ?? 2)
guard !FileManager.default.fileExists(atPath: path) else {
  print("\(path) is there already.")
  exit(73)
}

/// The exit status of the bot, called with these words on that database.
func run(_ words: String...) throws -> Int32 {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: executable)
  process.arguments = words
  process.environment = ["DATABASE_PATH": path]
  try process.run()
  process.waitUntilExit()
  return process.terminationStatus
}

guard try run("pricing", "list") == 0 else { exit(1) }
let queue = try DatabaseQueue(path: path)
// Nobody misses a file that is not finished, so it needs no journal.
try queue.writeWithoutTransaction { db in
  try db.execute(
    sql: """
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
      PRAGMA cache_size = -1000000
      """)
}
var made = try queue.write { db in try Rows(plan, in: db) }
try made.make(in: queue) { print("\($0) rows") }
try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
try queue.close()
let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
print("\(size >> 20) MiB")
exit(try run("ledger", "verify"))
