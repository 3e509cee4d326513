@testable import Bot
import Foundation
import HTTPTransport
import JSONReading
import Ledger
@testable import Messaging
import Sales
@testable import TelegramBotAPI

/// An answer to getUpdates, from its bytes to what each update asks for; or one to
/// getStarTransactions, to what each entry is.
enum UpdateTarget {
  private static let token = "123456:ABC-DEF"
  private static let bot = User(
    id: 123_456, isBot: true, firstName: "Dev", username: "aidevbot")

  static func run(_ input: [UInt8]) {
    let response = Response(input)
    checkMembers(of: Array(response.body))
    do {
      let answer = try TelegramAnswer(
        HTTPResponse(head: response.head, body: response.body), to: "getUpdates", hiding: token)
      _ = answer.messageID
      _ = try? answer.decoded("getMe") as User
      _ = try? answer.decoded("getWebhookInfo") as WebhookInfo
      _ = try? answer.decoded("getMyStarBalance") as StarAmount
      checkStars(of: answer)
      checkElements(of: answer)
      for update in try answer.updates("getUpdates").updates { check(update) }
    } catch {
      check(error)
    }
  }

  private static func check(_ error: TelegramError) {
    demand(!"\(error)".holds(token), "the error holds the token: \(error)")
    if case .tooManyRequests(let wait) = error {
      demand(.seconds(1) ... .seconds(3600) ~= wait, "the wait is \(wait)")
    }
  }

  private static func checkStars(of answer: TelegramAnswer) {
    let list = try? answer.decoded("getStarTransactions") as StarTransactions
    for transaction in list?.transactions ?? [] {
      let entry = StarStatement.Entry(transaction)
      demand(entry.isIncoming == (transaction.receiver == nil), "the direction of \(entry.id)")
      demand(entry.happenedAt.databaseText.count == 23, "the time of \(entry.id)")
      if case .payment(let payer, _, _) = entry.kind {
        demand(entry.isIncoming && payer == transaction.source?.user?.id, "another payer")
      }
    }
  }

  private static func check(_ received: ReceivedUpdate) {
    demand(received.id < .max, "the update's id has no successor")
    guard let update = try? Update(json: received.json) else { return }
    demand(update.id == received.id, "\(received.id) was read as \(update.id)")
    let stored = Data(String(decoding: received.json, as: UTF8.self).utf8)
    demand(
      (try? Update(json: stored)) == update,
      "the inbox would give back another update than came")
    check(Route(update, bot: bot), of: update)
  }
}

// MARK: - Slices

extension UpdateTarget {
  /// What Foundation takes for sound, the slicer must slice, and in the same places.
  private static func checkMembers(of bytes: [UInt8]) {
    guard let object = foundation(bytes) as? [String: Any] else { return }
    let members = try? JSONSlicer.members(of: bytes)
    // The same name can be there twice.
    demand(members?.count ?? -1 >= object.count, "a member is not found")
  }

  private static func checkElements(of answer: TelegramAnswer) {
    let bytes = answer.bytes
    guard let array = foundation(Array(bytes[answer.result])) as? [Any] else { return }
    let slices = try? JSONSlicer.elements(of: bytes, in: answer.result)
    demand(slices?.count == array.count, "an element is not found")
    for slice in slices ?? [] {
      demand(foundation(Array(bytes[slice])) != nil, "a slice is not one value")
    }
  }

  /// `nil` also for what Foundation takes although it is no JSON or not in UTF-8: the slicer
  /// refuses a comma before a closing bracket, a byte order mark and other encodings.
  private static func foundation(_ bytes: [UInt8]) -> Any? {
    guard !bytes.contains(0), !bytes.starts(with: [0xEF, 0xBB, 0xBF]),
      String(decoding: bytes, as: UTF8.self).firstMatch(of: /,\s*[}\]]/) == nil
    else { return nil }
    return try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
  }
}

// MARK: - Routes

extension UpdateTarget {
  private static func check(_ route: Route, of update: Update) {
    switch route {
    case .command(let name, let argument, let sender):
      demand(name == name.lowercased() && !name.contains(" "), "the command \(name)")
      demand(isTrimmed(argument), "the argument \(argument)")
      check(sender, of: update)
    case .text(_, let sender), .unreadable(_, let sender), .edited(let sender):
      check(sender, of: update)
    case .unseen(_, let words, let sender):
      check(sender, of: update)
      switch words {
      case .command, .text: check(words, of: update)
      default: demand(false, "words beside a photo that ask for \(words)")
      }
    case .payment(_, let paidAt, let sender):
      demand(paidAt.databaseText.count == 23, "the time of a payment")
      check(sender, of: update)
    case .button(_, let query, let sender):
      demand(sender.user == query.from, "another person's button")
    case .subscriptionChanged(let change):
      demand(Route.lane(of: update) == change.user.id, "another person's subscription")
    case .draftStopped(let stopped):
      demand(
        !stopped.chat.isPrivate || Route.lane(of: update) == stopped.chat.id, "another's draft")
    case .preCheckout, .refunded, .reachable, .rightsChanged, .ignored: break
    }
    let turn: Route.Turn =
      switch route {
      case .button, .draftStopped: .press
      case .preCheckout: .atOnce
      case .payment, .refunded, .subscriptionChanged: .money
      case .ignored: Route.turn(of: update)
      default: .inOrder
      }
    demand(Route.turn(of: update) == turn, "out of turn")
  }

  private static func check(_ sender: Address, of update: Update) {
    demand(!sender.user.isBot, "an answer to a bot")
    demand(sender.isPrivate == (sender.replyTo == nil), "an answer to nobody in particular")
    demand(Route.lane(of: update) == sender.user.id, "another person's lane")
  }

  private static func isTrimmed(_ text: String) -> Bool {
    text.first?.isWhitespace != true && text.last?.isWhitespace != true
  }
}
