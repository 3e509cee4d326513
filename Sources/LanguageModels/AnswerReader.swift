import Foundation
import Metering

/// Makes an answer of the JSON texts that a provider sends, one by one.
protocol AnswerReader: Sendable {
  /// - Returns: What it adds to the text, as it comes.
  mutating func take(_ piece: Data) -> String

  /// The largest counts that were told; `nil` as long as there are none.
  var usage: TokenUsage? { get }

  /// What all of it comes to.
  func received(_ reply: ProviderReply, isStream: Bool) -> ReceivedAnswer
}

/// Reads an answer as it comes, and tells what can be shown of it.
final class AnswerReading<Reader: AnswerReader> {
  private var reader: Reader
  private let feed: AnswerFeed?
  /// Half a character, until its other half is there.
  private var half = ""
  private var told: TokenUsage?

  /// - Parameter feed: Where pieces go; `nil` if nobody wants them.
  init(_ reader: Reader, _ feed: AnswerFeed?) {
    self.reader = reader
    self.feed = feed
  }

  /// - Returns: What can be shown of them, and was told: no half of a character.
  @discardableResult
  func take(_ pieces: [Data]) -> String {
    var joined = half
    for piece in pieces { joined += reader.take(piece) }
    half = joined.endsWithHalfPair ? String(joined.unicodeScalars.removeLast()) : ""
    let shown = joined.joiningSurrogates.withoutNUL
    guard let feed else { return shown }
    feed.tell(text: shown)
    if let usage = reader.usage, usage != told {
      told = usage
      feed.tell(usage: usage)
    }
    return shown
  }

  /// - Parameter reply: With whatever was not taken as it came.
  func received(_ reply: ProviderReply) -> ReceivedAnswer {
    let (pieces, isStream) = reply.pieces
    // What comes in one piece is told once it is known to be an answer.
    for piece in pieces { _ = reader.take(piece) }
    return reader.received(reply, isStream: isStream)
  }
}
