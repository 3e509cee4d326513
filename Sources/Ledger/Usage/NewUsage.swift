package import Metering

/// One call, as it goes into the log.
package struct NewUsage: Sendable {
  package var projectID: String?
  package var userID: Int64
  package var holdID: String?
  package var taskType: String
  package var provider: ModelProvider
  package var priceID: Int64
  package var call: MeteredCall
  package var cost: CallCost
  package var terms: BillingTerms
  /// What the charge would have been above the hold: never taken from the user.
  package var forgiven: Credits = .zero
  package var chargedTo: APIKeyUsageService.ChargedTo
}
