import Foundation

/// Takes an event stream apart, into whatever pieces the network has cut it (WHATWG HTML,
/// *Server-sent events*). The data of its events are all that a provider says in one; names, ids
/// and comments, which keep the connection alive, are passed over.
struct EventStream {
  private var line: [UInt8] = []
  /// Of the event that has begun.
  private var data: Data?
  private var isFirstLine = true
  /// The lines that are no field of an event, as far as they have come to their end.
  private var strayLines: [UInt8] = []
  /// Whether a line feed that comes next belongs to the line end before it.
  private var endedWithReturn = false

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  init() {}

  /// The data of the events that these bytes complete, in order. What follows the last blank line
  /// is no event yet, and never becomes one if the stream ends there.
  mutating func take(_ bytes: Data) -> [Data] {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      var events: [Data] = []
      while let first = rest.first {
        if endedWithReturn, first == Self.lineFeed { rest.removeFirst() }
        endedWithReturn = false
        let end = rest.firstIndex { $0 == Self.lineFeed || $0 == Self.carriageReturn }
        line.append(contentsOf: rest[..<(end ?? rest.endIndex)])
        guard let end else { break }
        endedWithReturn = rest[end] == Self.carriageReturn
        if let event = endLine() { events.append(event) }
        rest = rest[rest.index(after: end)...]
      }
      return events
    }
  }

  /// The lines that are no part of the format: from bare JSON to a page of HTML.
  var stray: Data {
    Data(strayLines + (isField(line[...]) ? [] : line))
  }

  /// A comment, a field of the format, or nothing.
  private func isField(_ line: ArraySlice<UInt8>) -> Bool {
    let name = line.prefix { $0 != UInt8(ascii: ":") }
    return name.isEmpty
      || ["data", "event", "id", "retry"].contains { name.elementsEqual($0.utf8) }
  }

  /// The event's data if the line is the blank one that ends it.
  private mutating func endLine() -> Data? {
    defer {
      line.removeAll(keepingCapacity: true)
      isFirstLine = false
    }
    var field = line[...]
    if isFirstLine, field.starts(with: Self.byteOrderMark) { field = field.dropFirst(3) }
    guard !field.isEmpty else {
      defer { data = nil }
      return data?.isEmpty == false ? data : nil
    }
    let colon = field.firstIndex(of: UInt8(ascii: ":")) ?? field.endIndex
    guard field[..<colon].elementsEqual("data".utf8) else {
      if !isField(field) { strayLines += field + [Self.lineFeed] }
      return nil
    }
    var value = field[colon...].dropFirst()
    if value.first == UInt8(ascii: " ") { value.removeFirst() }
    // In place: one event may have a million lines.
    if data == nil { data = Data() } else { data?.append(Self.lineFeed) }
    data?.append(contentsOf: value)
    return nil
  }
}
