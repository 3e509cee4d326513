import Foundation
import JSONReading

/// An amount of US dollars as a provider reports it. `Decimal` is decoded from the digits
/// themselves, `7.1e-05` or `0.000071`, without a `Double` between (38 of them; providers send 17).
struct ReportedCost: Decodable, CustomStringConvertible {
  private let amount: Decimal

  private init(_ amount: Decimal) {
    self.amount = amount
  }

  /// `nil` if it is no cost.
  init?(_ value: JSONValue) {
    guard let cost = ProviderJSON.decode(Self.self, from: value.json) else { return nil }
    self = cost
  }

  /// - Throws: If what came is no number or negative: then it is no cost.
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    amount = try container.decode(Decimal.self)
    guard amount.isFinite, amount >= 0 else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no cost")
    }
  }

  var description: String { amount.description }
  var isPositive: Bool { amount > 0 }

  /// What the call really cost. Calls on a key of the operator's own at the provider upstream
  /// (`is_byok`) are paid there, and OpenRouter's cost is only its fee. Without the flag, a cost
  /// below that upstream is such a fee; so is none at all, whatever the flag says.
  static func total(_ cost: Self?, upstream: Self?, isOwnKey: Bool?) -> Self? {
    guard let cost else { return nil }
    let upstreamAmount = upstream?.amount ?? 0
    let isFee =
      switch isOwnKey {
      case true?: true
      case false?: cost.amount == 0 && upstreamAmount > 0
      case nil: cost.amount < upstreamAmount
      }
    guard isFee else { return cost }
    return upstream.map { Self(cost.amount + $0.amount) }
  }
}
