package import Foundation
import GRDB
package import Metering

/// Credits set aside for one call: a row of `credit_holds`. With what it carries, a call that a
/// crash cut off can be sorted out later.
package struct CreditHold: Sendable, Equatable {
  package enum State: String, Sendable, DatabaseValueConvertible, ColumnValue {
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

extension CreditHold: StoredRow {
  package static let columns = """
    id, user_id, project_id, amount_micro, state, task_type, model_provider, model_name,
    model_pricing_id, input_tokens_estimate, output_tokens_cap, sent_at, provider_request_id,
    created_at, build_id, markup
    """

  package init(_ row: inout Columns) {
    id = row.next()
    userID = row.next()
    projectID = row.next()
    amount = row.next()
    state = row.next()
    taskType = row.next()
    model = ModelID(provider: ModelProvider(rawValue: row.next()), name: row.next())
    priceID = row.next()
    inputTokensEstimate = row.next()
    outputTokensCap = row.next()
    sentAt = row.next()
    requestID = row.next()
    createdAt = row.next()
    buildID = row.next()
    markup = row.next()
  }
}
