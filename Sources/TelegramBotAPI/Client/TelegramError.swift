package import HTTPTransport

/// Why a request to Telegram failed. No case carries the token or a URL.
package enum TelegramError: Error, Sendable, Equatable {
  /// 401: Telegram does not know the token.
  case unauthorized
  /// 404: what answers knows neither the bot nor the method. Either the base URL leads elsewhere,
  /// or the token is none. No repeat helps.
  case notFound
  /// 409: somebody else takes the bot's updates, through a webhook or by polling.
  case conflict(webhook: Bool)
  /// 429: not before `retryAfter` again.
  case tooManyRequests(retryAfter: Duration)
  /// 400 and the rarer 4xx, with Telegram's own words.
  case badRequest(String)
  /// 403: the bot may not write there; it was blocked or removed. With Telegram's own words.
  case forbidden(String)
  /// The group has become a supergroup: send the same to its new id.
  case chatMigrated(to: Int64)
  /// 5xx, or an answer that is not Telegram's, of a proxy for instance.
  case serverFailed(status: Int)
  case unreachable(HTTPError)
  /// Success was reported in a form that cannot be read.
  case answerMalformed(method: String)
  /// The request breaks a limit of the Bot API and was not sent. Names the field.
  case invalidRequest(String)

  /// Whether Telegram may have acted on the request. Where it is false, a repeat is safe whatever
  /// the request does.
  package var requestMayHaveTakenEffect: Bool {
    switch self {
    case .unauthorized, .notFound, .conflict, .tooManyRequests, .badRequest, .forbidden,
      .chatMigrated, .invalidRequest:
      false
    case .serverFailed(let status): status >= 500
    case .unreachable(let error): error.requestMayHaveTakenEffect
    case .answerMalformed: true
    }
  }

  /// The message already reads as the edit wants it: the edit has succeeded.
  package var isMessageNotModified: Bool { isBadRequest("message is not modified") }

  /// The message is gone, or is none that can be edited, any more or at all: what it should have
  /// become can be sent as a new one.
  package var isEditImpossible: Bool {
    ["message to edit not found", "message can't be edited", "message_id_invalid"]
      .contains(where: isBadRequest)
  }

  /// The button or payment was answered too late; nobody waits for the answer any more.
  package var isQueryTooOld: Bool { isBadRequest("query is too old") }

  /// The topic was deleted: send to the chat itself.
  package var isThreadMissing: Bool { isBadRequest("message thread not found") }

  /// The topic was closed; whoever may not manage topics cannot write in it.
  package var isTopicClosed: Bool { isBadRequest("topic_closed") }

  /// The message to reply to is gone, though sending without it was allowed.
  package var isRepliedMessageMissing: Bool { isBadRequest("message to be replied not found") }

  /// There is no such chat, or not for this bot: its person may have deleted their account.
  package var isChatMissing: Bool {
    ["chat not found", "peer_id_invalid", "user_deactivated"].contains(where: isBadRequest)
  }

  /// The payment was given back before: nothing is left to do.
  package var isAlreadyRefunded: Bool { isBadRequest("charge_already_refunded") }

  /// The person themselves has blocked the bot; other reasons for a 403 are not their doing.
  package var isBlockedByPerson: Bool {
    guard case .forbidden(let description) = self else { return false }
    return description.lowercased().contains("blocked by the user")
  }

  /// The chat takes no message of the bot's until its rights there change, as in `not enough rights
  /// to send text messages to the chat` and `CHAT_WRITE_FORBIDDEN`.
  package var isMissingRights: Bool {
    ["rights", "_forbidden", "chat_restricted", "need administrator"].contains(where: isBadRequest)
  }

  /// Telegram does not understand how the text is formatted, as in `can't parse entities` and
  /// `ENTITY_BOUNDS_INVALID`.
  package var isEntityRefused: Bool {
    ["can't parse entities", "entity_", "entities_"].contains(where: isBadRequest)
  }

  private func isBadRequest(_ words: String) -> Bool {
    guard case .badRequest(let description) = self else { return false }
    return description.lowercased().contains(words)
  }
}

extension TelegramError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unauthorized:
      "Telegram refuses the bot's token; check it, or have @BotFather make a new one"
    case .notFound:
      "no bot of this token is known at the base URL; check the base URL, then the token"
    case .conflict(webhook: true):
      "a webhook takes the bot's updates; delete it, and find out who sets it"
    case .conflict(webhook: false):
      "another program polls with this bot's token; stop it, or give it its own bot"
    case .tooManyRequests(let retryAfter):
      "Telegram wants no request for \(retryAfter.components.seconds) s; it is made again then"
    case .badRequest(let words): "Telegram finds fault with the request (\(words))"
    case .forbidden(let words): "the bot may not write to this chat (\(words))"
    case .chatMigrated: "the group has become a supergroup; send to its new id"
    case .serverFailed(let status) where status >= 500:
      "Telegram's server failed with status \(status); try again later"
    case .serverFailed(let status):
      "status \(status) came without Telegram's own answer; check the base URL and any proxy"
    case .unreachable(let error): "Telegram cannot be reached: \(error); check the network"
    case .answerMalformed(let method):
      "the answer to \(method) is not Telegram's JSON; check the base URL and any proxy"
    case .invalidRequest(let field): "the request breaks a limit of the Bot API: \(field)"
    }
  }
}
