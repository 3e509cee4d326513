import Foundation

/// An amount of US dollars as a provider reports it. `Decimal` is decoded from the digits
/// themselves, `7.1e-05` or `0.000071`, without a `Double` between (38 of them; providers send 17).
struct ReportedCost: Decodable {
  /// `nil` if what came is no number or negative: then it is no cost.
  private let amount: Decimal?

  init(from decoder: any Decoder) throws {
    let amount = try? decoder.singleValueContainer().decode(Decimal.self)
    self.amount = amount.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
  }

  /// What the call really cost. Calls on a key of the operator's own at the provider upstream
  /// (`is_byok`) are paid there, and OpenRouter's cost is only its fee.
  static func total(_ cost: Self?, upstream: Self?, isOwnKey: Bool?) -> String? {
    guard let cost = cost?.amount else { return nil }
    guard isOwnKey == true else { return cost.description }
    return upstream?.amount.map { (cost + $0).description }
  }
}
