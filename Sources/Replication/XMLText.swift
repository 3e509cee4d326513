import Foundation

/// Of S3's XML, what is asked for: the elements of a name, and their text. It needs no whole
/// parser, as a "<" that is no tag is always escaped there; what it does not find, it leaves out.
/// It goes by bytes: a key may begin with what Swift would join with the tag before it.
struct XMLText {
  private let bytes: Data

  init(_ bytes: Data) {
    self.bytes = bytes
  }

  /// Those that stand side by side, without attributes.
  func elements(_ name: String) -> [XMLText] {
    var found: [XMLText] = []
    var rest = bytes.startIndex..<bytes.endIndex
    while let (inner, end) = next(name, in: rest) {
      found.append(XMLText(bytes[inner]))
      rest = end..<bytes.endIndex
    }
    return found
  }

  /// The text of the first element of that name.
  func text(_ name: String) -> String? {
    next(name, in: bytes.startIndex..<bytes.endIndex).map { Self.unescaped(bytes[$0.inner]) }
  }

  /// Whether it has such a tag, whatever its attributes.
  func has(_ name: String) -> Bool {
    bytes.range(of: Data("<\(name)".utf8)) != nil
  }

  private func next(_ name: String, in range: Range<Int>) -> (inner: Range<Int>, end: Int)? {
    guard let open = bytes.range(of: Data("<\(name)>".utf8), in: range),
      let close = bytes.range(
        of: Data("</\(name)>".utf8), in: open.upperBound..<range.upperBound)
    else { return nil }
    return (open.upperBound..<close.lowerBound, close.upperBound)
  }

  /// An entity that is none stays as it is written.
  private static func unescaped(_ bytes: Data) -> String {
    var pieces = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)[...]
    var text = Data(pieces.popFirst() ?? Data())
    for piece in pieces {
      let name = piece.prefix { $0 != UInt8(ascii: ";") }
      if name.count < piece.count, let scalar = scalar(String(decoding: name, as: UTF8.self)) {
        text += Data(String(Character(scalar)).utf8) + piece.dropFirst(name.count + 1)
      } else {
        text += Data("&".utf8) + piece
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func scalar(_ entity: String) -> Unicode.Scalar? {
    switch entity {
    case "amp": "&"
    case "lt": "<"
    case "gt": ">"
    case "quot": "\""
    case "apos": "'"
    case _ where entity.hasPrefix("#x"):
      UInt32(entity.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
    case _ where entity.hasPrefix("#"): UInt32(entity.dropFirst()).flatMap(Unicode.Scalar.init)
    default: nil
    }
  }
}
