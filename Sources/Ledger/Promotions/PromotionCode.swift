package import Foundation
package import GRDB

/// A code that gives credits to whoever enters it, so many times: a row of `promotion_codes`.
package struct PromotionCode: Sendable, Equatable {
  package var code: String
  package var credits: Credits
  package var maximumUses: Int
  package var uses: Int
  package var expiresAt: Date
  /// Since when it gives nothing any more; who used it before keeps what it gave.
  package var revokedAt: Date?

  package enum State: String, Sendable {
    case active
    case usedUp = "used up"
    case expired
    case revoked
  }

  package func state(at now: Date) -> State {
    if revokedAt != nil { return .revoked }
    if uses >= maximumUses { return .usedUp }
    return expiresAt > now ? .active : .expired
  }
}

extension PromotionCode: FetchableRecord {
  package init(row: Row) {
    code = row["code"]
    credits = row["credits_micro"]
    maximumUses = row["most_uses"]
    uses = row["uses"]
    expiresAt = row["expires_at"]
    revokedAt = row["revoked_at"]
  }
}
