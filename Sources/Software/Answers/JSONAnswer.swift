import Foundation
import JSONReading

/// The JSON object of an answer, with text around it or a fence, commas before closing brackets and
/// ends of lines inside of strings, as models write it.
struct JSONAnswer {
  /// In bytes; the largest plan has some 60 kB.
  static let maximumBytes = 262_144
  /// Brackets inside of each other; a plan has four.
  private static let maximumDepth = 32

  let object: JSONObject

  init(_ text: String) throws(SoftwareError) {
    guard text.utf8.count <= Self.maximumBytes else { throw .answerTooLong }
    let bytes = Array(text.utf8)
    var isCutOff = false
    // The first braces may be those of a sentence.
    var start = bytes.firstIndex(of: UInt8(ascii: "{"))
    var attempts = 0
    while let here = start, attempts < 20 {
      attempts += 1
      switch Self.object(in: bytes, from: here) {
      case .whole(let json, let end):
        if let object = JSONObject(json), object.hasMembers {
          self.object = object
          return
        }
        start = bytes[end...].firstIndex(of: UInt8(ascii: "{"))
      case .cutOff:
        isCutOff = true
        start = nil
      case .broken:
        start = bytes[(here + 1)...].firstIndex(of: UInt8(ascii: "{"))
      }
    }
    throw isCutOff ? .jsonCutOff : .noJSON
  }

  private enum Reading {
    case whole([UInt8], end: Int)
    case cutOff, broken
  }

  /// As far as its closing brace, put right on the way.
  private static func object(in bytes: [UInt8], from start: Int) -> Reading {
    var (json, closing, index) = ([UInt8](), [UInt8](), start)
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let end = copyString(in: bytes, from: index, to: &json) else { return .cutOff }
        index = end
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        guard closing.count < maximumDepth else { return .broken }
        closing.append(byte == UInt8(ascii: "{") ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        json.append(byte)
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        guard closing.popLast() == byte else { return .broken }
        while let last = json.last, last == UInt8(ascii: ",") || last <= 0x20 { json.removeLast() }
        json.append(byte)
        if closing.isEmpty { return .whole(json, end: index) }
      default:
        json.append(byte)
      }
    }
    return .cutOff
  }

  /// - Returns: Where the string has ended, or `nil` if it has not.
  private static func copyString(
    in bytes: [UInt8], from start: Int, to json: inout [UInt8]
  ) -> Int? {
    json.append(UInt8(ascii: "\""))
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""):
        json.append(byte)
        return index
      case UInt8(ascii: "\\"):
        guard index < bytes.count else { return nil }
        json += [byte, bytes[index]]
        index += 1
      case UInt8(ascii: "\n"): json += Array("\\n".utf8)
      case UInt8(ascii: "\t"): json += Array("\\t".utf8)
      case ..<0x20: json.append(0x20)
      default: json.append(byte)
      }
    }
    return nil
  }
}

extension JSONObject {
  /// Whether it has one of the members that answers have.
  fileprivate var hasMembers: Bool {
    self["questions"] != nil || self["tasks"] != nil || self["files"] != nil
      || self["decision"] != nil || self["approved"] != nil
  }

  /// On one line; empty if there is no such text.
  func line(_ name: StaticString, upTo limit: Int) -> String {
    (self[name]?.text ?? "").line(upTo: limit)
  }

  func paragraphs(_ name: StaticString, upTo limit: Int) -> String {
    (self[name]?.text ?? "").paragraphs(upTo: limit)
  }

  /// The texts of a list, or a single text, without those that are empty.
  func lines(_ name: StaticString, count: Int, upTo limit: Int) -> [String] {
    let values = self[name].map { $0.elements ?? [$0] } ?? []
    return Array(
      values.lazy.compactMap(\.text).map { $0.line(upTo: limit) }.filter { !$0.isEmpty }
        .prefix(count))
  }

  func objects(_ name: StaticString) -> [JSONObject] {
    (self[name]?.elements ?? []).compactMap(\.object)
  }
}

extension JSONValue {
  /// A string, or what a number was written as.
  fileprivate var text: String? {
    string { try? JSONDecoder().decode(String.self, from: $0) }
      ?? integer.map { "\($0)" }
  }
}
