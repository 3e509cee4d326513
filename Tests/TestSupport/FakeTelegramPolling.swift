/// `getUpdates`, with the server's semantics. Its source: tdlib/telegram-bot-api, `Client.cpp`.
extension FakeTelegramAPI {
  private enum Step: Sendable {
    case answer(FakeTelegramOutcome)
    case wait(poll: Int)
  }

  /// Seconds; more is taken for this.
  private static let maximumPollDuration: Int64 = 50

  func getUpdates(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    let limit = Int(min(max(parameters["limit"]?.integer ?? 100, 1), 100))
    let timeout = min(max(parameters["timeout"]?.integer ?? 0, 0), Self.maximumPollDuration)
    let step = state.change { state -> Step in
      if let violation = Self.fault(in: parameters) {
        state.violations.append(violation)
        return .answer(.violation(violation))
      }
      guard state.webhookURL.isEmpty else { return .answer(Self.webhookConflict) }
      state.queue.confirm(parameters["offset"]?.integer)
      if !state.queue.isEmpty || timeout == 0 { return .answer(state.takeUpdates(limit)) }
      // Only a poll that must wait ends the one that waits already.
      state.newestPoll += 1
      state.waitingPolls += 1
      return .wait(poll: state.newestPoll)
    }
    switch step {
    case .answer(let outcome): return outcome
    case .wait(let poll):
      _ = state.block(within: state.value.lengthOfPolls ?? .seconds(timeout)) {
        $0.newestPoll != poll || !$0.queue.isEmpty || !$0.webhookURL.isEmpty || $0.isStopped
      }
      return state.change { state in
        state.waitingPolls -= 1
        if !state.webhookURL.isEmpty {
          return .error(409, "Conflict: terminated by setWebhook request")
        }
        return state.newestPoll == poll ? state.takeUpdates(limit) : Self.pollConflict
      }
    }
  }

  static let webhookConflict = FakeTelegramOutcome.error(
    409,
    "Conflict: can't use getUpdates method while webhook is active; "
      + "use deleteWebhook to delete the webhook first")

  static let pollConflict = FakeTelegramOutcome.error(
    409,
    "Conflict: terminated by other getUpdates request; "
      + "make sure that only one bot instance is running")

  /// Where Telegram clamps or ignores in silence.
  private static func fault(in parameters: [String: JSONValue]) -> String? {
    if let limit = parameters["limit"]?.integer, !(1...100 ~= limit) {
      return "getUpdates.limit is not 1 to 100"
    }
    if let timeout = parameters["timeout"]?.integer, timeout < 0 {
      return "getUpdates.timeout is negative"
    }
    let kinds = parameters["allowed_updates"]?.array?.compactMap(\.string) ?? []
    return kinds.first { !knownKinds.contains($0) }.map {
      "getUpdates.allowed_updates names \($0), which is no kind of update"
    }
  }

  private static let knownKinds: Set = [
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection",
    "business_message", "edited_business_message", "deleted_business_messages", "guest_message",
    "message_reaction", "message_reaction_count", "inline_query", "chosen_inline_result",
    "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll",
    "poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost",
    "removed_chat_boost", "managed_bot", "subscription", "stopped_message_generation",
  ]
}

extension FakeTelegramState {
  fileprivate mutating func takeUpdates(_ limit: Int) -> FakeTelegramOutcome {
    .result("[\(queue.take(limit: limit).map(\.json).joined(separator: ","))]")
  }
}
