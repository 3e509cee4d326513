package import Ledger

/// When people are told of their balance, or asked, before it surprises them.
package struct BalanceNotices: Sendable, Equatable {
  /// A part of a balance, in millionths.
  package struct Share: Sendable, Equatable {
    package var millionths: Int64

    package init(millionths: Int64) {
      self.millionths = millionths
    }

    /// Rounded down.
    package func of(_ amount: Credits) -> Credits {
      Credits(micro: Int64(clamping: Int128(amount.micro) * Int128(millionths) / 1_000_000))
    }
  }

  /// Whoever falls below it is told so under the answer, or in private after one in a group or a
  /// call for a build; zero for nobody.
  package var lowBalance: Credits
  /// Whoever asks for what may cost more than this part of what they have is asked first; `nil` for
  /// nobody.
  package var askAbove: Share?

  package init(lowBalance: Credits = .zero, askAbove: Share? = nil) {
    self.lowBalance = lowBalance
    self.askAbove = askAbove
  }

  /// Whether a charge has brought the balance from the line, or above it, to below it.
  func tells(of charge: Credits, leaving balance: Credits) -> Bool {
    let before = Int128(balance.micro) + Int128(charge.micro)
    return balance < lowBalance && before >= Int128(lowBalance.micro)
  }
}
