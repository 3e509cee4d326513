import Foundation

/// What a method says: a result, as JSON, or an error.
enum FakeTelegramOutcome: Sendable {
  case result(String)
  case error(Int, String)
  /// A bad request that a careful client does not make.
  case violation(String)

  var json: String {
    if case .result(let json) = self { #"{"ok":true,"result":\#(json)}"# } else { "" }
  }

  var reply: LoopbackReply {
    switch self {
    case .result: .json(json)
    case .error(let code, let words): .telegramError(code, words)
    case .violation(let words): .telegramError(400, "Bad Request: " + words)
    }
  }
}

extension FakeTelegramAPI {
  func perform(_ call: FakeTelegramState.Call) -> FakeTelegramOutcome {
    if call.method == "getUpdates" { return getUpdates(call.parameters) }
    return state.change { state in
      let outcome = state.perform(call)
      if case .violation(let words) = outcome {
        state.violations.append("\(call.method): \(words)")
      }
      return outcome
    }
  }
}

extension FakeTelegramState {
  fileprivate mutating func perform(_ call: Call) -> FakeTelegramOutcome {
    let parameters = call.parameters
    switch call.method {
    case "getMe": return .result(Self.bot.json)
    case "getWebhookInfo":
      let info: JSONValue = [
        "url": .string(webhookURL), "has_custom_certificate": false,
        "pending_update_count": .integer(Int64(queue.count)),
      ]
      return .result(info.json)
    case "setWebhook": webhookURL = parameters["url"]?.string ?? ""
    case "deleteWebhook": webhookURL = ""
    case "setMyCommands": return setMyCommands(parameters)
    case "sendMessage": return sendMessage(parameters)
    case "sendRichMessage": return sendRichMessage(parameters)
    case "sendDocument": return sendDocument(call)
    case "copyMessage": return copyMessage(parameters)
    case "editMessageText": return editMessageText(parameters)
    case "deleteMessage": return deleteMessage(parameters)
    case "sendMessageDraft": return sendMessageDraft(parameters)
    case "editMessageReplyMarkup": return editMessageReplyMarkup(parameters)
    case "answerCallbackQuery":
      return answerQuery(parameters["callback_query_id"])
    case "answerPreCheckoutQuery":
      if parameters["ok"] == false, parameters["error_message"] == nil {
        return .violation("error_message is required where ok is false")
      }
      return answerQuery(parameters["pre_checkout_query_id"])
    case "sendInvoice": return sendInvoice(parameters)
    case "createInvoiceLink": return createInvoiceLink(parameters)
    case "refundStarPayment": return refundStarPayment(parameters)
    case "editUserStarSubscription": return editUserStarSubscription(parameters)
    case "getStarTransactions": return getStarTransactions(parameters)
    case "getMyStarBalance": return getMyStarBalance()
    default: break
    }
    return .result("true")
  }

  private mutating func setMyCommands(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    let scope = parameters["scope"]
    switch (scope?["type"]?.string ?? "default", scope?["chat_id"]?.integer) {
    case ("default", _): commands = parameters["commands"]
    case ("chat", let chatID?): commandsByChat[chatID] = parameters["commands"]
    default: return .violation("this scope is not imitated")
    }
    return .result("true")
  }

  private mutating func sendMessage(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    guard let chatID = parameters["chat_id"]?.integer, let text = parameters["text"]?.string,
      !text.allSatisfy(\.isWhitespace)
    else { return .violation("message text is empty") }
    lastMessageID += 1
    // Clients drop a draft when a message arrives.
    drafts[chatID] = nil
    let message = SentMessage(
      id: lastMessageID, chatID: chatID, text: text, replyMarkup: parameters["reply_markup"],
      parameters: parameters)
    messages.append(message)
    return .result(Self.json(of: message))
  }

  private mutating func sendDocument(_ call: Call) -> FakeTelegramOutcome {
    guard let chatID = call.parameters["chat_id"]?.integer, let file = call.files["document"] else {
      return .violation("document is no uploaded file")
    }
    if file.data.isEmpty { return .error(400, "Bad Request: file must be non-empty") }
    lastMessageID += 1
    let caption = call.parameters["caption"]?.string
    documents.append(
      SentDocument(
        chatID: chatID, fileName: file.name, contentType: file.contentType, data: file.data,
        caption: caption))
    var content: [String: JSONValue] = [
      "document": [
        "file_id": .string("file\(lastMessageID)"),
        "file_unique_id": .string("unique\(lastMessageID)"), "file_name": .string(file.name),
        "mime_type": .string(file.contentType), "file_size": .integer(Int64(file.data.count)),
      ]
    ]
    if let caption { content["caption"] = .string(caption) }
    return .result(Self.message(lastMessageID, in: chatID, holding: content))
  }

