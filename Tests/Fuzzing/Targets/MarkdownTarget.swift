import Foundation
import Markdown
@testable import Messaging
@testable import TelegramBotAPI

/// What a model writes, as the messages and files of an answer.
enum MarkdownTarget {
  private static let limits = [
    MessageLimits(units: 40, styles: 16), MessageLimits.telegram,
  ]

  static func run(_ input: [UInt8]) {
    let source = String(decoding: input, as: UTF8.self)
    for limits in limits { checkGrowth(of: source, limits) }
    checkWords(of: source)
    checkCode(source)
    checkReply(source)
    checkRich(source)
    checkTerminal(source)
  }

  /// Every beginning of an answer can be shown, and what grows becomes what it is as a whole.
  private static func checkGrowth(of source: String, _ limits: MessageLimits) {
    let scalars = Array(source.unicodeScalars)
    let step = max(1, scalars.count / 16)
    var growing = GrowingMarkdown(limits: limits)
    for start in stride(from: 0, to: scalars.count, by: step) {
      let piece = scalars[start..<min(start + step, scalars.count)]
      growing.append(String(String.UnicodeScalarView(piece)))
      // Those before are full, and stay as they are.
      for message in growing.messages.suffix(3) { check(message, limits) }
    }
    let whole = RenderedMarkdown(source, limits: limits)
    for message in whole.messages { check(message, limits) }
    demand(growing.messages == whole.messages, "what grows is something else in the end")
    for file in whole.files {
      demand(!file.content.allSatisfy(\.isWhitespace), "an empty file")
      let isSafe = file.name.utf8.allSatisfy {
        0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || "._-".utf8.contains($0)
      }
      // `.env` is one.
      let isName = !file.name.hasPrefix("..") && 2...70 ~= file.name.utf8.count
      demand(isSafe && isName, "a file of the name \(file.name)")
    }
  }

  /// Where nothing is markup, the text is what was written.
  private static func checkWords(of source: String) {
    let words = String(
      String.UnicodeScalarView(
        source.unicodeScalars.map { scalar in
          (0x21...0x7E).contains(scalar.value) && !scalar.isAlphanumeric ? " " : scalar
        }))
    for limits in limits {
      let shown = RenderedMarkdown(words, limits: limits).messages.map(\.text).joined()
      demand(shown.ink == words.ink, "not what was written")
    }
    let rich = InputRichMessage(markdown: words, below: "")
    demand(rich.blocks.map(\.text).joined().ink == words.ink, "not what was written, in blocks")
  }

  /// Code is as it was, whatever stands in it.
  private static func checkCode(_ source: String) {
    let fence = String(repeating: "`", count: source.utf8.count { $0 == 0x60 } + 3)
    let answer = "Code:\n\(fence)\n\(source)\n\(fence)"
    let messages = RenderedMarkdown(answer, limits: .telegram).messages
    demand(messages.map(\.text).joined().ink == "Code:" + source.ink, "not the code")
    let inner = messages.flatMap(\.styles).allSatisfy { $0.style == .preformatted(language: nil) }
    demand(inner, "something in code is formatted")
  }
}

// MARK: - Requests

extension MarkdownTarget {
  /// What Foundation reads in a request.
  private struct Message: Decodable {
    struct Entity: Decodable {
      var type: String
      var offset: Int
      var length: Int
      var url: String?
      var language: String?
    }
    var text: String
    var entities: [Entity]?
  }

  private static func checkReply(_ source: String) {
    let reply = RenderedReply(Reply(markdown: source, below: "Cost: 1 credit"))
    demand(!reply.messages.isEmpty, "no message")
    demand(reply.messages.count <= RenderedReply.maximumMessages + 1, "too many messages")
    demand(reply.messages.last?.text.hasSuffix("Cost: 1 credit") == true, "no cost")
    for message in reply.messages {
      do {
        let request = try message.request(to: 7)
        let read = try JSONDecoder().decode(Message.self, from: request.json)
        demand(Array(read.text.utf8) == Array(message.text.utf8), "another text")
        demand(read.entities?.count ?? 0 == message.entities.count, "other entities")
        for entity in read.entities ?? [] {
          demand((entity.type == "text_link") == (entity.url != nil), "a link to nowhere")
          demand(entity.language?.isEmpty != true, "an empty language")
        }
      } catch {
        fatalError("\(error)")
      }
    }
  }

