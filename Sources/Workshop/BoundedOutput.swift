/// The beginning and the end of what a program writes, however much that is.
struct BoundedOutput {
  /// Of the beginning, and of the end.
  static let keptBytes = 16_000

  private var head: [UInt8] = []
  private var tail: [UInt8] = []
  private(set) var count = 0

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    count += bytes.count
    let first = min(bytes.count, Self.keptBytes - head.count)
    head.append(contentsOf: bytes[..<first])
    tail.append(contentsOf: bytes[first...].suffix(Self.keptBytes))
    if tail.count > 4 * Self.keptBytes { tail.removeFirst(tail.count - Self.keptBytes) }
  }

  var text: String {
    guard count > 2 * Self.keptBytes else { return plainText(head + tail) }
    let lineFeed = UInt8(ascii: "\n")
    let end = tail.suffix(Self.keptBytes)
    // Whole lines, where there are any.
    let first = head.lastIndex(of: lineFeed).map { head[..<$0] } ?? wholeCharacters(head[...])
    let last = end.firstIndex(of: lineFeed).map { end[($0 + 1)...] } ?? wholeCharacters(end)
    return plainText(first) + "\n…\n" + plainText(last)
  }

  /// Without what is left of a character of UTF-8 at either end.
  private func wholeCharacters(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isContinuation = { (byte: UInt8) in byte & 0xC0 == 0x80 }
    var bytes = bytes
    for _ in 0..<3 where bytes.first.map(isContinuation) == true { bytes.removeFirst() }
    if let start = bytes.suffix(4).lastIndex(where: { !isContinuation($0) }),
      bytes[start] >= 0xC0, String(validating: bytes[start...], as: UTF8.self) == nil
    {
      bytes = bytes[..<start]
    }
    return bytes
  }
}

/// What a program has written for a terminal, as text: repaired where it is no UTF-8, without
/// control sequences, control characters, or what turns the direction of reading.
func plainText(_ bytes: some Sequence<UInt8>) -> String {
  var text = String.UnicodeScalarView()
  var scalars = String(decoding: Array(bytes), as: UTF8.self).unicodeScalars.makeIterator()
  var pending: Unicode.Scalar?
  while let scalar = pending ?? scalars.next() {
    pending = nil
    guard scalar == "\u{1B}" else {
      if isShown(scalar) { text.append(scalar) }
      continue
    }
    // ECMA-48: CSI ends with a byte of 0x40 to 0x7E; a string of OSC with BEL or ESC. Neither goes
    // over the end of a line here, so that no beginning without an end hides what follows.
    switch scalars.next() {
    case "[":
      while let next = scalars.next() {
        if next == "\n" { pending = next }
        if next == "\n" || ("\u{40}"..."\u{7E}").contains(next) { break }
      }
    case "]":
      while let next = scalars.next() {
        if next == "\n" || next == "\u{1B}" { pending = next }
        if next == "\n" || next == "\u{07}" || next == "\u{1B}" { break }
      }
    case let other where other == "\n" || other == "\u{1B}": pending = other
    default: break
    }
  }
  return String(text)
}

private func isShown(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar {
  case "\n", "\t": true
  case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{200E}", "\u{200F}", "\u{2028}",
    "\u{2029}", "\u{FEFF}":
    false
  default: scalar.properties.generalCategory != .control
  }
}
