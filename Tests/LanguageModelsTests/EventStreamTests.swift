import Foundation
@testable import LanguageModels
import TestSupport
import Testing

@Suite("EventStream")
struct EventStreamTests {
  @Test(arguments: [
    ("data: a\n\n", ["a"]),
    ("data: a\r\n\r\n", ["a"]),
    ("data: a\r\r", ["a"]),
    ("data: a\r\n\ndata: b\n\r\n", ["a", "b"]),
    ("data:a\n\ndata:  b\n\n", ["a", " b"]),
    ("data: a\ndata: b\ndata:\ndata: c\n\n", ["a\nb\n\nc"]),
    ("\u{FEFF}data: a\n\n", ["a"]),
    ("data: a\n\n\u{FEFF}data: b\n\n", ["a"]),
    (": comment\n\n:\n\ndata: a\n: in between\ndata: b\n\n", ["a\nb"]),
    ("event: message\nid: 7\nretry: 5\ndata: a\nunknown\n\n", ["a"]),
    ("Data: a\n data: b\ndatax: c\nda\n\n", []),
    ("data\n\ndata:\n\ndata: \n\n", []),
    ("\n\n\n\r\r\n", []),
    ("data: 四 🚀\n\n", ["四 🚀"]),
    // What has not been ended by a blank line is no event.
    ("data: a\n\ndata: b\n", ["a"]),
    ("data: a\n\ndata: b", ["a"]),
    ("", []),
  ])
  func findsTheDataOfWholeEventsHoweverTheBytesAreCut(text: String, data: [String]) {
    let bytes = Data(text.utf8)
    for size in 1...max(1, bytes.count) {
      var stream = EventStream()
      var found: [Data] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        found += stream.take(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(found.map { String(decoding: $0, as: UTF8.self) } == data, "in pieces of \(size)")
    }
  }

  @Test func keepsBytesThatAreNoText() {
    var stream = EventStream()
    #expect(
      stream.take(Data("data: ".utf8) + [0xFF, 0x00] + Data("\n\n".utf8)) == [Data([0xFF, 0])])
  }

  @Test func takesNothingForAnEndOfLineTwice() {
    var stream = EventStream()
    #expect(stream.take(Data("data: a\r".utf8)) == [])
    #expect(stream.take(Data("".utf8)) == [])
    #expect(stream.take(Data("\ndata: b\r\n\r".utf8)) == [Data("a\nb".utf8)])
    #expect(stream.take(Data("\n".utf8)) == [])
  }

  /// Were the work quadratic, eight times as many lines would take 64 times as long.
  @Test func takesAnEventOfManyLinesInItsStride() {
    let line = "data: " + String(repeating: "a", count: 57) + "\n"
    let bytes = Data(String(repeating: line, count: 64).utf8)
    func take(_ pieces: Int) -> Duration {
      processorTime {
        var stream = EventStream()
        for _ in 0..<pieces { #expect(stream.take(bytes) == []) }
        #expect(stream.take(Data("\n".utf8)).map(\.count) == [pieces * 64 * 58 - 1])
      }
    }
    let few = take(64)
    #expect(take(512) / few < 24)
  }
}
