import Foundation
@testable import LanguageModels

/// A stream of events, and what each provider says with it.
enum EventStreamTarget {
  static func run(_ input: [UInt8]) {
    let events = parse(input, inPiecesOf: max(input.count, 1))
    for size in [1, 2, 7] {
      demand(parse(input, inPiecesOf: size) == events, "other events in pieces of \(size)")
    }
    demand(events == reference(input), "not the events that were sent")
    var reply = Response([]).reply
    reply.events = events
    ProviderChecks.run(reply) { reply throws(LanguageModelError) in
      try ProviderChecks.answer(
        of: reply, GeminiReader(outputCap: ProviderChecks.prompt.maximumOutputTokens), "model")
    }
    ProviderChecks.run(reply) { reply throws(LanguageModelError) in
      try ProviderChecks.answer(of: reply, ChatReader(OpenRouterForm.self), "vendor/model")
    }
    ProviderChecks.run(reply) { reply throws(LanguageModelError) in
      try ProviderChecks.answer(of: reply, ChatReader(OpenAICompatibleForm.self), "model")
    }
  }

  private static func parse(_ input: [UInt8], inPiecesOf size: Int) -> [Data] {
    var stream = EventStream()
    return stride(from: 0, to: input.count, by: size).flatMap {
      stream.take(Data(input[$0..<min($0 + size, input.count)]))
    }
  }

  /// The same for a stream that is there as a whole (WHATWG HTML, *Server-sent events*). In
  /// Latin-1, every byte is a character, and CR LF is one.
  private static func reference(_ input: [UInt8]) -> [Data] {
    var text = String(String.UnicodeScalarView(input.map(UnicodeScalar.init)))[...]
    if text.hasPrefix("\u{EF}\u{BB}\u{BF}") { text.removeFirst(3) }
    var events: [Data] = []
    var data: [Substring] = []
    for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewlineOfASCII)
      .dropLast()
    {
      let field = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      if field.first == "data" {
        let value = field.count > 1 ? field[1] : ""
        data.append(value.first == " " ? value.dropFirst() : value)
      } else if line.isEmpty {
        let event = Data(data.joined(separator: "\n").unicodeScalars.map { UInt8($0.value) })
        if !event.isEmpty { events.append(event) }
        data = []
      }
    }
    return events
  }
}

extension Character {
  fileprivate var isNewlineOfASCII: Bool { self == "\n" || self == "\r" || self == "\r\n" }
}
