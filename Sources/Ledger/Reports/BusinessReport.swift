package import Foundation

/// What the bot has earned and spent in a period, as an operator reads it: from `from` on, until
/// just before `to`.
package struct BusinessReport: Sendable, Equatable {
  package var from: Date
  package var to: Date

  /// Payments of Stars made in the period, credited or not.
  package var payments: Int
  /// Whole Stars.
  package var starsReceived: Int64
  /// Refunds of Stars done in the period, whenever they were asked for.
  package var refunds: Int
  /// Whole Stars.
  package var starsRefunded: Int64

  package var creditsSold: Credits
  /// First grants, referral bonuses, and what promotion codes and administrators gave.
  package var creditsGiven: Credits
  /// What refunds of Stars took back, less what came back if Telegram refused one. Negative
  /// if more came back than was taken in the period.
  package var creditsTakenBack: Credits
  /// What the calls of the period were charged, less what was given back, then or later, for
  /// answers that reached nobody: the sum of what models and people are listed with.
  package var creditsSpent: Credits
  /// What those are worth by the terms of each call.
  package var creditsSpentValue: NanoDollars

  /// Of all calls, those included that the house bears.
  package var realCost: NanoDollars
  /// Reasons for which anything was lost, dearest first.
  package var houseLosses: [HouseLoss]

  /// Accounts opened in the period.
  package var newUsers: Int
  /// People for whom a model was called in the period.
  package var activeUsers: Int

  /// At most five, by what their calls in the period were charged.
  package var topModels: [TopModel]
  /// At most five, by what their calls in the period were charged.
  package var topUsers: [TopUser]

  /// What the house bears for one reason.
  package struct HouseLoss: Sendable, Equatable {
    package enum Reason: Sendable, Equatable {
      /// What the house bears of calls, counted when that was known.
      case call(CallLoss.Cause)
      /// Repairs of builds that the operator gives away (`RepairTerms.free`).
      case freeRepairs
      /// Credits that were spent before their payment was refunded, by the terms of today.
      case refundedCredits

      /// In a table's line.
      package var words: String {
        switch self {
        case .call(.failedCall): "failed calls"
        case .call(.overrun): "overruns"
        case .call(.undelivered): "undelivered"
        case .call(.interrupted): "interrupted"
        case .call(.outage): "outages"
        case .freeRepairs: "free repairs"
        case .refundedCredits: "refunded"
        }
      }
    }

    package var reason: Reason
    package var count: Int
    package var amount: NanoDollars
  }

  package struct TopModel: Sendable, Equatable {
    package var provider: String
    package var model: String
    package var calls: Int
    /// Less what was given back.
    package var charged: Credits
    package var realCost: NanoDollars
  }

  package struct TopUser: Sendable, Equatable {
    /// Negative for an account whose owner has erased it.
    package var telegramUserID: Int64
    /// The username with its at sign, else the first name.
    package var name: String?
    package var calls: Int
    /// Less what was given back.
    package var charged: Credits
    package var realCost: NanoDollars
  }
}
