@testable import Bot
import Foundation
import protocol JSONReading.JSONObjectReadable
import Messaging
@testable import TelegramBotAPI
import Testing
import TestSupport

/// What a message is to become, in short: `command start now`, `text hello`, `ignored`.
struct RouteCase: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var kind = "message"
  var value: JSONValue
  var route: String

  init(_ name: String, kind: String = "message", _ value: JSONValue, _ route: String) {
    testDescription = name
    self.kind = kind
    self.value = value
    self.route = route
  }

  /// In a private chat.
  static func written(_ text: String, _ route: String) -> RouteCase {
    RouteCase("“\(text)”", .message(text), route)
  }

  /// A photo with words to it.
  static func captioned(_ caption: String, chat: Int64? = nil, _ route: String) -> RouteCase {
    let photo: [String: JSONValue] = ["photo": [], "caption": .string(caption)]
    return RouteCase(
      "a photo with “\(caption)” in \(chat ?? 0)", .message(nil, chat: chat, adding: photo), route)
  }

  /// In a group.
  static func inGroup(
    _ text: String, _ route: String, adding more: [String: JSONValue] = [:]
  ) -> RouteCase {
    RouteCase("“\(text)” in a group", .message(text, chat: -100, adding: more), route)
  }
}

@Suite("Route")
struct RouteTests {
  private func shape(_ kind: String, _ value: JSONValue) throws -> String {
    let json = ReceivedUpdate.update(1, kind, value).json
    let update = try Update(json: json)
    return shape(Route(update, bot: .bot))
  }

  private func shape(_ route: Route) -> String {
    switch route {
    case .command(let name, "", _): "command \(name)"
    case .command(let name, let argument, _): "command \(name) [\(argument)]"
    case .text(let text, _): "text [\(text)]"
    case .unreadable(let what, _): "unreadable \(what)"
    case .unseen(let what, let words, _): "unseen \(what), \(shape(words))"
    case .edited: "edited"
    case .button(let data, _, _): "button \(data)"
    case .preCheckout(let query): "preCheckout \(query.invoicePayload)"
    case .payment(let payment, _, _): "payment \(payment.telegramPaymentChargeID)"
    case .refunded(let refunded): "refunded \(refunded.telegramPaymentChargeID)"
    case .subscriptionChanged(let change): "subscription \(change.state)"
    case .draftStopped(let stopped): "draft \(stopped.draftID) stopped"
    case .reachable(let isReachable, let id): "reachable \(isReachable) \(id)"
    case .rightsChanged(let chat): "rights changed in \(chat)"
    case .ignored: "ignored"
    }
  }

  static let words: [RouteCase] = [
    .written("hello", "text [hello]"),
    .written("", "text []"),
    .written("/start", "command start"),
    .written("/START", "command start"),
    .written("/start ref_7", "command start [ref_7]"),
    .written("/plan\n\n  a shop \n", "command plan [a shop]"),
    .written("/plan\u{A0}a shop", "command plan [a shop]"),
    .written("/plan\u{2003}ein Geschäft 🏪", "command plan [ein Geschäft 🏪]"),
    .written("/start@devbot", "command start"),
    .written("/start@DevBot now", "command start [now]"),
    .written("/start@other", "command start"),
    .written(" /start", "text [ /start]"),
    .written("hello @devbot", "text [hello @devbot]"),
    .written("@devbot hello", "text [@devbot hello]"),
    .written("@DevBot /code x", "command code [x]"),
    .written("/help.", "command help"),
    .written("/help!?", "command help"),
    .written("/help, please", "command help [please]"),
    .written("/plan: a shop", "command plan [a shop]"),
    .written("/plan(a shop)", "command plan [(a shop)]"),
    .written("/plan.NET", "command plan [.NET]"),
    .written("/help@devbot.", "command help"),
    .written("/help@x", "command help [@x]"),
    .written("/start😀", "command start [😀]"),
    .written("/s\u{301}tart", "command s [\u{301}tart]"),
    .written("/\(longest)", "command \(longest)"),
  ]

  private static let longest = String(repeating: "a", count: 64)

  /// Telegram calls none of these a command.
  static let noCommands: [RouteCase] = [
    "/", "//", "/ start", "/@", "/@devbot", "// comment", "/* a comment */", "/etc/nginx.conf",
    "/^a+$/", "/abc/g", "/a<b", "/a>b", "/стоп", "/starté", "/start²", "/start@devboté",
    "/\u{301}start", "/start@devbot/x", "/\(longest)a",
  ].map { .written($0, "text [\($0)]") }

