import GRDB
import Synchronization

extension LedgerDatabase {
  /// Proves everything, as `LedgerVerification.verify` does, on two processors: each half sees a
  /// moment of its own.
  ///
  /// - Parameter progress: Told now and then how many thousandths are done.
  /// - Throws: `DatabaseError`.
  package func verify(
    progress: @escaping @Sendable (_ thousandths: Int) -> Void
  ) async throws -> LedgerVerification.Report {
    let progress = JointProgress(tell: progress)
    async let sums = verify(.sums, progress)
    async let references = verify(.references, progress)
    var report = try await sums
    try await report.add(references)
    return report
  }

  private func verify(
    _ part: LedgerVerification.Part, _ progress: JointProgress
  ) async throws -> LedgerVerification.Report {
    try await pool.read { [clock] db in
      try db.execute(sql: LedgerVerification.keepingPages)
      return try LedgerTransaction(db: db, now: clock()).verification.verify(part) { done, all in
        progress.note(part, done, of: all)
      }
    }
  }
}

/// How far several are, each of which takes its share of the time.
private final class JointProgress: Sendable {
  private let thousandths = Mutex<[LedgerVerification.Part: Int]>([:])
  private let tell: @Sendable (Int) -> Void

  init(tell: @escaping @Sendable (Int) -> Void) {
    self.tell = tell
  }

  func note(_ part: LedgerVerification.Part, _ done: Int, of all: Int) {
    let joint = thousandths.withLock { thousandths in
      thousandths[part] = all == 0 ? 1_000 : min(1_000, done * 1_000 / all)
      return thousandths.values.reduce(0, +) / LedgerVerification.Part.allCases.count
    }
    tell(joint)
  }
}
