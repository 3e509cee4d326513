import Foundation
import JSONReading
import Metering

/// Reads JSON that came from outside. Two flaws in a text would cost all of it and are mended:
/// bytes that are no UTF-8, and half a surrogate pair, of which the other half comes in the next
/// piece.
enum ProviderJSON {
  /// `nil` if it is not JSON, or not of that form.
  static func decode<Value: Decodable>(
    _ type: Value.Type, from json: Data, with decoder: JSONDecoder = JSONDecoder()
  ) -> Value? {
    // Foundation takes bytes that are no UTF-8 until it comes to them, and loses what is around.
    let isText = String(validating: json, as: UTF8.self) != nil
    if isText, let value = try? decoder.decode(type, from: json) { return value }
    let mended = mended(json)
    return mended == json ? nil : try? decoder.decode(type, from: mended)
  }

  /// The elements of a JSON array, those that have come whole: providers send one where a stream
  /// was asked for. `nil` if it is no array.
  static func elements(of json: Data) -> [Data]? {
    let spaces = Set(" \t\r\n".utf8)
    guard let start = json.firstIndex(where: { !spaces.contains($0) }),
      json[start] == UInt8(ascii: "[")
    else { return nil }
    var elements: [Data] = []
    var (depth, isInString, isEscaped) = (0, false, false)
    var begin = json.index(after: start)
    for index in json.indices[begin...] {
      let byte = json[index]
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: ","), UInt8(ascii: "]"):
        guard depth == 0 else {
          if byte == UInt8(ascii: "]") { depth -= 1 }
          continue
        }
        if json[begin..<index].contains(where: { !spaces.contains($0) }) {
          elements.append(Data(json[begin..<index]))
        }
        begin = json.index(after: index)
        if byte == UInt8(ascii: "]") { return elements }
      case UInt8(ascii: "}"): depth -= 1
      default: break
      }
    }
    return elements
  }

  /// A half of a surrogate pair that stands alone becomes a scalar of its own, which
  /// `joiningSurrogates` looks for: Unicode gives those to nobody.
  private static func mended(_ json: Data) -> Data {
    let bytes = Array(String(decoding: json, as: UTF8.self).utf8)
    var mended = Data(capacity: bytes.count)
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        mended.append(bytes[index])
        index += 1
        continue
      }
      let unit = codeUnit(bytes, at: index)
      let isPair =
        unit.map(UTF16.isLeadSurrogate) == true
        && codeUnit(bytes, at: index + 6).map(UTF16.isTrailSurrogate) == true
      if let unit, !isPair, let scalar = Unicode.Scalar(ofLone: unit) {
        mended.append(contentsOf: String(scalar).utf8)
        index += 6
      } else {
        let length = isPair ? 12 : 2
        mended.append(contentsOf: bytes[index..<(index + length)])
        index += length
      }
    }
    return mended
  }

  /// Of an escape such as `\ud83d`.
  private static func codeUnit(_ bytes: [UInt8], at index: Int) -> UInt16? {
    guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    return UInt16(String(decoding: bytes[(index + 2)..<(index + 6)], as: UTF8.self), radix: 16)
  }
}

extension Unicode.Scalar {
  /// As many as there are surrogates, at the end of the last plane, which is for private use.
  private static let lone: ClosedRange<UInt32> = 0x10F800...0x10FFFF
  /// In UTF-8.
  fileprivate static let firstByteOfLone: UInt8 = 0xF4
  private static let firstSurrogate: UInt32 = 0xD800

  /// `nil` for a code unit that is no surrogate.
  fileprivate init?(ofLone unit: UInt16) {
    guard UTF16.isSurrogate(unit) else { return nil }
    self.init(UInt32(unit) - Self.firstSurrogate + Self.lone.lowerBound)
  }

  fileprivate var loneSurrogate: UInt16? {
    Self.lone.contains(value)
      ? UInt16(truncatingIfNeeded: value - Self.lone.lowerBound + Self.firstSurrogate) : nil
  }
}

