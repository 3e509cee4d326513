package import Foundation
package import GRDB
package import Metering

/// Credits set aside for one call: a row of `credit_holds`. With what it carries, a call that a
/// crash cut off can be sorted out later.
package struct CreditHold: Sendable, Equatable {
  package enum State: String, Sendable, DatabaseValueConvertible {
    case pending
    case settled
    case voided
  }

  package var id: String
  package var userID: Int64
  package var projectID: String?
  package var amount: Credits
  package var state: State
  package var taskType: String
  package var model: ModelID
  package var priceID: Int64
  package var inputTokensEstimate: Int
  package var outputTokensCap: Int
  /// When the first byte was about to leave; `nil` while the provider can know nothing.
  package var sentAt: Date?
  package var requestID: String?
  package var createdAt: Date
  /// The build that the call is for.
  package var buildID: String?
  /// Its own, with which it is charged instead of that of all calls.
  package var markup: String?
}

extension CreditHold: FetchableRecord {
  package init(row: Row) {
    id = row["id"]
    userID = row["user_id"]
    projectID = row["project_id"]
    amount = row["amount_micro"]
    state = row["state"]
    taskType = row["task_type"]
    model = ModelID(row: row)
    priceID = row["model_pricing_id"]
    inputTokensEstimate = row["input_tokens_estimate"]
    outputTokensCap = row["output_tokens_cap"]
    sentAt = row["sent_at"]
    requestID = row["provider_request_id"]
    createdAt = row["created_at"]
    buildID = row["build_id"]
    markup = row["markup"]
  }
}
