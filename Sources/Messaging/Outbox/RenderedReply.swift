import Foundation
package import Markdown
package import TelegramBotAPI

/// The messages and files that a reply becomes.
package struct RenderedReply: Sendable {
  package var messages: [OutboxMessage]
  /// They come after the messages.
  package var files: [MarkdownFile]

  /// An answer of more messages comes as its beginning and a file.
  package static let maximumMessages = 5
  package static let messagesBeforeFile = 2

  /// - Parameter isWhole: For a terminal, which has room for everything: one message, no file.
  package init(
    _ reply: Reply, threadID: Int64? = nil, replyTo: Int64? = nil, isWhole: Bool = false
  ) {
    (messages, files) = Self.content(of: reply, isWhole: isWhole)
    for index in messages.indices {
      messages[index].threadID = threadID
      messages[index].replyTo = index == 0 ? replyTo : nil
    }
    if !messages.isEmpty { messages[messages.count - 1].buttons = reply.buttons }
  }

  private static func content(
    of reply: Reply, isWhole: Bool
  ) -> ([OutboxMessage], [MarkdownFile]) {
    guard let markdown = reply.markdown else { return (plain(reply), []) }
    var limits = MessageLimits.telegram
    if isWhole { limits = .terminal }
    let rendered = RenderedMarkdown(markdown, limits: limits)
    var messages = rendered.messages.map(OutboxMessage.init)
    // Markup alone shows nothing; then it is what somebody wanted to say.
    if messages.isEmpty {
      messages = TextSplitter.split(markdown.withoutNUL).map { OutboxMessage(text: $0) }
    }
    var files = isWhole ? [] : rendered.files
    var below = plain(reply)
    if messages.count > maximumMessages, !isWhole {
      let file = MarkdownFile(
        answer: markdown, heading: rendered.heading, besides: files)
      files = [file] + files
      messages.removeSubrange(messagesBeforeFile...)
      let note = "The whole answer is in the file \(file.name)."
      below = plain(Reply(reply.text.isEmpty ? note : note + "\n\n" + reply.text))
    } else if !isWhole, let rich = OutboxMessage(richly: reply) {
      return ([rich], files)
    }
    return (join(messages, below, limits), files)
  }

  /// What is said below an answer stands in its last message, if that has room.
  private static func join(
    _ messages: [OutboxMessage], _ below: [OutboxMessage], _ limits: MessageLimits
  ) -> [OutboxMessage] {
    guard var last = messages.last, below.count == 1, let note = below.first,
      last.text.utf16.count + 2 + note.text.utf16.count <= limits.units,
      last.entities.count + note.entities.count <= limits.styles
    else { return messages + below }
    let offset = last.text.utf16.count + 2
    last.text += "\n\n" + note.text
    last.entities += note.entities.map { entity in
      var moved = entity
      moved.offset += offset
      return moved
    }
    return messages.dropLast() + [last]
  }

  /// The text and the table below it.
  private static func plain(_ reply: Reply) -> [OutboxMessage] {
    let text = reply.text.withoutNUL
    guard let table = reply.table, !table.isEmpty else {
      return TextSplitter.split(text).map { OutboxMessage(text: $0) }
    }
    let above = text + "\n\n"
    let start = above.utf16.count
    let parts = TextSplitter.split(above + table)
    guard parts.count == 1 else { return parts.map { OutboxMessage(text: $0) } }
    let whole = above + table
    return [
      OutboxMessage(text: whole, entities: [MessageEntity(.pre, start..<whole.utf16.count)])
    ]
  }
}

extension MessageLimits {
  package static let telegram = MessageLimits(
    units: TelegramLimits.messageText, styles: TelegramLimits.entities)
  /// A terminal has room for everything.
  package static let terminal = MessageLimits(units: .max / 4, styles: .max)
}

extension OutboxMessage {
  package init(_ formatted: FormattedText) {
    let entities = formatted.styles.map(MessageEntity.init)
    // An answer that is paid for comes in any case.
    let areSound = (try? entities.check(in: formatted.text)) != nil
    self.init(text: formatted.text, entities: areSound ? entities : [])
  }
}

extension MessageEntity {
  package init(_ styled: StyledRange) {
    switch styled.style {
    case .bold: self.init(.bold, styled.range)
    case .italic: self.init(.italic, styled.range)
    case .strikethrough: self.init(.strikethrough, styled.range)
    case .code, .formula: self.init(.code, styled.range)
    case .preformatted(let language): self.init(.pre, styled.range, language: language)
    case .link(let url): self.init(.textLink, styled.range, url: url)
    case .quote: self.init(.blockquote, styled.range)
    case .expandableQuote: self.init(.expandableBlockquote, styled.range)
    }
  }
}

extension StyledRange {
  package init(_ entity: MessageEntity) {
    let style: Style =
      switch entity.type {
      case .bold: .bold
      case .italic: .italic
      case .strikethrough: .strikethrough
      case .code: .code
      case .pre: .preformatted(language: entity.language)
      case .textLink: .link(url: entity.url ?? "")
      case .blockquote: .quote
      case .expandableBlockquote: .expandableQuote
      }
    self.init(style, entity.offset..<(entity.offset + entity.length))
  }
}

extension String {
  /// SQLite would end the text there.
  fileprivate var withoutNUL: String {
    guard utf8.contains(0) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.filter { $0 != "\0" }))
  }
}
