import Ledger

/// Amounts with bars of block characters, in a fixed width, as narrow as a phone.
struct BarTable {
  struct Row {
    var label: String
    var amount: Credits
  }

  /// In characters.
  private static let barWidth = 14
  /// The eighths of a block.
  private static let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  private let widestWhole: Int
  private let widestDecimals: Int

  /// - Parameter amounts: All that stand below each other, so that their points do as well.
  init(aligning amounts: [Credits]) {
    let texts = amounts.map(Self.halves)
    widestWhole = texts.map(\.whole.count).max() ?? 0
    widestDecimals = texts.map(\.decimals.count).max() ?? 0
  }

  /// - Parameter largest: Whose bar is the whole width.
  func line(_ row: Row, labelWidth: Int, largest: Credits) -> String {
    let label = row.label.padded(to: labelWidth)
    let bar = Self.bar(row.amount, of: largest).padded(to: Self.barWidth)
    return "\(label) \(bar) \(aligned(row.amount))"
  }

  /// Without a bar.
  func line(_ label: String, _ amount: Credits, labelWidth: Int) -> String {
    "\(label.padded(to: labelWidth + 1 + Self.barWidth)) \(aligned(amount))"
  }

  private func aligned(_ amount: Credits) -> String {
    let (whole, decimals) = Self.halves(amount)
    let gap = String(repeating: " ", count: max(0, widestWhole - whole.count))
    return "\(gap)\(whole)\(decimals.padded(to: widestDecimals))".trimmedAtEnd
  }

  /// Whatever is above zero has a bar.
  private static func bar(_ amount: Credits, of largest: Credits) -> String {
    guard amount > .zero, largest > .zero else { return "" }
    let whole = Int128(barWidth * 8)
    let scaled = (Int128(amount.micro) * whole + Int128(largest.micro) / 2) / Int128(largest.micro)
    let eighths = Int(min(max(1, scaled), whole))
    return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
  }

  private static func halves(_ amount: Credits) -> (whole: String, decimals: String) {
    let text = amount.text
    guard let point = text.firstIndex(of: ".") else { return (text, "") }
    return (String(text[..<point]), String(text[point...]))
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  fileprivate var trimmedAtEnd: String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}
