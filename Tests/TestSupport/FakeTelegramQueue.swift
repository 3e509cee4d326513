/// The updates that wait at the fake, with the server's rules for an offset. Its source:
/// tdlib/telegram-bot-api, `Client.cpp`, and tdlib/td, `TQueue.cpp`.
struct FakeTelegramQueue: Sendable {
  struct Entry: Sendable {
    var id: Int64
    var json: String
  }

  private(set) var nextID: Int64
  private var waiting: [Entry] = []
  /// All there ever were.
  private var history: [Int64: String] = [:]
  /// Served once more, whatever the offset.
  private var repeats: [Entry] = []

  /// An offset further above the tail than this is ignored.
  private static let reach: Int64 = 10

  init(nextID: Int64) {
    self.nextID = nextID
  }

  var count: Int { waiting.count }
  var isEmpty: Bool { waiting.isEmpty && repeats.isEmpty }

  mutating func append(_ json: (Int64) -> String) -> Int64 {
    let entry = Entry(id: nextID, json: json(nextID))
    waiting.append(entry)
    history[entry.id] = entry.json
    nextID += 1
    return entry.id
  }

  /// Takes an id and is not served, as what waited too long; `appendAgain` brings it all the same.
  mutating func appendLost(_ json: (Int64) -> String) -> Int64 {
    let id = append(json)
    waiting.removeLast()
    return id
  }

  /// What still waits is left alone: served ahead of its turn, it would be no repeat.
  mutating func appendAgain(_ ids: [Int64]) {
    let unconfirmed = Set(waiting.map(\.id))
    repeats += ids.filter { !unconfirmed.contains($0) }
      .compactMap { id in history[id].map { Entry(id: id, json: $0) } }
  }

  /// As after a quiet week. What waits is gone, as it would be by then.
  mutating func resetIDs(to id: Int64) {
    waiting = []
    nextID = id
  }

  /// Forgets what the offset confirms.
  mutating func confirm(_ offset: Int64?) {
    guard let offset, offset != 0 else { return }
    if offset < 0 {
      waiting.removeFirst(max(0, waiting.count - Int(clamping: offset.magnitude)))
    } else if offset <= nextID + Self.reach {
      waiting.removeAll { $0.id < offset }
    }
  }

  mutating func take(limit: Int) -> [Entry] {
    let again = repeats.prefix(limit)
    repeats.removeFirst(again.count)
    return Array(again) + waiting.prefix(limit - again.count)
  }
}
