import Foundation
import Testing

@testable import TelegramBotAPI

@Suite("MultipartForm")
struct MultipartFormTests {
  let file = BotRequest.Attachment(
    fileName: "a.txt", contentType: "text/plain", data: Data("x\r\ny".utf8))

  @Test func putsTheFileBehindTheParameters() throws {
    let json = Data(#" { "chat_id" : 42 , "caption":"\u00e4\n\"b\"","e":[{"a":1}],"f":true}"#.utf8)
    let form = try MultipartForm(json, with: file, candidates: { "B" })
    #expect(form.contentType == "multipart/form-data; boundary=B")
    let parts = [
      #"Content-Disposition: form-data; name="chat_id"\#r\#n\#r\#n42"#,
      #"Content-Disposition: form-data; name="caption"\#r\#n\#r\#nä\#n"b""#,
      #"Content-Disposition: form-data; name="e"\#r\#n\#r\#n[{"a":1}]"#,
      #"Content-Disposition: form-data; name="f"\#r\#n\#r\#ntrue"#,
      #"Content-Disposition: form-data; name="document"; filename="a.txt"\#r\#n"#
        + "Content-Type: text/plain\r\n\r\nx\r\ny",
    ]
    #expect(
      String(decoding: form.body, as: UTF8.self)
        == parts.map { "--B\r\n\($0)\r\n" }.joined() + "--B--\r\n")
  }

  @Test func takesNoBoundaryThatOccursInWhatIsSent() throws {
    var candidates = ["C1", "C2", "C3"].makeIterator()
    var file = file
    file.data = Data("--C1".utf8)
    let form = try MultipartForm(
      Data(#"{"caption":"a C2"}"#.utf8), with: file, candidates: { candidates.next() ?? "" })
    #expect(form.contentType == "multipart/form-data; boundary=C3")
  }

  @Test func makesAnotherBoundaryEachTime() throws {
    let json = Data("{}".utf8)
    let types = try (0..<100).map { _ in try MultipartForm(json, with: file).contentType }
    #expect(Set(types).count == 100)
  }

  @Test func letsNothingOutOfAPartsHead() throws {
    var file = file
    file.fileName = "a\"\r\nX: y\\\u{7F}ä.txt"
    file.field = "do\"c"
    file.contentType = "text/plain\r\nX: y"
    let form = try MultipartForm(Data("{}".utf8), with: file, candidates: { "B" })
    #expect(
      String(decoding: form.body, as: UTF8.self)
        == #"--B\#r\#n"#
        + #"Content-Disposition: form-data; name="do_c"; filename="a___X: y__ä.txt"\#r\#n"#
        + "Content-Type: text/plain__X: y\r\n\r\nx\r\ny\r\n--B--\r\n")
  }

  @Test(arguments: ["", "[]", "{", #"{"a":"\q"}"#])
  func refusesParametersThatAreNoObject(json: String) {
    #expect(throws: TelegramError.invalidRequest("the parameters are no JSON object")) {
      try MultipartForm(Data(json.utf8), with: file)
    }
  }
}
