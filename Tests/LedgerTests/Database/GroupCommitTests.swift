import GRDB
import Ledger
import Testing

@Suite("GroupCommit")
struct GroupCommitTests {
  private let file: LedgerFile
  private let commits: GroupCommit

  init() throws {
    file = try LedgerFile()
    commits = GroupCommit(file.database)
    try file.write { try $0.db.execute(sql: "CREATE TABLE numbers (number INTEGER UNIQUE)") }
  }

  private struct Refusal: Error, Equatable {
    var number: Int
  }

  private var numbers: [Int] {
    get throws {
      try file.database.read {
        try Int.fetchAll($0.db, sql: "SELECT number FROM numbers ORDER BY number")
      }
    }
  }

  @Test func takesBackOfManyWritesAtOnceOnlyThoseThatFail() async throws {
    @Sendable func mustFail(_ number: Int) -> Bool { number % 7 == 3 }
    await withTaskGroup { group in
      for number in 0..<300 {
        group.addTask {
          do {
            let written = try await commits.write { tx in
              try tx.db.execute(sql: "INSERT INTO numbers VALUES (?)", arguments: [number])
              if mustFail(number) { throw Refusal(number: number) }
              return number
            }
            #expect(written == number && !mustFail(number))
          } catch {
            #expect(error as? Refusal == Refusal(number: number))
          }
        }
      }
    }
    #expect(try numbers == (0..<300).filter { !mustFail($0) })
  }

  @Test func writesAlsoForTasksThatAreCancelled() async throws {
    let tasks = (0..<50).map { (number: Int) in
      Task {
        try await commits.write {
          try $0.db.execute(sql: "INSERT INTO numbers VALUES (?)", arguments: [number])
        }
      }
    }
    for task in tasks { task.cancel() }
    for task in tasks { try await task.value }
    #expect(try numbers == Array(0..<50))
  }
}