  /// A message of blocks is sent only if it is within the limits; nothing in it is empty.
  private static func checkRich(_ source: String) {
    let rich = InputRichMessage(markdown: source, below: "Cost: 1 credit")
    for block in rich.blocks { check(block) }
    demand(rich.blocks.last?.text == "Cost: 1 credit", "no cost")
    var message = OutboxMessage(text: "Cost: 1 credit")
    message.markdown = source
    guard (try? message.check()) != nil else { return }
    do {
      let request = try message.request(to: 7)
      demand(request.method == "sendRichMessage", "another method")
      _ = try JSONDecoder().decode([String: Anything].self, from: request.json)
    } catch {
      fatalError("\(error)")
    }
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) throws {}
  }

  private static func check(_ block: InputRichBlock) {
    switch block {
    case .paragraph, .heading, .code, .formula:
      demand(!block.text.allSatisfy(\.isWhitespace), "an empty block: \(block)")
    case .divider: break
    case .quote(let blocks):
      demand(!blocks.isEmpty, "an empty quote")
      for block in blocks { check(block) }
    case .list(let items):
      demand(!items.isEmpty, "an empty list")
      for item in items {
        demand(!item.blocks.isEmpty, "an empty item")
        for block in item.blocks { check(block) }
      }
    case .table(let rows):
      demand(rows.first?.isEmpty == false, "an empty table")
      demand(rows.allSatisfy { $0.count == rows[0].count }, "rows of several lengths")
    }
  }

  /// A model moves no cursor and colours nothing.
  private static func checkTerminal(_ source: String) {
    for message in RenderedMarkdown(source, limits: .terminal).messages {
      let shown = Array(message.inTerminal.unicodeScalars)
      var index = 0
      while index < shown.count {
        let scalar = shown[index]
        index += 1
        let isControl = scalar.properties.generalCategory == .control && scalar.value != 0x0A
        guard isControl && scalar.value != 0x09 else { continue }
        // Of escapes, only those that style.
        demand(scalar.value == 0x1B && index < shown.count && shown[index] == "[", "an escape")
        index += 1
        while index < shown.count, "0123456789;".unicodeScalars.contains(shown[index]) {
          index += 1
        }
        demand(index < shown.count && shown[index] == "m", "another escape")
        index += 1
      }
    }
  }
}

// MARK: - The Bot API's rules

extension MarkdownTarget {
  /// Bot API, *Formatting options*.
  private static func check(_ message: FormattedText, _ limits: MessageLimits) {
    let units = Array(message.text.utf16)
    demand(!message.text.allSatisfy(\.isWhitespace), "a blank message")
    demand(units.count <= limits.units, "\(units.count) units")
    demand(message.styles.count <= limits.styles, "\(message.styles.count) styles")
    demand(String(decoding: units, as: UTF16.self) == message.text, "half a character")
    var open: [StyledRange] = []
    for styled in message.styles {
      let range = styled.range
      demand(!range.isEmpty && range.upperBound <= units.count, "outside: \(styled)")
      for bound in [range.lowerBound, range.upperBound] where bound < units.count {
        demand(!UTF16.isTrailSurrogate(units[bound]), "within a character: \(styled)")
      }
      open.removeAll { $0.range.upperBound <= range.lowerBound }
      for outer in open {
        demand(range.upperBound <= outer.range.upperBound, "overlap: \(outer), \(styled)")
        demand(outer.style.mayHold(styled.style), "\(outer) holds \(styled)")
      }
      open.append(styled)
      if case .link(let url) = styled.style {
        let schemes = ["http://", "https://", "mailto:", "tg://"]
        demand(schemes.contains { url.lowercased().hasPrefix($0) }, "a link to \(url)")
      }
    }
  }
}

extension InputRichBlock {
  /// What of it is there to be read.
  fileprivate var text: String {
    switch self {
    case .paragraph(let text), .heading(let text, _): text.text
    case .code(let text, _), .formula(let text): text
    case .divider: ""
    case .quote(let blocks): blocks.map(\.text).joined()
    case .list(let items): items.flatMap(\.blocks).map(\.text).joined()
    case .table(let rows): rows.joined().map(\.text.text).joined()
    }
  }
}

extension InputRichText {
  fileprivate var text: String {
    switch self {
    case .plain(let text), .formula(let text): text
    case .row(let parts): parts.map(\.text).joined()
    case .styled(_, let inner): inner.text
    case .link(let inner, _): inner.text
    }
  }
}

extension StyledRange.Style {
  fileprivate func mayHold(_ inner: Self) -> Bool {
    switch (self, inner) {
    case (.code, _), (.preformatted, _), (.formula, _), (_, .formula): false
    case (_, .quote), (_, .expandableQuote): false
    case (.quote, _), (.expandableQuote, _): true
    case (_, .code), (_, .preformatted): false
    default: true
    }
  }
}

extension String {
  /// Without white space and what is shown as such.
  fileprivate var ink: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.filter {
          !$0.properties.isWhitespace && $0.properties.generalCategory != .control
        }))
  }
}

extension Unicode.Scalar {
  fileprivate var isAlphanumeric: Bool {
    let lower = value | 0x20
    return 0x30...0x39 ~= value || 0x61...0x7A ~= lower
  }
}
