import Ledger

/// Stars for people to read.
package enum StarText {
  /// - Parameter nanostars: In 10⁻⁹ Star.
  package static func text(of nanostars: Int64) -> String { number(nanostars) + " Stars" }

  package static func text(ofWhole stars: Int64) -> String {
    "\(stars) \(stars == 1 ? "Star" : "Stars")"
  }

  package static func number(_ nanostars: Int64) -> String {
    DecimalText.format(Int128(nanostars), decimals: 9)
  }
}