extension String {
  /// With the halves of surrogate pairs that came in two pieces put together; one that stays alone
  /// is shown as a replacement character.
  var joiningSurrogates: String {
    guard utf8.contains(Unicode.Scalar.firstByteOfLone),
      unicodeScalars.contains(where: { $0.loneSurrogate != nil })
    else { return self }
    return String(
      decoding: unicodeScalars.flatMap { scalar in
        scalar.loneSurrogate.map { [$0] } ?? Array(String(scalar).utf16)
      }, as: UTF16.self)
  }

  /// Whether the half of a surrogate pair stands at its end, whose other half may follow.
  var endsWithHalfPair: Bool {
    unicodeScalars.last?.loneSurrogate.map(UTF16.isLeadSurrogate) ?? false
  }

  /// What a provider calls a model or a request, fit for a table, a log and a terminal: visible
  /// ASCII, of a sensible length. `nil` if nothing of that kind is in it.
  var asProvidersName: String? {
    let scalars = unicodeScalars.filter { (0x21...0x7E).contains($0.value) }
      .prefix(Self.maximumNameLength)
    return scalars.isEmpty ? nil : String(String.UnicodeScalarView(scalars))
  }

  /// Several times the longest that providers are known to send.
  private static let maximumNameLength = 160

  /// A provider's code word, which may be new to us, never its prose.
  static func codeWord(_ word: String?) -> String {
    let word = word ?? ""
    let isCodeWord =
      word.count <= 40 && word.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") }
    return isCodeWord && !word.isEmpty ? word : "OTHER"
  }
}

extension JSONObject {
  /// It is something else than was expected.
  struct Unexpected: Error {}

  /// - Throws: `Unexpected` if it is there, and is something else.
  func expect<Value>(_ name: StaticString, _ read: (JSONValue) -> Value?) throws -> Value? {
    try self[name].map { value in
      guard let value = read(value) else { throw Unexpected() }
      return value
    }
  }

  /// - Throws: `Unexpected` if it is there, and is something else than a list of objects.
  func expectObjects(_ name: StaticString) throws -> [JSONObject] {
    try expect(name, \.elements)?.map { element in
      guard let object = element.object else { throw Unexpected() }
      return object
    } ?? []
  }
}

extension JSONValue {
  var text: String? {
    string { ProviderJSON.decode(String.self, from: $0) }
  }

  /// Some servers write names as numbers.
  var name: String? {
    (text ?? integer.map(String.init)).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A count of tokens; some servers write them as texts. `nil` for one that is negative or absurd.
  var count: Int? {
    (integer ?? text.flatMap { Int($0) }).flatMap { TokenUsage.isSensible($0) ? $0 : nil }
  }
}

extension KeyedDecodingContainer {
  /// `nil` if it is missing, or something else than was expected: then it is left out, as an
  /// answer should not be lost for a field that nobody needs.
  func lenient<Value: Decodable>(_ key: Key, as type: Value.Type = Value.self) -> Value? {
    (try? decodeIfPresent(type, forKey: key)) ?? nil
  }

  /// A name; some servers write them as numbers.
  func name(_ key: Key) -> String? {
    let name = lenient(key, as: String.self) ?? lenient(key, as: Int.self).map(String.init)
    return name.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// A count of tokens; some servers write them as texts. `nil` for one that is negative or absurd.
  func count(_ key: Key) -> Int? {
    let count = lenient(key, as: Int.self) ?? lenient(key, as: String.self).flatMap { Int($0) }
    return count.flatMap { TokenUsage.isSensible($0) ? $0 : nil }
  }
}

extension Int? {
  /// The larger one, where either is known.
  mutating func raise(to other: Int?) {
    self = [self, other].compactMap(\.self).max()
  }
}

extension JSONDecoder {
  static var snakeCase: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }
}
