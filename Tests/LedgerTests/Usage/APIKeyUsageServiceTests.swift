import Foundation
import GRDB
@testable import Ledger
import Metering
import Testing

@Suite("APIKeyUsageService")
struct APIKeyUsageServiceTests {
  let file: LedgerFile

  init() throws {
    file = try LedgerFile()
  }

  func log(
    _ user: UserAccount, _ price: ModelPrice, task: String, cost: String, at date: Date = now
  ) throws -> Int64 {
    try file.write(at: date) { tx in
      try tx.usage.log(
        NewUsage(
          projectID: nil, userID: user.id, holdID: nil, taskType: task,
          provider: price.model.provider,
          priceID: price.id,
          call: MeteredCall(
            usage: TokenUsage(inputTokens: 10, cachedInputTokens: 4, outputTokens: 20),
            model: price.model.name, keyIdentifier: "…abcd", requestID: "r",
            responseMilliseconds: 5),
          cost: CallCost(table: try USD(parsing: cost), reported: nil),
          terms: BillingTerms(creditValueUSD: "0.01", markup: "1.5"), bearer: .house(.failedCall)))
    }
  }

  @Test func logsACallWithItsTokensItsCostAndItsPrice() throws {
    let price = try file.price()
    let id = try log(try file.user(), price, task: "coding", cost: "0.0000000015")
    let row = try #require(
      try file.write {
        try Row.fetchOne($0.db, sql: "SELECT * FROM api_key_usage WHERE id = ?", arguments: [id])
      })
    #expect(row["task_type"] == "coding")
    #expect(row["input_tokens_used"] == 10)
    #expect(row["cached_input_tokens"] == 4)
    #expect(row["output_tokens_used"] == 20)
    // 1.5, rounded half up.
    #expect(row["actual_cost_nanousd"] == 2)
    #expect(row["actual_cost_usd"] == "0.0000000015")
    #expect(row["model_pricing_id"] == price.id)
    #expect(row["api_key_identifier"] == "…abcd")
    #expect(row["response_time_ms"] == 5)
  }

  @Test func knowsHowLongAModelsAnswersUsuallyAre() throws {
    let price = try file.price()
    #expect(try file.write { try $0.usage.typicalOutputTokens(atPrice: price.id) } == nil)
    _ = try log(try file.user(), price, task: "chat", cost: "0")
    #expect(try file.write { try $0.usage.typicalOutputTokens(atPrice: price.id) } == 20)
  }
}
