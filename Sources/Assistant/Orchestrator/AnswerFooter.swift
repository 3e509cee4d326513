import Foundation
import Ledger

/// The last line of an answer: what it cost.
enum AnswerFooter {
  private static let beginning = "Cost: "

  /// - Parameter balance: `nil` in a group, where that is nobody else's business.
  static func text(charge: Credits, balance: Credits?) -> String {
    let left = balance.map { " · Left: \($0.text) credits" } ?? ""
    return "\(beginning)\(charge.text) credits\(left)"
  }

  /// Whoever replies to an answer does not mean what it cost.
  static func removed(from text: String) -> String {
    guard let start = text.range(of: "\n\n" + beginning, options: .backwards),
      !text[start.upperBound...].contains(where: \.isNewline)
    else { return text }
    return String(text[..<start.lowerBound])
  }
}