  /// Of a message that its sender did not write.
  static let passedOn: [RouteCase] = [
    ("forward_origin", ["type": "hidden_user", "date": 0, "sender_user_name": "Ada"] as JSONValue),
    ("forward_date", 1_700_000_000),
    ("via_bot", ["id": 9, "is_bot": true, "first_name": "Bot"]),
  ].flatMap { field, value in
    [
      RouteCase(
        "\(field), in private", .message("/grant 3 5000", adding: [field: value]),
        "text [/grant 3 5000]"),
      RouteCase(
        "\(field), words in private", .message("hello", adding: [field: value]), "text [hello]"),
      RouteCase(
        "\(field), in a group", .message("/code@devbot x", chat: -100, adding: [field: value]),
        "ignored"),
      RouteCase(
        "\(field), with a mention", .message("@devbot x", chat: -100, adding: [field: value]),
        "ignored"),
      RouteCase(
        "\(field), as a reply to the bot",
        .message(
          "/code x", chat: -100,
          adding: reply(to: FakeTelegram.botID).merging([field: value]) { $1 }), "ignored"),
    ]
  }

  static let group: [RouteCase] = [
    .inGroup("hello", "ignored"),
    .inGroup("", "ignored"),
    .inGroup("/start", "ignored"),
    .inGroup("/start@devbot", "command start"),
    .inGroup("/plan@devbot a shop", "command plan [a shop]"),
    .inGroup("/start@other", "ignored"),
    .inGroup("/start@devbot2", "ignored"),
    .inGroup("@devbot how do I sort?", "text [how do I sort?]"),
    .inGroup("tell us, @DevBot, how?", "text [tell us, , how?]"),
    .inGroup("@devbot", "text []"),
    .inGroup("@devbot2 hello", "ignored"),
    .inGroup("@devbot /code x", "command code [x]"),
    .inGroup("@DevBot\n/code@devbot x", "command code [x]"),
    .inGroup("@devbot /code@other x", "ignored"),
    .inGroup("@devbot2 /code x", "ignored"),
    .inGroup("@devbot /etc/hosts is empty", "text [/etc/hosts is empty]"),
    .inGroup("/ban @devbot", "ignored"),
    .inGroup("/help@devbot.", "command help"),
    .inGroup("// @devbot", "text [//]"),
    .inGroup("@devbot /status", "command status", adding: reply(to: FakeTelegram.botID)),
    .inGroup("write to ada@devbot.org", "ignored"),
    .inGroup("yes", "text [yes]", adding: reply(to: FakeTelegram.botID)),
    .inGroup("/status", "command status", adding: reply(to: FakeTelegram.botID)),
    .inGroup("/status@other", "ignored", adding: reply(to: FakeTelegram.botID)),
    .inGroup("yes", "ignored", adding: reply(to: 43)),
    RouteCase("a photo in a group", .message(nil, chat: -100, adding: ["photo": []]), "ignored"),
    .captioned("what is this?", chat: -100, "ignored"),
    .captioned("@devbot what is this?", chat: -100, "unseen photo, text [what is this?]"),
    .captioned("/code@devbot this", chat: -100, "unseen photo, command code [this]"),
    .captioned("/code@other this", chat: -100, "ignored"),
    .captioned("what is this?", "unseen photo, text [what is this?]"),
    .captioned("/code this", "unseen photo, command code [this]"),
    .captioned("", "unreadable photos"),
  ]

  static let attachments: [RouteCase] = [
    ("photo", "photos"), ("voice", "voice messages"), ("sticker", "stickers"),
    ("video_note", "videos"), ("document", "files"), ("venue", "places"), ("dice", kind),
    ("contact", "contacts"), ("poll", "polls"), ("audio", "recordings"), ("story", kind),
  ].map { name, plural in
    RouteCase(name, .message(nil, adding: [name: [:]]), "unreadable \(plural)")
  }
  private static let kind = "messages of this kind"

  static let rich: [RouteCase] = [
    RouteCase("a rich message", .message(nil, adding: rich("Sort it")), "text [Sort it]"),
    RouteCase("a rich command", .message(nil, adding: rich("/code x")), "command code [x]"),
    RouteCase(
      "a rich mention", .message(nil, chat: -100, adding: rich("@devbot help")), "text [help]"),
    RouteCase(
      "a rich message of pictures", .message(nil, adding: ["rich_message": ["blocks": []]]),
      "unreadable messages of this kind"),
  ]

  private static func rich(_ text: String) -> [String: JSONValue] {
    ["rich_message": ["blocks": [["type": "paragraph", "text": .string(text)]]]]
  }

