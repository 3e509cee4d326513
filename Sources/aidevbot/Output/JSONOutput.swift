import Foundation

/// Prints a value as JSON, its keys in order, its times as in ISO 8601. What a terminal or a reader
/// could be led astray by is written as `\uXXXX`, which is the same to a program.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.dateEncodingStrategy = .iso8601
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  print(String(decoding: try encoder.encode(value), as: UTF8.self).escapedInJSON)
}

extension String {
  /// Of a JSON text, in which such characters stand nowhere but in strings. The encoder escapes
  /// those that JSON itself forbids.
  fileprivate var escapedInJSON: String {
    unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar.properties.generalCategory {
      case .control where scalar != "\n", .format, .lineSeparator, .paragraphSeparator:
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16, uppercase: true)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}

extension Date {
  /// `2026-11-22 18:32:01`, in UTC.
  var tableText: String {
    String(ISO8601Format().prefix(19)).replacing("T", with: " ")
  }
}
