/// Finds where the values of a JSON document begin and end, and decodes none of them.
///
/// It judges the structure alone: brackets, commas, colons, closed strings. What stands in a string
/// or a number (a lone surrogate, an odd escape, a number too large) is the business of whoever
/// decodes that value, so that a flaw in one update does not spoil those around it. Nesting takes
/// one byte of memory a level and no recursion.
package struct JSONSlicer {
  package struct Malformed: Error {}

  package typealias Member = (name: Range<Int>, value: Range<Int>)

  private let bytes: [UInt8]
  private let end: Int
  private var position: Int

  /// - Parameter range: Of one value; what surrounds it, but for white space, is an error.
  private init(_ bytes: [UInt8], _ range: Range<Int>?) {
    self.bytes = bytes
    position = range?.lowerBound ?? 0
    end = range?.upperBound ?? bytes.count
  }

  /// The value of the object's first member of that name.
  package static func member(_ name: StaticString, of bytes: [UInt8], in range: Range<Int>? = nil)
    throws(Malformed) -> Range<Int>?
  {
    value(of: name, among: try members(of: bytes, in: range), in: bytes)
  }

  /// That of the first of them that has the name.
  package static func value(
    of name: StaticString, among members: [Member], in bytes: [UInt8]
  ) -> Range<Int>? {
    members.first { isName($0.name, name, in: bytes) }?.value
  }

  /// Whether what stands there, between its quotes, is that name.
  private static func isName(_ range: Range<Int>, _ name: StaticString, in bytes: [UInt8]) -> Bool {
    guard range.count == name.utf8CodeUnitCount + 2 else { return false }
    return (0..<name.utf8CodeUnitCount).allSatisfy {
      bytes[range.lowerBound + 1 + $0] == name.utf8Start[$0]
    }
  }

  /// Names are with their quotes.
  package static func members(of bytes: [UInt8], in range: Range<Int>? = nil)
    throws(Malformed) -> [Member]
  {
    var slicer = JSONSlicer(bytes, range)
    var members: [Member] = []
    try slicer.list("{", "}") { slicer throws(Malformed) in
      members.append((try slicer.name(), try slicer.value()))
    }
    return members
  }

  package static func elements(of bytes: [UInt8], in range: Range<Int>? = nil)
    throws(Malformed) -> [Range<Int>]
  {
    var slicer = JSONSlicer(bytes, range)
    var elements: [Range<Int>] = []
    try slicer.list("[", "]") { slicer throws(Malformed) in
      elements.append(try slicer.value())
    }
    return elements
  }

  package static func integer(_ bytes: [UInt8], in range: Range<Int>) -> Int64? {
    Int64(String(decoding: bytes[range], as: UTF8.self))
  }
}

extension JSONSlicer {
  /// The whole document: an opening byte, items between commas, a closing byte.
  private mutating func list(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar,
    item: (inout JSONSlicer) throws(Malformed) -> Void
  ) throws(Malformed) {
    try expect(open)
    if !take(close) {
      repeat { try item(&self) } while take(",")
      try expect(close)
    }
    skipSpace()
    guard position == end else { throw Malformed() }
  }

  private mutating func value() throws(Malformed) -> Range<Int> {
    skipSpace()
    let start = position
    var isObject: [Bool] = []
    repeat {
      // Here a value begins.
      if take("{") {
        isObject.append(true)
        if !take("}") {
          _ = try name()
          continue
        }
        isObject.removeLast()
      } else if take("[") {
        isObject.append(false)
        if !take("]") { continue }
        isObject.removeLast()
      } else {
        try scalar()
      }
      // Here one has ended, and perhaps those around it.
      while let object = isObject.last {
        if take(",") {
          if object { _ = try name() }
          break
        }
        try expect(object ? "}" : "]")
        isObject.removeLast()
      }
    } while !isObject.isEmpty
    return start..<position
  }

  private mutating func name() throws(Malformed) -> Range<Int> {
    skipSpace()
    let start = position
    try string()
    let range = start..<position
    try expect(":")
    return range
  }

  private mutating func scalar() throws(Malformed) {
    if position < end, bytes[position] == UInt8(ascii: "\"") { return try string() }
    let start = position
    while position < end, Self.isScalarByte(bytes[position]) { position += 1 }
    guard position > start else { throw Malformed() }
  }

  private mutating func string() throws(Malformed) {
    guard position < end, bytes[position] == UInt8(ascii: "\"") else { throw Malformed() }
    position += 1
    while position < end, bytes[position] != UInt8(ascii: "\"") {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < end else { throw Malformed() }
    position += 1
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws(Malformed) {
    guard take(byte) else { throw Malformed() }
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < end, bytes[position] == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while position < end, Self.isSpace(bytes[position]) { position += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private static func isScalarByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
}
