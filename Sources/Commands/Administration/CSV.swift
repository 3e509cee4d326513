import Ledger

/// Comma-separated values as in RFC 4180, for a spreadsheet.
package enum CSV {
  /// A line each, with its end.
  package static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  /// What a spreadsheet could take for a formula is made harmless by an apostrophe; a number stays
  /// one. What a terminal would act on becomes a space.
  private static func field(_ cell: String) -> String {
    guard !isPlain(cell) else { return cell }
    let text = cell.inPlainLines
    let start = text.first { $0 != " " }
    let mayBeFormula = start.map { "=+@-\t".contains($0) || $0.isNewline } == true
    let isNumber = text.wholeMatch(of: /[+-]?[0-9]+(\.[0-9]+)?/) != nil
    let safe = mayBeFormula && !isNumber ? "'" + text : text
    guard safe.contains(where: { "\",".contains($0) || $0.isNewline }) else { return safe }
    return "\"" + safe.replacing("\"", with: "\"\"") + "\""
  }

  /// Whether it stays as it is, as nearly all do: printable ASCII that needs no quotes and begins
  /// with a letter or a digit.
  private static func isPlain(_ cell: String) -> Bool {
    guard cell.utf8.allSatisfy({ 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x2C }) else {
      return false
    }
    return cell.utf8.first.map {
      UInt8(ascii: "0") <= $0 && $0 != UInt8(ascii: "=")
        && $0 != UInt8(ascii: "@")
    } ?? true
  }
}
