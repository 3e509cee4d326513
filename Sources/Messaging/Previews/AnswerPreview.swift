/// What somebody sees of an answer while it grows. Nobody relies on it, and it never passes for the
/// answer: that comes through the outbox.
package protocol AnswerPreview: Sendable {
  /// Goes on with what is shown. Returns at once.
  func add(_ text: String)

  /// Nothing more is shown from now on. Returns at once.
  func end()
}

/// How people in Telegram see an answer grow.
package enum AnswerStreaming: String, Sendable, CaseIterable {
  /// A message that is edited.
  case edits
  /// In private chats a draft, as Telegram calls it (Bot API, *sendMessageDraft*); in groups a
  /// message that is edited.
  case drafts
  /// Not at all: answers come whole.
  case off
}
