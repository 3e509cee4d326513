import Foundation
import HTTPTransport
@testable import TelegramBotAPI
import Testing

@Suite("An update as it came")
struct ReceivedUpdateTests {
  /// The inbox keeps text, so what is handled now must be what a later start reads.
  @Test func isTextWhateverItsBytesAre() throws {
    let start = #"{"ok":true,"result":[{"update_id":7,"message":{"text":"a"#
    let body = Data(start.utf8) + [0xFF] + Data(#"b"}}]}"#.utf8)
    let response = HTTPResponse(head: HTTPResponseHead(status: 200), body: body)
    let answer = try TelegramAnswer(response, to: "getUpdates", hiding: "token")
    let updates = try answer.updates("getUpdates").updates
    #expect(updates.map(\.id) == [7])
    #expect(
      updates.map { String(data: $0.json, encoding: .utf8) }
        == ["{\"update_id\":7,\"message\":{\"text\":\"a\u{FFFD}b\"}}"])
  }
}
