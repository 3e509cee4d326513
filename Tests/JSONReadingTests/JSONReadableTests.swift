import JSONReading
import Testing

@Suite("What is read from JSON")
struct JSONReadableTests {
  private struct Thing: JSONObjectReadable, Equatable {
    var count: Int64
    var word: String?
    var isNew: Bool?
    var parts: [Thing]?

    init(count: Int64, word: String? = nil, isNew: Bool? = nil, parts: [Thing]? = nil) {
      (self.count, self.word, self.isNew, self.parts) = (count, word, isNew, parts)
    }

    init(_ object: JSONObject) throws {
      count = try object.read("count")
      word = try object.readIfPresent("word")
      isNew = try object.readIfPresent("is_new")
      parts = try object.readIfPresent("parts")
    }
  }

  @Test func isWhatItSays() throws {
    let json =
      #"{"x":[1],"count":-9007199254740993,"word":"a\n\ud83d\ude80","is_new":true,"#
      + #""parts":[{"count":1,"word":null},{"count":2.0}]}"#
    let thing = Thing(
      count: -9_007_199_254_740_993, word: "a\n🚀", isNew: true,
      parts: [Thing(count: 1), Thing(count: 2)])
    #expect(try Thing(json: json.utf8) == thing)
  }

  @Test(arguments: [
    "{}", "[]", "", #"{"count":null}"#, #"{"count":"1"}"#, #"{"count":1.5}"#, #"{"count":1"#,
    #"{"count":1,"word":2}"#, #"{"count":1,"word":"\ud83d"}"#, #"{"count":1,"is_new":0}"#,
    #"{"count":1,"parts":{}}"#, #"{"count":1,"parts":[{}]}"#, #"{"count":1,"parts":[null]}"#,
  ])
  func isFlawedWhereItIsOfAnotherForm(json: String) {
    #expect(throws: JSONFlaw.self) { try Thing(json: json.utf8) }
  }

  @Test func isAListOfSuch() throws {
    #expect(try [Thing](json: #"[{"count":1}, {"count":2}]"#.utf8).map(\.count) == [1, 2])
    #expect(throws: JSONFlaw.self) { try [Thing](json: #"{"count":1}"#.utf8) }
  }
}
