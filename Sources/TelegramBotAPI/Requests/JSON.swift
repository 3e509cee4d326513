package import Foundation

/// JSON to be sent: the parameters of a request. A member that is `nil` is left out.
///
/// Each request of the bot is written once for every answer; `JSONEncoder` takes several times as
/// long for the same bytes.
package indirect enum JSON: Sendable, ExpressibleByDictionaryLiteral, ExpressibleByBooleanLiteral {
  case int(Int64)
  case bool(Bool)
  case string(String)
  case array([JSON])
  case object([(key: String, value: JSON?)])

  package init(dictionaryLiteral elements: (String, JSON?)...) {
    self = .object(elements.map { ($0.0, $0.1) })
  }

  package init(booleanLiteral value: Bool) {
    self = .bool(value)
  }

  package var data: Data { Data(bytes) }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  private var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1_024)
    write(to: &bytes)
    return bytes
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .int(let value): bytes += String(value).utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .string(let text): Self.write(text, to: &bytes)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        element.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      var isFirst = true
      for case (let key, let value?) in members {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        Self.write(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// Escapes what must be escaped: quotes, backslashes and control characters (RFC 8259, 7).
  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { text in
      var rest = text[...]
      while let index = rest.firstIndex(where: mustBeEscaped) {
        bytes.append(contentsOf: rest[..<index])
        writeEscaped(rest[index], to: &bytes)
        rest = rest[(index + 1)...]
      }
      bytes.append(contentsOf: rest)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func mustBeEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private static func writeEscaped(_ byte: UInt8, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
    case 0..<0x20:
      let digits = String(byte, radix: 16)
      bytes += "u00\(digits.count < 2 ? "0" : "")\(digits)".utf8
    default: bytes.append(byte)
    }
  }
}
