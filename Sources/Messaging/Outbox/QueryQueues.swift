import DequeModule
import TelegramBotAPI

/// What belongs to no chat, above all answers to queries. It waits for no message; each kind has
/// places of its own, so that however many presses wait, a payment is answered within the ten
/// seconds that Telegram gives it (Bot API, answerPreCheckoutQuery).
struct QueryQueues {
  enum Kind: CaseIterable {
    case checkout
    case press
    /// Orders to Telegram: a refund, the end of a subscription.
    case order

    /// How many requests of the kind are made at the same time. Each may open a connection, and
    /// the process has a thousand at most.
    var places: Int {
      switch self {
      case .checkout: 16
      case .press: 16
      case .order: 4
      }
    }

    init(_ reply: Outbox.Queued) {
      guard case .request(let request)? = reply.content else {
        self = .order
        return
      }
      self =
        switch request.method {
        case "answerPreCheckoutQuery": .checkout
        case "answerCallbackQuery": .press
        default: .order
        }
    }
  }

  private struct Queue {
    var waiting: Deque<Outbox.Queued> = []
    var takenPlaces = 0
  }

  /// How many of a kind are known with their content; the others are read when their turn comes.
  private static let maximumWithContent = 1_000

  private var queues: [Kind: Queue] = [:]

  /// Whether nothing waits, nor is under way.
  var isEmpty: Bool { Kind.allCases.allSatisfy(isEmpty) }

  /// Whether somebody waits in front of a button or a payment.
  var hasAnswers: Bool { !isEmpty(.checkout) || !isEmpty(.press) }

  private func isEmpty(_ kind: Kind) -> Bool {
    queues[kind].map { $0.waiting.isEmpty && $0.takenPlaces == 0 } ?? true
  }

  /// Returns whether a place was free, which is taken: somebody has to work it off.
  mutating func add(_ reply: Outbox.Queued, _ kind: Kind) -> Bool {
    var queue = queues[kind, default: Queue()]
    var known = reply
    if queue.waiting.count >= Self.maximumWithContent { known.content = nil }
    queue.waiting.append(known)
    let isFree = queue.takenPlaces < kind.places
    if isFree { queue.takenPlaces += 1 }
    queues[kind] = queue
    return isFree
  }

  /// The next of the kind; `nil` if none waits, and then the place is given back.
  mutating func next(_ kind: Kind) -> Outbox.Queued? {
    if let reply = queues[kind]?.waiting.popFirst() { return reply }
    queues[kind]?.takenPlaces -= 1
    return nil
  }
}
