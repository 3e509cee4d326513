package import Foundation
package import GRDB

/// A code that gives credits to whoever enters it, so many times: a row of `promotion_codes`.
package struct PromotionCode: Sendable, Equatable {
  package var code: String
  package var credits: Credits
  package var maximumUses: Int
  package var uses: Int
  package var expiresAt: Date
}

extension PromotionCode: FetchableRecord {
  package init(row: Row) {
    code = row["code"]
    credits = row["credits_micro"]
    maximumUses = row["most_uses"]
    uses = row["uses"]
    expiresAt = row["expires_at"]
  }
}
