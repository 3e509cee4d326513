/// How much a call may cost at most, and how long its answer may get for that.
package struct HoldSize: Sendable, Equatable {
  package var amount: Credits
  /// The output cap, thinking included; it goes to the provider, so that the bound is one.
  package var outputTokens: Int

  /// A shorter answer is of no use, so no call is made for it. A model that thinks needs more.
  package static let minimumOutputTokens = 256

  /// The largest hold up to `outputCap` that `available` can pay.
  ///
  /// - Parameters:
  ///   - inputTokens: An upper bound of the prompt.
  ///   - minimumOutputTokens: Of the shortest answer that is of use.
  /// - Throws: `LedgerError.insufficientCredits` if even the shortest useful answer is too dear.
  package static func fitting(
    _ available: Credits, rates: Rates, terms: BillingTerms, inputTokens: Int, outputCap: Int,
    minimumOutputTokens: Int = HoldSize.minimumOutputTokens
  ) throws(LedgerError) -> HoldSize {
    func amount(_ outputTokens: Int) throws(LedgerError) -> Credits {
      try terms.charge(
        for: try rates.bound(inputTokens: inputTokens, outputTokens: outputTokens))
    }
    let whole = try amount(outputCap)
    if whole <= available { return HoldSize(amount: whole, outputTokens: outputCap) }
    var affordable = min(minimumOutputTokens, outputCap)
    let least = try amount(affordable)
    guard least <= available else {
      throw .insufficientCredits(shortfall: try least.subtracting(available))
    }
    var tooDear = outputCap
    while tooDear - affordable > 1 {
      let middle = affordable + (tooDear - affordable) / 2
      if try amount(middle) <= available { affordable = middle } else { tooDear = middle }
    }
    return HoldSize(amount: try amount(affordable), outputTokens: affordable)
  }
}
