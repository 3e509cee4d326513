/// What one call cost us: by our price list, and by the provider's own word if it gives one.
package struct CallCost: Sendable, Equatable {
  package var table: USD
  package var reported: USD?

  package init(table: USD, reported: USD?) {
    self.table = table
    self.reported = reported
  }

  /// The real cost. A provider that reports a cost charges us exactly that.
  package var actual: USD { reported ?? table }

  /// Whether the price list is wrong by more than 1 % (and by more than a millionth of a dollar,
  /// below which rounding on the provider's side shows).
  package var hasDrifted: Bool {
    guard let reported else { return false }
    let difference = (reported.units - table.units).magnitude
    let millionth: UInt128 = 1_000_000_000_000_000_000
    return difference > millionth && difference > table.units.magnitude / 100
  }
}
