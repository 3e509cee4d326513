package import JSONReading

/// What of a text is shown how. Bot API, *MessageEntity*.
package struct MessageEntity: Sendable, Hashable {
  /// Those that the bot sends.
  package enum Kind: String, Sendable, CaseIterable {
    case bold, italic, strikethrough, code, pre, blockquote
    case textLink = "text_link"
    case expandableBlockquote = "expandable_blockquote"
  }

  package var type: Kind
  /// UTF-16 units.
  package var offset: Int
  /// UTF-16 units.
  package var length: Int
  /// Of a link alone.
  package var url: String?
  /// Of `pre` alone.
  package var language: String?

  package init(
    _ type: Kind, _ range: Range<Int>, url: String? = nil, language: String? = nil
  ) {
    self.type = type
    offset = range.lowerBound
    length = range.count
    self.url = url
    self.language = language
  }

  var json: JSON {
    [
      "type": .string(type.rawValue), "offset": .int(Int64(offset)), "length": .int(Int64(length)),
      "url": url.map(JSON.string), "language": language.map(JSON.string),
    ]
  }
}

/// As it is sent.
extension MessageEntity: JSONObjectReadable {
  package init(_ object: JSONObject) throws {
    guard let type = Kind(rawValue: try object.read("type")) else { throw JSONFlaw() }
    self.type = type
    offset = try object.read("offset")
    length = try object.read("length")
    url = try object.readIfPresent("url")
    language = try object.readIfPresent("language")
  }
}

extension [MessageEntity] {
  /// `nil` for none, which is not sent.
  package var json: JSON? { isEmpty ? nil : .array(map(\.json)) }

  /// Bot API, *Formatting options*: entities lie within the text and in one another; nothing lies
  /// in `code` or `pre`, nor those in anything but a quote; quotes do not lie in quotes.
  ///
  /// - Throws: `.invalidRequest`, which names the rule that is broken.
  package func check(in text: String) throws(TelegramError) {
    guard !isEmpty else { return }
    try BotRequest.require(
      count <= TelegramLimits.entities, "entities are more than \(TelegramLimits.entities)")
    let units = Array<UInt16>(text.utf16)
    var open: [MessageEntity] = []
    let ordered = sorted { $0.order < $1.order }
    for entity in ordered {
      try entity.check(in: units)
      open.removeAll { $0.end <= entity.offset }
      try BotRequest.require(
        open.allSatisfy { entity.end <= $0.end }, "entities overlap")
      try BotRequest.require(
        open.allSatisfy { $0.mayHold(entity) }, "entities lie in what may not hold them")
      open.append(entity)
    }
  }
}

extension MessageEntity {
  private static let schemes = ["http://", "https://", "mailto:", "tg://"]

  fileprivate var end: Int { offset + length }

  /// What lies within another comes after it.
  fileprivate var order: (Int, Int, Int) { (offset, -length, isQuote ? 0 : 1) }

  private var isQuote: Bool { type == .blockquote || type == .expandableBlockquote }

  fileprivate func mayHold(_ inner: MessageEntity) -> Bool {
    if type == .code || type == .pre { return false }
    if inner.isQuote { return false }
    return isQuote || inner.type != .code && inner.type != .pre
  }

  fileprivate func check(in units: [UInt16]) throws(TelegramError) {
    try BotRequest.require(
      length > 0 && offset >= 0 && offset <= units.count && length <= units.count - offset,
      "entities are not within the text")
    let splitsPair = [offset, end].contains { bound in
      bound < units.count && UTF16.isTrailSurrogate(units[bound])
    }
    try BotRequest.require(!splitsPair, "entities begin or end within a character")
    try BotRequest.require((type == .textLink) == (url != nil), "url of entities is misplaced")
    if let url {
      try BotRequest.require(
        Self.schemes.contains { url.prefix($0.count).lowercased() == $0 },
        "url of entities is no link")
    }
    try BotRequest.require(
      type == .pre || language == nil, "language of entities is misplaced")
  }
}
