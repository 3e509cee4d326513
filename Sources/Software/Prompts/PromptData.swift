// In prompts, what somebody or something else wrote stands between lines that it cannot write.

/// A piece of a prompt that is data: an idea, a file, the output of a program.
struct PromptData {
  private let name: String
  private let text: String

  /// - Parameters:
  ///   - name: One of ours, or a path: it has neither brackets nor ends of lines.
  ///   - limit: In bytes; of what is longer, the beginning and the end stay.
  init(_ name: String, _ text: String, limit: Int) {
    self.name = name
    self.text = text.withoutMiddle(limit: limit)
  }

  /// The number is the first one that the text does not have, so that it never ends the data, and
  /// the same text always makes the same block.
  var block: String {
    let number = (1...).first { !taken.contains(String($0)) } ?? 0
    let end = text.utf8.last == UInt8(ascii: "\n") || text.isEmpty ? "" : "\n"
    return "<data-\(number) \(name)>\n\(text)\(end)</data-\(number)>"
  }

  private var taken: Set<String> {
    Set(text.lowercased().matches(of: /data-([0-9]+)/).map { String($0.1) })
  }
}

extension String {
  /// Its beginning and its end, in whole lines where they are short, with a line between them that
  /// says how much is not there.
  package func withoutMiddle(limit: Int) -> String {
    guard utf8.count > limit else { return self }
    let bytes = Array(utf8)
    let newline = UInt8(ascii: "\n")
    func isWithinCharacter(_ place: Int) -> Bool {
      place < bytes.count && bytes[place] & 0xC0 == 0x80
    }
    var (end, start) = (limit / 4, bytes.count - (limit - limit / 4))
    while end > 0, isWithinCharacter(end) { end -= 1 }
    while isWithinCharacter(start) { start += 1 }
    // In whole lines, where they are short.
    if let place = bytes[..<end].lastIndex(of: newline), place > end / 2 { end = place + 1 }
    if let place = bytes[start...].firstIndex(of: newline), place < start + limit / 4 {
      start = place + 1
    }
    let (head, tail) = (bytes[..<end], bytes[start...])
    let missing = bytes.count - head.count - tail.count
    let gap = head.last == newline || head.isEmpty ? "" : "\n"
    return String(decoding: head, as: UTF8.self)
      + "\(gap)[… \(missing) bytes are left out here …]\n"
      + String(decoding: tail, as: UTF8.self)
  }
}
