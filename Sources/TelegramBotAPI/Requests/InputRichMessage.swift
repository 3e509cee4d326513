/// A message of blocks, which clients lay out. Bot API, *InputRichMessage*.
package struct InputRichMessage: Sendable, Equatable {
  package var blocks: [InputRichBlock]

  package init(_ blocks: [InputRichBlock]) {
    self.blocks = blocks
  }

  /// - Throws: `.invalidRequest`, which names the limit that is broken.
  package func check() throws(TelegramError) {
    var size = InputRichSize()
    size.add(blocks, depth: 1)
    try BotRequest.require(size.units > 0, "rich_message is empty")
    try BotRequest.require(
      size.units <= TelegramLimits.richText,
      "rich_message is longer than \(TelegramLimits.richText) UTF-16 units")
    try BotRequest.require(
      size.blocks <= TelegramLimits.richBlocks,
      "rich_message has more than \(TelegramLimits.richBlocks) blocks")
    try BotRequest.require(
      size.depth <= TelegramLimits.richDepth,
      "rich_message is deeper than \(TelegramLimits.richDepth)")
    try BotRequest.require(
      size.columns <= TelegramLimits.richColumns,
      "a table has more than \(TelegramLimits.richColumns) columns")
  }

  var json: JSON { ["blocks": .array(blocks.map(\.json))] }
}

/// Bot API, *InputRichBlock*.
package indirect enum InputRichBlock: Sendable, Equatable {
  case paragraph(InputRichText)
  /// Of the sizes 1 to 6, 1 is the largest.
  case heading(InputRichText, size: Int)
  case code(String, language: String?)
  /// In LaTeX.
  case formula(String)
  case divider
  case quote([InputRichBlock])
  case list([InputRichItem])
  /// Rows of cells, each as many; the first row is the head.
  case table([[InputRichCell]])
}

/// Bot API, *InputRichBlockListItem*.
package struct InputRichItem: Sendable, Equatable {
  package var blocks: [InputRichBlock]
  /// `nil` for a bullet.
  package var number: Int?
  /// Of a task alone.
  package var isDone: Bool?

  package init(_ blocks: [InputRichBlock], number: Int? = nil, isDone: Bool? = nil) {
    self.blocks = blocks
    self.number = number
    self.isDone = isDone
  }
}

/// Bot API, *RichBlockTableCell*.
package struct InputRichCell: Sendable, Equatable {
  package enum Alignment: String, Sendable {
    case left, center, right
  }

  package var text: InputRichText
  package var alignment: Alignment

  package init(_ text: InputRichText, _ alignment: Alignment) {
    self.text = text
    self.alignment = alignment
  }
}

/// Bot API, *RichText*.
package indirect enum InputRichText: Sendable, Equatable {
  package enum Style: String, Sendable {
    case bold, italic, strikethrough, code
  }

  case plain(String)
  case row([InputRichText])
  case styled(Style, InputRichText)
  case link(InputRichText, url: String)
  /// In LaTeX.
  case formula(String)
}

// MARK: - On the wire

extension InputRichBlock {
  fileprivate var json: JSON {
    switch self {
    case .paragraph(let text): ["type": .string("paragraph"), "text": text.json]
    case .heading(let text, let size):
      ["type": .string("heading"), "text": text.json, "size": .int(Int64(min(max(size, 1), 6)))]
    case .code(let text, let language):
      ["type": .string("pre"), "text": .string(text), "language": language.map(JSON.string)]
    case .formula(let source):
      ["type": .string("mathematical_expression"), "expression": .string(source)]
    case .divider: ["type": .string("divider")]
    case .quote(let blocks):
      ["type": .string("blockquote"), "blocks": .array(blocks.map(\.json))]
    case .list(let items): ["type": .string("list"), "items": .array(items.map(\.json))]
    case .table(let rows):
      [
        "type": .string("table"), "is_bordered": true,
        "cells": .array(
          rows.enumerated().map { number, row in
            .array(row.map { $0.json(isHeader: number == 0) })
          }),
      ]
    }
  }
}

extension InputRichItem {
  fileprivate var json: JSON {
    [
      "blocks": .array(blocks.map(\.json)), "has_checkbox": isDone == nil ? nil : true,
      "is_checked": isDone == true ? true : nil, "value": number.map { .int(Int64($0)) },
      "type": number == nil ? nil : .string("1"),
    ]
  }
}

extension InputRichCell {
  fileprivate func json(isHeader: Bool) -> JSON {
    [
      "text": text.json, "is_header": isHeader ? true : nil,
      "align": .string(alignment.rawValue), "valign": .string("top"),
    ]
  }
}

extension InputRichText {
  fileprivate var json: JSON {
    switch self {
    case .plain(let text): .string(text)
    case .row(let parts): .array(parts.map(\.json))
    case .styled(let style, let text): ["type": .string(style.rawValue), "text": text.json]
    case .link(let text, let url):
      ["type": .string("url"), "text": text.json, "url": .string(url)]
    case .formula(let source):
      ["type": .string("mathematical_expression"), "expression": .string(source)]
    }
  }
}

// MARK: - Limits

/// What counts towards the limits. Where Telegram leaves open what is counted, everything is.
private struct InputRichSize {
  var units = 0
  var blocks = 0
  var depth = 0
  var columns = 0

  mutating func add(_ blocks: [InputRichBlock], depth: Int) {
    self.depth = max(self.depth, depth)
    for block in blocks {
      self.blocks += 1
      switch block {
      case .paragraph(let text), .heading(let text, _): add(text, depth: depth)
      case .code(let text, _), .formula(let text): units += text.utf16.count
      case .divider: break
      case .quote(let inner): add(inner, depth: depth + 1)
      case .list(let items):
        for item in items {
          self.blocks += 1
          add(item.blocks, depth: depth + 2)
        }
      case .table(let rows):
        self.blocks += rows.count
        for row in rows {
          columns = max(columns, row.count)
          for cell in row { add(cell.text, depth: depth + 1) }
        }
      }
    }
  }

  private mutating func add(_ text: InputRichText, depth: Int) {
    self.depth = max(self.depth, depth)
    switch text {
    case .plain(let text), .formula(let text): units += text.utf16.count
    case .row(let parts): for part in parts { add(part, depth: depth) }
    case .styled(_, let inner): add(inner, depth: depth + 1)
    case .link(let inner, let url):
      units += url.utf16.count
      add(inner, depth: depth + 1)
    }
  }
}