  private mutating func copyMessage(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    guard let chatID = parameters["chat_id"]?.integer,
      let source = parameters["from_chat_id"]?.integer,
      let messageID = parameters["message_id"]?.integer
    else { return .violation("a message to copy is not named") }
    lastMessageID += 1
    copies.append(
      CopiedMessage(id: lastMessageID, messageID: messageID, source: source, chatID: chatID))
    return .result(JSONValue.object(["message_id": .integer(lastMessageID)]).json)
  }

  private mutating func editMessageText(_ parameters: [String: JSONValue])
    -> FakeTelegramOutcome
  {
    let rich = parameters["rich_message"]
    if let fault = rich.flatMap(Self.richFault) { return .violation(fault) }
    guard let text = rich?.richWords ?? parameters["text"]?.string,
      !text.allSatisfy(\.isWhitespace)
    else { return .violation("message text is empty") }
    let index = messages.firstIndex {
      $0.chatID == parameters["chat_id"]?.integer && $0.id == parameters["message_id"]?.integer
    }
    guard let index else { return .error(400, "Bad Request: message to edit not found") }
    let markup = parameters["reply_markup"]
    if messages[index].text == text, messages[index].rich == rich,
      messages[index].replyMarkup == markup
    {
      return Self.notModified
    }
    messages[index].text = text
    messages[index].rich = rich
    messages[index].replyMarkup = markup
    return .result(Self.json(of: messages[index]))
  }

  private mutating func deleteMessage(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    let index = messages.firstIndex {
      $0.chatID == parameters["chat_id"]?.integer && $0.id == parameters["message_id"]?.integer
    }
    guard let index else { return .error(400, "Bad Request: message to delete not found") }
    messages.remove(at: index)
    return .result("true")
  }

  private mutating func sendMessageDraft(_ parameters: [String: JSONValue]) -> FakeTelegramOutcome {
    guard let chatID = parameters["chat_id"]?.integer, chatID > 0 else {
      return .violation("drafts are for private chats")
    }
    guard let id = parameters["draft_id"]?.integer, id != 0 else {
      return .violation("draft_id must be non-zero")
    }
    drafts[chatID, default: [:]][id] = parameters["text"]?.string ?? ""
    return .result("true")
  }

  private mutating func editMessageReplyMarkup(_ parameters: [String: JSONValue])
    -> FakeTelegramOutcome
  {
    let index = messages.firstIndex {
      $0.chatID == parameters["chat_id"]?.integer && $0.id == parameters["message_id"]?.integer
    }
    guard let index else { return .error(400, "Bad Request: message to edit not found") }
    let markup = parameters["reply_markup"]
    guard messages[index].replyMarkup != markup else { return Self.notModified }
    messages[index].replyMarkup = markup
    return .result(Self.json(of: messages[index]))
  }

  private static let notModified = FakeTelegramOutcome.error(
    400,
    "Bad Request: message is not modified: specified new message content and reply markup "
      + "are exactly the same as a current content and reply markup of the message")

  private mutating func answerQuery(_ id: JSONValue?) -> FakeTelegramOutcome {
    guard let id = id?.string, openQueries.contains(id) else {
      return .error(
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid")
    }
    return .result("true")
  }

  static let bot: JSONValue = [
    "id": .integer(FakeTelegram.botID), "is_bot": true, "first_name": "Dev",
    "username": .string(FakeTelegram.botUsername), "can_join_groups": true,
    "can_read_all_group_messages": false, "supports_inline_queries": false,
  ]

  static func json(of message: SentMessage) -> String {
    Self.message(message.id, in: message.chatID, holding: ["text": .string(message.text)])
  }

  static func message(
    _ id: Int64, in chatID: Int64, holding content: [String: JSONValue]
  ) -> String {
    let envelope: [String: JSONValue] = [
      "message_id": .integer(id), "from": bot, "chat": FakeTelegram.chat(chatID),
      "date": FakeTelegram.now,
    ]
    return JSONValue.object(envelope.merging(content) { $1 }).json
  }
}
