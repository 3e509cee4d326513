import Foundation
import GRDB
@testable import Ledger
import Metering

extension LedgerFile {
  /// A build of that person, with a project of its own, in that state.
  func build(
    _ id: String = "b1", of user: UserAccount, cap: String? = nil, state: String = "running"
  ) throws {
    try write { tx in
      let time = now.databaseText
      try tx.db.run(
        """
        INSERT INTO projects (id, user_id, title, status, created_at, updated_at)
        VALUES (?, ?, 'A list', 'building', ?, ?)
        """, ["project of \(id)", user.id, time, time])
      try tx.db.run(
        """
        INSERT INTO builds (id, user_id, project_id, kind, state, idea, cap_micro, channel, chat_id,
          created_at, updated_at)
        VALUES (?, ?, ?, 'new', ?, 'a list', ?, 'telegram', ?, ?, ?)
        """,
        [
          id, user.id, "project of \(id)", state, try cap.map { try Credits(parsing: $0) },
          user.telegramUserID, time, time,
        ])
    }
  }

  /// At 0.30 and 2.50 USD a million, 1,000 input and 500 output tokens are 0.00155 USD: at a markup
  /// of 1.5, 0.2325 credits.
  func request(
    _ work: String, by user: UserAccount, at price: ModelPrice, build: String? = "b1",
    output: Int = 500, markup: String? = nil, lossBound: NanoDollars? = nil
  ) -> CreditHoldService.Request {
    var request = CreditHoldService.Request(
      userID: user.id, projectID: nil, work: work, taskType: "coding", price: price,
      inputTokensBound: 1_000, inputTokensEstimate: 250, outputCap: output,
      deadline: now.addingTimeInterval(600), lossBound: lossBound)
    (request.buildID, request.markup) = (build, markup)
    return request
  }

  func call(
    output: Int = 500, requestID: String? = nil, isEstimate: Bool = false
  ) -> MeteredCall {
    MeteredCall(
      usage: TokenUsage(inputTokens: 1_000, outputTokens: output), model: "m",
      keyIdentifier: "k", requestID: requestID, responseMilliseconds: 1, isEstimate: isEstimate)
  }

  func texts(_ sql: String) throws -> [String] {
    try read { try String.fetchAll($0.db, sql: sql) }
  }
}
