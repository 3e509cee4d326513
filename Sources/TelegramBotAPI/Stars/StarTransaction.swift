/// An entry of the bot's account of Stars, in or out. Bot API, *StarTransaction*.
package struct StarTransaction: Decodable, Sendable, Equatable {
  /// Of a payment, its `telegram_payment_charge_id`; of a refund, the id of the payment that is
  /// given back. So it takes the direction as well to name an entry.
  package var id: String
  /// Whole Stars, whatever the direction.
  package var amount: Int64
  /// Billionths of a Star that come on top: 0 to 999 999 999.
  package var nanostarAmount: Int64
  /// Unix time, seconds.
  package var date: Int64
  /// Who gave, if Stars came in.
  package var source: TransactionPartner?
  /// Who got, if Stars went out.
  package var receiver: TransactionPartner?

  private enum CodingKeys: String, CodingKey {
    case id, amount, date, source, receiver
    case nanostarAmount = "nanostar_amount"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    amount = try values.decode(Int64.self, forKey: .amount)
    nanostarAmount = try values.decodeIfPresent(Int64.self, forKey: .nanostarAmount) ?? 0
    date = try values.decode(Int64.self, forKey: .date)
    source = try values.decodeIfPresent(TransactionPartner.self, forKey: .source)
    receiver = try values.decodeIfPresent(TransactionPartner.self, forKey: .receiver)
  }
}

/// A page of them. Bot API, *StarTransactions*.
struct StarTransactions: Decodable {
  /// The oldest first.
  var transactions: [StarTransaction]
}
