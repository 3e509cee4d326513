import Foundation

/// Prints a value as JSON, its keys in order, its times as in ISO 8601.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  encoder.dateEncodingStrategy = .iso8601
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

extension Date {
  /// `2026-11-22 18:32:01`, in UTC.
  var tableText: String {
    String(ISO8601Format().prefix(19)).replacing("T", with: " ")
  }
}
