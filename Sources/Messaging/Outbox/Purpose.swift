/// Why something is sent, if something follows from how that ends; see `AfterDelivery`.
package enum Purpose: Sendable, Equatable {
  /// A link that pays for the order of a subscription: the person gets it.
  case subscriptionLink(order: String)
  /// The subscription of that order is to end.
  case cancellation(order: String)
  /// One that was begun before the one that is known of that order is to end.
  case formerSubscription(order: String)
  /// Stars are to go back.
  case refund(Int64)
  /// One of the messages of a broadcast.
  case broadcast(Int64)
  /// A model's answer in a private chat.
  case answer
  /// An answer in a group; if that does not take it, it goes to whoever asked.
  case groupAnswer(asker: Int64)
  /// Tells an administrator what somebody needs.
  case supportRequest(Int64)
  /// The message that shows how far a build is.
  case buildProgress(String)
  /// What an administrator answers.
  case supportAnswer(request: Int64, administrator: Int64)

  /// As the table `outbox` keeps it.
  package var text: String {
    switch self {
    case .subscriptionLink(let order): "link:\(order)"
    case .cancellation(let order): "cancellation:\(order)"
    case .formerSubscription(let order): "former:\(order)"
    case .refund(let id): "refund:\(id)"
    case .broadcast(let id): "broadcast:\(id)"
    case .answer: "answer"
    case .groupAnswer(let asker): "group:\(asker)"
    case .supportRequest(let id): "support:\(id)"
    case .buildProgress(let id): "build:\(id)"
    case .supportAnswer(let request, let administrator): "answer:\(request):\(administrator)"
    }
  }

  /// `nil` for what another version wrote.
  package init?(text: String) {
    let parts = text.split(separator: ":").map(String.init)
    guard parts != ["answer"] else {
      self = .answer
      return
    }
    guard parts.count >= 2 else { return nil }
    let number = Int64(parts[1])
    switch (parts[0], number, parts.count) {
    case ("link", _, 2): self = .subscriptionLink(order: parts[1])
    case ("cancellation", _, 2): self = .cancellation(order: parts[1])
    case ("former", _, 2): self = .formerSubscription(order: parts[1])
    case ("build", _, 2): self = .buildProgress(parts[1])
    case ("refund", let id?, 2): self = .refund(id)
    case ("broadcast", let id?, 2): self = .broadcast(id)
    case ("group", let asker?, 2): self = .groupAnswer(asker: asker)
    case ("support", let id?, 2): self = .supportRequest(id)
    case ("answer", let request?, 3):
      guard let administrator = Int64(parts[2]) else { return nil }
      self = .supportAnswer(request: request, administrator: administrator)
    default: return nil
    }
  }
}
