import JSONReading
import Testing

@Suite("JSONSlicer")
struct JSONSlicerTests {
  func elements(_ json: String) throws -> [String] {
    let bytes = Array(json.utf8)
    return try JSONSlicer.elements(of: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
  }

  @Test func findsElementsAsTheyStand() throws {
    #expect(try elements("[]").isEmpty)
    #expect(try elements(" [ ] \n").isEmpty)
    #expect(
      try elements(#" [ {"a" : [1, {}] } ,"]\"\\",-1.5e+3,[ ],null , [[[]],{"b":{"c":"}"}}] ] "#)
        == [
          #"{"a" : [1, {}] }"#, #""]\"\\""#, "-1.5e+3", "[ ]", "null", #"[[[]],{"b":{"c":"}"}}]"#,
        ])
  }

  @Test func findsTopLevelMembersAlone() throws {
    let bytes = Array(#"{"x":{"id":1},"y":"\"id\":2","id" : 3,"id":4}"#.utf8)
    let range = try #require(try JSONSlicer.member("id", of: bytes))
    #expect(JSONSlicer.integer(bytes, in: range) == 3)
    #expect(try JSONSlicer.member("z", of: bytes) == nil)
  }

  /// What a string or a number holds is not its business.
  @Test(arguments: [#"["\ud800"]"#, #"["\q"]"#, "[1e999999]", "[01]", "[NaN]"])
  func doesNotJudgeScalars(json: String) throws {
    #expect(try elements(json).count == 1)
  }

  @Test(arguments: [
    "", " ", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1]]", "[1] x", "{}", "[{]", "[{]}",
    #"["a]"#, #"["a\"]"#, #"["\"#, #"[{"a"}]"#, #"[{"a":}]"#, #"[{"a":1,}]"#, "[{1:2}]", "[:]",
    #"[{"a":1 "b":2}]"#, "<html>", "[[1,2}]", #"[{"a":[}]"#,
  ])
  func refusesABrokenStructure(json: String) {
    #expect(throws: JSONSlicer.Malformed.self) { try elements(json) }
  }

  @Test func refusesEveryBeginningOfADocument() throws {
    let json = #"[{"update_id":1,"message":{"text":"a\"b","n":[1,{"x":null}]}},{"update_id":2}]"#
    for length in 0..<json.count {
      #expect(throws: JSONSlicer.Malformed.self) { try elements(String(json.prefix(length))) }
    }
    #expect(try elements(json).count == 2)
  }

  @Test func takesAnyDepth() throws {
    let depth = 200_000
    let json = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    #expect(try elements(json).count == 1)
    #expect(throws: JSONSlicer.Malformed.self) { try elements(String(json.dropLast())) }
  }
}
