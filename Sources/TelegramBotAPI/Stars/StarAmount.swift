/// How many Stars there are. Bot API, *StarAmount*.
package struct StarAmount: Decodable, Sendable, Equatable {
  /// Whole Stars, rounded to 0; negative after chargebacks.
  package var amount: Int64
  /// Billionths of a Star that come on top: −999 999 999 to 999 999 999.
  package var nanostarAmount: Int64

  private enum CodingKeys: String, CodingKey {
    case amount
    case nanostarAmount = "nanostar_amount"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    amount = try values.decode(Int64.self, forKey: .amount)
    nanostarAmount = try values.decodeIfPresent(Int64.self, forKey: .nanostarAmount) ?? 0
  }
}
