import Measuring
import Foundation
import Ledger
import Metering

// Charges, each durable: what the ledger does of them in a second, beside C that writes the same
// rows in the same tables. A charge is a hold and its settlement, a commit each, through the group
// commit of the bot. In this process, so that nothing else of a request is measured.

let floors = CommandLine.arguments.dropFirst().first ?? "Floors"
let people = 64
let total = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 400
/// Both take turns so often, since a disk that others use is fast now and slow then.
let turns = 4

let folder = FileManager.default.temporaryDirectory
  .appendingPathComponent("aidevbot-charges-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

/// A ledger whose people, with ids from 1 to 64, can pay for all of it.
func emptyLedger() throws -> (database: LedgerDatabase, price: ModelPrice) {
  let database = try LedgerDatabase(
    path: folder.appendingPathComponent("\(UUID().uuidString).sqlite").path)
  let price = try database.write { tx in
    for person in 1...people {
      _ = try tx.users.register(
        Profile(telegramUserID: Int64(person), firstName: "P"),
        initialGrant: Credits(parsing: "1000000"))
    }
    return try tx.pricing.set(
      ModelID(provider: "google", name: "gemini-2.5-flash"),
      tariff: Tariff(input: "0.30", output: "2.50"))
  }
  return (database, price)
}

let terms = try BillingTerms(creditValueUSD: "0.01", markup: "1.5")
let call = MeteredCall(
  usage: TokenUsage(inputTokens: 1_000, outputTokens: 500), model: "gemini-2.5-flash",
  keyIdentifier: "…abcd", requestID: "request-of-the-provider", responseMilliseconds: 900)

struct Charging: Sendable {
  var commits: GroupCommit
  var price: ModelPrice

  func charge(_ number: Int) async throws {
    let request = CreditHoldService.Request(
      userID: Int64(number % people + 1), projectID: nil, work: "upd\(number):chat",
      taskType: "chat", price: price, inputTokensBound: 2_000, inputTokensEstimate: 1_000,
      outputCap: 4_096, deadline: Date(timeIntervalSinceNow: 600), lossBound: NanoDollars(1_000_000)
    )
    let hold = try await commits.write { try $0.holds(terms).take(request) }
    _ = try await commits.write { [price] in
      try $0.holds(terms).settle(hold.id, with: call, at: price)
    }
  }
}

/// The time that so many charges take, by so many at once, in seconds.
func charge(_ count: Int, by workers: Int) async throws -> Double {
  let (database, price) = try emptyLedger()
  let charging = Charging(commits: GroupCommit(database), price: price)
  let start = ContinuousClock.now
  try await withThrowingTaskGroup(of: Void.self) { group in
    for worker in 0..<workers {
      group.addTask {
        for number in stride(from: worker, to: count, by: workers) {
          try await charging.charge(number)
        }
      }
    }
    try await group.waitForAll()
  }
  let taken = start.duration(to: .now) / .seconds(1)
  try check(database, count)
  return taken
}

struct NotAllCharged: Error {}

/// Each was charged once, and the ledger holds.
func check(_ database: LedgerDatabase, _ count: Int) throws {
  let (charged, isSound) = try database.read { tx in
    let charged = try (1...people).reduce(0) {
      $0 + (try tx.transactions.count(userID: Int64($1), since: nil)) - 1
    }
    return (charged, try tx.verification.verify().isSound)
  }
  guard charged == count, isSound else { throw NotAllCharged() }
  try database.close()
}

/// The same in C.
func floor(_ count: Int, together: Int) throws -> Double {
  let database = try emptyLedger().database
  let path = database.path
  try database.close()
  let (process, output) = (Process(), Pipe())
  process.executableURL = URL(fileURLWithPath: floors)
  process.arguments = ["charges", path, "\(count)", "\(together)"]
  process.standardOutput = output
  try process.run()
  let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  guard let taken = Double(text.trimmingCharacters(in: .newlines)) else { throw NotAllCharged() }
  try check(try LedgerDatabase(path: path), count)
  return taken
}

/// Charges a second in C, and here.
@MainActor
func rates(_ count: Int, together: Int) async throws -> (floor: Double, ours: Double) {
  var (inC, here) = (0.0, 0.0)
  for _ in 0..<turns {
    inC += try floor(count / turns, together: together)
    here += try await charge(count / turns, by: together)
  }
  return (Double(count) / inC, Double(count) / here)
}

let alone = try await rates(total, together: 1)
let together = try await rates(total * 16, together: people)
let floorAlone = Figure("charges one at a time, in C", alone.floor, "/s")
try floorAlone.report()
try Figure(
  "charges one at a time", alone.ours, "/s", .atLeastTimes(0.9, floor: floorAlone.name)
).report()
try Figure("charges 64 at once, in C", together.floor, "/s").report()
try Figure(
  "charges 64 at once", together.ours, "/s", .atLeastTimes(4, floor: floorAlone.name)
).report()
try FileManager.default.removeItem(at: folder)
