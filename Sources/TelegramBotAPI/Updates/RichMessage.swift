import Foundation
import JSONReading

/// A message of blocks, such as headings, lists and tables, as plain text. Bot API, *RichMessage*.
///
/// What is not of the promised form is left out: one odd block spoils no message.
struct RichMessage: Decodable {
  /// Empty where nothing of it can be said in words.
  let text: String

  /// UTF-16 units; Telegram takes no longer ones. Bot API, *sendRichMessage*.
  static let maximumLength = 32_768
  /// Of names and indices that lead to a value. Telegram nests blocks 16 deep, of four names each
  /// in a list, and texts within them.
  fileprivate static let maximumPathLength = 128

  /// Of the rich message that a message holds; `nil` if it holds none, or none with words.
  static func text(in message: JSONObject) -> String? {
    let rich = message["rich_message"].flatMap {
      try? JSONDecoder().decode(RichMessage.self, from: $0.json)
    }
    return rich.flatMap { $0.text.isEmpty ? nil : $0.text }
  }

  init(from decoder: any Decoder) throws {
    let whole = Fields(decoder).blocks(.blocks)
    text = TextSplitter.split(whole, limit: Self.maximumLength).first ?? ""
  }
}

/// What an object holds that becomes text; empty where it holds no such thing.
private struct Fields {
  enum Key: String, CodingKey {
    case blocks, caption, cells, credit, expression, items, label, language, summary, text, type
    case url
    case alternativeText = "alternative_text"
    case hasCheckbox = "has_checkbox"
    case isChecked = "is_checked"
  }

  private let values: KeyedDecodingContainer<Key>?

  init(_ decoder: any Decoder) {
    let isTooDeep = decoder.codingPath.count > RichMessage.maximumPathLength
    values = isTooDeep ? nil : try? decoder.container(keyedBy: Key.self)
  }

  func value<Value: Decodable>(_ key: Key) -> Value? {
    try? values?.decodeIfPresent(Value.self, forKey: key)
  }

  func string(_ key: Key) -> String { value(key) ?? "" }
  func rich(_ key: Key) -> String { (value(key) as RichText?)?.text ?? "" }
  func list<Element: Decodable>(_ key: Key) -> [Element] {
    (value(key) as LenientList<Element>?)?.elements ?? []
  }

  func blocks(_ key: Key) -> String {
    (list(key) as [RichBlock]).map(\.text).filter { !$0.isEmpty }.joined(separator: "\n\n")
  }
}

/// An array whose elements of another form are left out.
private struct LenientList<Element: Decodable>: Decodable {
  private struct Attempt: Decodable {
    let element: Element?

    init(from decoder: any Decoder) throws { element = try? Element(from: decoder) }
  }

  let elements: [Element]

  init(from decoder: any Decoder) throws {
    var values = try decoder.unkeyedContainer()
    var elements: [Element] = []
    while !values.isAtEnd {
      if let element = try values.decode(Attempt.self).element { elements.append(element) }
    }
    self.elements = elements
  }
}

/// A text, an array of such, or an object that wraps one. Bot API, *RichText*.
private struct RichText: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self.text = text
    } else if decoder.codingPath.count > RichMessage.maximumPathLength {
      text = ""
    } else if let parts = try? LenientList<RichText>(from: decoder) {
      text = parts.elements.map(\.text).joined()
    } else {
      let fields = Fields(decoder)
      let (text, url) = (fields.rich(.text), fields.string(.url))
      let words = text + fields.string(.alternativeText) + fields.string(.expression)
      self.text = url.isEmpty || words.contains(url) ? words : "\(words) (\(url))"
    }
  }
}

/// Bot API, *RichBlock*.
private struct RichBlock: Decodable {
  let text: String

  init(from decoder: any Decoder) throws {
    let fields = Fields(decoder)
    switch fields.string(.type) {
    case "divider": text = "---"
    case "pre": text = "```\(fields.string(.language))\n\(fields.rich(.text))\n```"
    case "list": text = (fields.list(.items) as [Item]).map(\.text).joined(separator: "\n")
    case "blockquote":
      text = Self.quotation(of: fields.blocks(.blocks), fields.rich(.credit))
    case "pullquote": text = Self.quotation(of: fields.rich(.text), fields.rich(.credit))
    case "table":
      let rows = (fields.list(.cells) as [LenientList<Cell>]).map { row in
        row.elements.map(\.text).joined(separator: " | ")
      }
      text = Self.paragraphs(rows.joined(separator: "\n"), fields.rich(.caption))
    default:
      // Of a picture and the like, its caption; of a kind that is not known, whatever is words.
      let caption = (fields.value(.caption) as Caption?)?.text ?? ""
      text = Self.paragraphs(
        fields.rich(.summary), fields.rich(.text), fields.string(.expression),
        fields.blocks(.blocks), caption)
    }
  }

  private static func paragraphs(_ parts: String...) -> String {
    parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private static func quotation(of text: String, _ credit: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? ">" : "> \($0)" }
    return (lines + (credit.isEmpty ? [] : ["> – \(credit)"])).joined(separator: "\n")
  }

  private struct Item: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
      let fields = Fields(decoder)
      let isChecked: Bool = fields.value(.isChecked) ?? false
      let box = fields.value(.hasCheckbox) == true ? isChecked ? "[x]" : "[ ]" : ""
      let head = [fields.string(.label), box].filter { !$0.isEmpty }.joined(separator: " ")
      let content = fields.blocks(.blocks).replacing(/\n(?=[^\n])/, with: "\n  ")
      text = head + (head.isEmpty ? "" : " ") + content
    }
  }

  private struct Cell: Decodable {
    let text: String

    init(from decoder: any Decoder) throws { text = Fields(decoder).rich(.text) }
  }

  /// Of a picture and the like. Bot API, *RichBlockCaption*.
  private struct Caption: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
      let fields = Fields(decoder)
      text = [fields.rich(.text), fields.rich(.credit)].filter { !$0.isEmpty }
        .joined(separator: " – ")
    }
  }
}