  static let others: [RouteCase] = [
    RouteCase("edited", kind: "edited_message", .message("x"), "edited"),
    RouteCase("edited in a group", kind: "edited_message", .message("x", chat: -100), "ignored"),
    RouteCase(
      "a word to the bot, edited in a group", kind: "edited_message",
      .message("@devbot x", chat: -100), "edited"),
    RouteCase(
      "a live location", kind: "edited_message", .message(nil, adding: ["location": [:]]), "ignored"
    ),
    RouteCase("a channel post", kind: "channel_post", .message("x", chat: -100), "ignored"),
    RouteCase(
      "an anonymous administrator",
      .message("@devbot x", chat: -100, adding: ["sender_chat": .chat(-100)]), "ignored"),
    RouteCase(
      "another bot",
      .message("x", adding: ["from": ["id": 9, "is_bot": true, "first_name": "Bot"]]), "ignored"),
    RouteCase(
      "a new member", .message(nil, chat: -100, adding: ["new_chat_members": []]), "ignored"),
    RouteCase("a pin", .message(nil, adding: ["pinned_message": [:]]), "ignored"),
    RouteCase("a payment", .message(nil, adding: payment), "payment c"),
    RouteCase(
      "a refund", .message(nil, adding: ["refunded_payment": payment["successful_payment"] ?? 0]),
      "refunded c"),
    RouteCase(
      "a subscription", kind: "subscription",
      ["user": .user(42), "invoice_payload": "p", "state": "canceled"], "subscription canceled"),
    RouteCase(
      "a block", kind: "my_chat_member", .member(from: "member", to: "kicked"),
      "reachable false 42"),
    RouteCase(
      "a block that is lifted", kind: "my_chat_member", .member(from: "kicked", to: "member"),
      "reachable true 42"),
    RouteCase(
      "a group that lets the bot in", kind: "my_chat_member",
      .member(from: "left", to: "member", chat: -100), "rights changed in -100"),
    RouteCase("a press", kind: "callback_query", .press("projects:1"), "button projects:1"),
    RouteCase(
      "a press without data", kind: "callback_query",
      [
        "id": "1", "from": .user(42),
        "message": ["message_id": 8, "chat": .chat(42), "date": 0],
      ], "ignored"),
    RouteCase(
      "a press without its message", kind: "callback_query",
      ["id": "1", "from": .user(42), "data": "x"], "ignored"),
    RouteCase(
      "a payment about to be made", kind: "pre_checkout_query",
      [
        "id": "1", "from": .user(42), "currency": "XTR", "total_amount": 1, "invoice_payload": "p",
      ], "preCheckout p"),
    RouteCase("an unknown kind", kind: "new_kind", ["a": [1, 2]], "ignored"),
    RouteCase("an unknown kind of another form", kind: "new_kind", "text", "ignored"),
  ]

  private static func reply(to user: Int64) -> [String: JSONValue] {
    [
      "reply_to_message": [
        "message_id": 3, "chat": .chat(-100), "date": 0, "from": .user(user),
      ]
    ]
  }

  private static let payment: [String: JSONValue] = [
    "successful_payment": [
      "currency": "XTR", "total_amount": 1, "invoice_payload": "p",
      "telegram_payment_charge_id": "c", "provider_payment_charge_id": "c",
    ]
  ]

  @Test(arguments: words + noCommands + passedOn + group + attachments + rich + others)
  func isFoundFromTheUpdateAlone(route: RouteCase) throws {
    #expect(try shape(route.kind, route.value) == route.route)
  }

  @Test func leadsBackToTheTopicAndTheMessageInAGroup() throws {
    let json = ReceivedUpdate.update(
      1, "message",
      .message("@devbot x", chat: -100, adding: ["message_thread_id": 5, "is_topic_message": true])
    ).json
    let update = try Update(json: json)
    guard case .text(_, let sender) = Route(update, bot: .bot) else {
      Issue.record("another route")
      return
    }
    #expect(sender.chatID == -100 && sender.threadID == 5 && sender.replyTo == 7)
    #expect(!sender.isPrivate)
  }
}

extension JSONValue {
  /// A change of the bot's own membership.
  static func member(
    from old: String, to new: String, chat: Int64 = 42
  ) -> JSONValue {
    let bot: JSONValue = ["id": .integer(FakeTelegram.botID), "is_bot": true, "first_name": "Dev"]
    return [
      "chat": .chat(chat), "from": .user(42), "date": 1_800_000_000,
      "old_chat_member": ["status": .string(old), "user": bot],
      "new_chat_member": ["status": .string(new), "user": bot],
    ]
  }
}
