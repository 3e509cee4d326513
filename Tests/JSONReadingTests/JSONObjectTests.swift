import Foundation
import JSONReading
import Testing

@Suite("A JSON object")
struct JSONObjectTests {
  private func value(_ json: String) throws -> JSONValue? {
    try #require(JSONObject("{\"other\": {\"a\": 1}, \"a\" : \(json) , \"a\": 7}".utf8))["a"]
  }

  private func text(_ json: String) throws -> String? {
    try value(json)?.string { try? JSONDecoder().decode(String.self, from: $0) }
  }

  @Test func tellsNothingOfWhatIsNotThere() throws {
    let object = try #require(JSONObject(#"{"ab": 1, "b": null}"#.utf8))
    #expect(object["a"] == nil)
    #expect(object["abc"] == nil)
    #expect(object["b"] == nil)
    #expect(object["ab"]?.integer == 1)
  }

  @Test(arguments: ["", "[]", "7", "{", #"{"a": }"#, #"{"a": 1} x"#, #"{"a": {"b": [}}"#])
  func isNoneThatIsNotWhole(json: String) {
    #expect(JSONObject(json.utf8) == nil)
  }

  @Test(arguments: [
    (#""""#, ""), (#""word ""#, "word "), (#""四 🚀""#, "四 🚀"), (#""a\n\"b\" \u56db""#, "a\n\"b\" 四"),
  ])
  func readsStrings(json: String, expected: String) throws {
    #expect(try text(json) == expected)
  }

  @Test func mendsBytesThatAreNoText() throws {
    let json = Data(#"{"a": "x"#.utf8) + [0xFF] + Data(#"y"}"#.utf8)
    #expect(JSONObject(json)?["a"]?.string { _ in nil } == "x\u{FFFD}y")
  }

  @Test(arguments: [
    ("0", 0), ("12", 12), ("-3", -3), ("12.0", 12), ("1e3", 1_000), ("12.5", nil), ("1e300", nil),
    ("\"12\"", nil), ("true", nil), ("[]", nil), ("99999999999999999999", nil), ("NaN", nil),
  ])
  func readsIntegers(json: String, expected: Int?) throws {
    #expect(try value(json)?.integer == expected)
  }

  @Test(arguments: [("true", true), ("false", false), ("1", nil), ("\"true\"", nil)])
  func readsTruths(json: String, expected: Bool?) throws {
    #expect(try value(json)?.boolean == expected)
  }

  @Test func readsWhatLiesWithin() throws {
    let list = try #require(try value(#" [ {"b": [1, 2]}, 3, "c" ] "#))
    #expect(list.object == nil)
    #expect(list.elements?.count == 3)
    #expect(list.elements?[0].object?["b"]?.elements?.map(\.integer) == [1, 2])
    #expect(list.elements?[1].object == nil)
    #expect(String(decoding: list.json, as: UTF8.self) == #"[ {"b": [1, 2]}, 3, "c" ]"#)
  }
}
