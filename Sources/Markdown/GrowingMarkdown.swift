/// Markdown that grows, as messages. What is finished is read once; a message that is full stays as
/// it is.
package struct GrowingMarkdown: Sendable {
  private let limits: MessageLimits
  private var pieces = SourcePieces()
  private var text = RenderedText()
  private var cutter: MessageCutter
  private var full: [FormattedText] = []

  package init(limits: MessageLimits) {
    self.limits = limits
    cutter = MessageCutter(limits)
  }

  package mutating func append(_ source: String) {
    pieces.append(source)
    for piece in pieces.removeFinished() { text.append(piece, fileThreshold: limits.units) }
    while let message = cutter.next(of: text, isWhole: false) { full.append(message) }
    // Whoever looks at an unfinished answer copies what is kept of its text.
    if cutter.start >= Self.keptMessages * limits.units { cutter.forgetCut(of: &text) }
  }

  /// So many full ones at most are kept uncut.
  private static let keptMessages = 4

  /// The last message, as far as it is finished: what comes later only follows it.
  package var finished: FormattedText? {
    var (cutter, last) = (cutter, full.last)
    while let message = cutter.next(of: text, isWhole: true) { last = message }
    return last
  }

  /// What there is so far, as if it were whole. None of them is blank.
  package var messages: [FormattedText] { rendered.messages }

  /// The same, with its files.
  package var rendered: RenderedMarkdown {
    var (text, cutter, messages) = (self.text, self.cutter, full)
    for piece in pieces.rest { text.append(piece, fileThreshold: limits.units) }
    while let message = cutter.next(of: text, isWhole: true) { messages.append(message) }
    return RenderedMarkdown(
      messages: messages, files: text.files, heading: text.firstHeading)
  }
}

/// A whole text of Markdown as it is shown.
package struct RenderedMarkdown: Sendable {
  /// None of them is blank.
  package var messages: [FormattedText]
  /// Blocks of code that are too long for one message.
  package var files: [MarkdownFile]
  package var heading: String?

  init(messages: [FormattedText], files: [MarkdownFile], heading: String?) {
    self.messages = messages
    self.files = files
    self.heading = heading
  }

  package init(_ source: String, limits: MessageLimits) {
    var growing = GrowingMarkdown(limits: limits)
    growing.append(source)
    self = growing.rendered
  }
}
