import Foundation
import GRDB
@testable import Ledger

/// A random walk over a real ledger, with the model beside it as its auditor, in the manner of
/// TigerBeetle's simulator: after each operation both must have given the same answer and be in the
/// same state.
struct LedgerWalk {
  /// The first difference, with all that it takes to walk there again.
  struct Difference: Error, CustomStringConvertible {
    var description: String
  }

  /// Each has a savepoint of its own; with a commit of its own, each would wait for the disk.
  private static let operationsPerCommit = 25

  private let seed: UInt64
  private let operationsPerVerification: Int
  private var chance: Chance
  private var model: LedgerModel
  private var ledger: RealLedger
  private let file: LedgerFile
  private var holdsOnTheseTerms: Set<String> = []
  /// What the operations came to, in words without numbers.
  private(set) var endings: Set<String> = []

  init(seed: UInt64, operationsPerVerification: Int = 250) throws {
    self.seed = seed
    self.operationsPerVerification = operationsPerVerification
    chance = Chance(seed: seed)
    model = LedgerModel(terms: chance.terms(), now: 1_800_000_000_000)
    ledger = try RealLedger(terms: model.terms)
    file = try LedgerFile()
  }

  mutating func run(_ operations: Int) throws {
    for first in stride(from: 1, through: operations, by: Self.operationsPerCommit) {
      try file.write { tx in
        for number in first..<first + Self.operationsPerCommit { try step(number, in: tx) }
      }
    }
  }

  private var now: Date { Date(timeIntervalSince1970: Double(model.now) / 1_000) }

  private mutating func step(_ number: Int, in tx: LedgerTransaction) throws {
    model.now = chance.clock(on: model)
    let tx = tx.at(now)
    let operation = chance.operation(on: model)
    let before = model.marks
    let expected = Self.answer { try model.apply(operation) }
    let found = Self.answer { try ledger.perform(operation, in: tx) }
    do {
      try compare([expected], [found])
      let isThorough = number % operationsPerVerification == 0
      var marks = isThorough ? Marks() : before
      if case .lookUp(let usage, _) = operation {
        marks.usage = min(marks.usage, max(0, usage - 1))
      }
      try compare(
        model.state(after: marks, endedToo: isThorough),
        try RealLedger.state(after: marks, endedToo: isThorough, in: tx))
      try compare([], try tx.prove())
      if isThorough { try verify(in: tx) }
      try checkBound(of: operation, found)
    } catch {
      throw Difference(
        description: """
          operation \(number) of seed \(seed), at \(model.now) ms: \(operation)
          \(error)
          To walk there again: AUDIT_SEED=\(seed) swift test --filter AuditorTests
          """)
    }
    let words = found.prefix { !$0.isNumber }
    let isAgain =
      model.journal.count == before.journal && ["journal ", "gave back "].contains(words)
    let kind = Mirror(reflecting: operation).children.first?.label ?? "\(operation)"
    endings.insert("\(kind): \(words)\(isAgain ? "again " : "")")
  }

  private func verify(in tx: LedgerTransaction) throws {
    var report = try tx.verification.verify()
    report.breaks.sort()
    let expected = LedgerVerification.Report(
      users: model.accounts.count, transactions: model.journal.count,
      settledCalls: model.holds.count { $0.state == "settled" },
      breaks: model.overdue.map { "hold \($0.id) is still pending after its deadline" }.sorted())
    try compare(["\(expected)"], ["\(report)"])
  }

  /// A call that keeps to what was held for is never capped, unless the terms have changed.
  private mutating func checkBound(of operation: Operation, _ answer: String) throws {
    switch operation {
    case .setTerms: holdsOnTheseTerms = []
    case .take where !answer.hasPrefix("refused"):
      if let hold = model.holds.last { holdsOnTheseTerms.insert(hold.id) }
    case .settle(let id, let call) where answer.hasPrefix("capped"):
      guard holdsOnTheseTerms.contains(id), let hold = model.holds.last(where: { $0.id == id }),
        call.input <= hold.request.bound, call.output <= hold.cap, call.images <= 1,
        call.reported?.isAmount != true
      else { return }
      throw Difference(description: "a call that kept to its bounds was capped")
    default: break
    }
  }

  private static func answer(_ body: () throws -> String) -> String {
    do {
      return try body()
    } catch let refusal as Refusal {
      return "refused, \(refusal.reason)"
    } catch {
      return "failed, \(error)"
    }
  }

  private func compare(_ expected: [String], _ found: [String]) throws {
    guard expected != found else { return }
    let missing = expected.filter { !found.contains($0) }.map { "expected: \($0)" }
    let extra = found.filter { !expected.contains($0) }.map { "found:    \($0)" }
    let lines = missing + extra
    throw Difference(
      description: lines.isEmpty ? "the order differs" : lines.joined(separator: "\n"))
  }
}
