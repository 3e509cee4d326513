/// What the house bears of one person's calls, once more.
extension LedgerModel {
  private static let day = 86_400_000

  /// The most that a hold may be with which the bound cannot be passed, where the whole of it could
  /// pass it.
  func affordable(to user: Int, _ hold: Int64, _ bound: Int64) throws -> Int64? {
    let loss = try borne(of: user) + untold(of: user)
    guard loss <= Int64.max else { throw Refusal.tooLarge }
    guard loss > 0 else { return nil }
    let whole = loss + Int128(try cost(coveredBy: hold))
    guard whole <= Int64.max else { throw Refusal.tooLarge }
    if whole <= bound { return nil }
    guard loss < bound else { throw Refusal.lossBound }
    let left = Int64(bound) - Int64(loss)
    let credits = try charge(UInt128(left) * 1_000_000_000_000_000)
    return try cost(coveredBy: credits) <= left ? credits : credits - 1
  }

  private func borne(of user: Int) throws -> Int128 {
    let sum = usage.filter { $0.user == user }.compactMap(\.loss)
      .filter { $0.at >= now - Self.day && $0.cause != "interrupted" }
      .reduce(Int128(0)) { $0 + Int128($1.nano) }
    guard sum <= Int64.max else { throw Refusal.tooLarge }
    return sum
  }

  /// Of calls that were stopped, while nobody has told what they used: up to what they had cost at
  /// their caps.
  private func untold(of user: Int) throws -> Int128 {
    let stopped = usage.filter { row in
      let mayBeTold = row.next != nil || row.lookUps > 0
      return row.user == user && row.at >= now - Self.day && row.call.isEstimate
        && (row.limit != nil || row.loss?.cause == "failed_call" && mayBeTold)
    }
    return try stopped.reduce(0) { sum, row in
      guard let hold = holds.last(where: { $0.id == row.hold }) else { return sum }
      let whole = Operation.Call(input: hold.request.estimate, output: hold.cap)
      return sum + max(0, Int128(try cost(of: whole, at: row.price).nano) - Int128(row.cost.nano))
    }
  }

  /// In nano-dollars: what so many credits pay for.
  private func cost(coveredBy credits: Int64) throws -> Int64 {
    let product = (terms.creditValue.billionths * 1_000_000_000_000_000_000)
      .multipliedFullWidth(by: UInt128(credits))
    guard product.high < terms.markup.billionths else { throw Refusal.tooLarge }
    let units = terms.markup.billionths.dividingFullWidth(product).quotient
    let nano =
      units / 1_000_000_000_000_000 + (units % 1_000_000_000_000_000 >= 500_000_000_000_000 ? 1 : 0)
    guard units <= Int128.max, let nano = Int64(exactly: nano) else { throw Refusal.tooLarge }
    return nano
  }
}
