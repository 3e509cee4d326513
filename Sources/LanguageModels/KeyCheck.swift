/// What a provider says to a key, asked for something that is free.
package struct KeyCheck: Sendable {
  package enum Outcome: Sendable {
    case accepted
    /// The server offers nothing to ask.
    case notOffered
    case failed(LanguageModelError)
  }

  /// At most the last four characters of the key, as in `…abcd`; `nil` if calls go without one.
  package var keyIdentifier: String?
  package var outcome: Outcome

  static let deadline = Duration.seconds(10)
}
