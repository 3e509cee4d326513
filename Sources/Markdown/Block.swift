/// What stands on lines of its own: a paragraph, a heading, code, a table, one of a list's items.
/// Blocks that lie within others are kept in a row, so that no depth needs a deep stack.
struct Block: Sendable {
  enum Kind: Sendable, Equatable {
    case paragraph
    case heading(level: Int)
    /// The word after the fence names the language.
    case code(info: String)
    case table(Table)
    /// In LaTeX.
    case formula(String)
    case rule
  }

  /// How it stands below the one before.
  enum Join: Sendable, Equatable {
    case paragraph, line
    /// It goes on with the same line, which was too long to be read at once.
    case sameLine
    case sameLineAfterSpace

    var units: [UInt16] {
      switch self {
      case .paragraph: [0x0A, 0x0A]
      case .line: [0x0A]
      case .sameLine: []
      case .sameLineAfterSpace: [0x20]
      }
    }
  }

  var kind: Kind
  /// UTF-16 units, with the item's mark and its indentation.
  var units: [UInt16] = []
  var styles: [StyledRange] = []
  /// Which quote it is a part of, among those of one piece of source.
  var quote: Int?
  var join = Join.paragraph
  /// How many lists it lies in.
  var listDepth = 0
  /// Of the item that it begins.
  var mark: ItemMark?
  /// How many of its units are an item's mark or indentation, at its beginning and at that of each
  /// further line.
  var indentation = (first: 0, further: 0)
}

/// What stands before an item of a list.
package struct ItemMark: Sendable, Equatable {
  /// `nil` for a bullet.
  package var number: Int?
  /// Of a task alone.
  package var isDone: Bool?

  var text: String {
    let task = isDone.map { $0 ? "☑ " : "☐ " }
    return number.map { "\($0). " + (task ?? "") } ?? task ?? "• "
  }
}

package struct Table: Sendable, Equatable {
  package enum Alignment: Sendable {
    case left, center, right
  }

  package internal(set) var alignments: [Alignment] = []
  /// The first is the head.
  package internal(set) var rows: [[FormattedText]] = []
}
