import Assistant
import Foundation
import GRDB
import Ledger
import Messaging

/// `/settings`: how a person wants to be answered, and what they want to spend in a day at most.
struct SettingsCommand: Command {
  let name = "settings"
  let summary = "Length of answers, cost line, your own daily limit"
  let isPersonal = true
  let models: OfferedModels
  /// Whether the operator lets answers be seen while they are written.
  let isStreaming: Bool

  private static let amounts = ["10", "50", "200"]
  private static let none = "off"

  func respond(to request: CommandRequest, in tx: LedgerTransaction) throws -> CommandResponse {
    let account = try request.account()
    let words = request.argument.lowercased().split(whereSeparator: \.isWhitespace)
      .map(String.init)
    guard !words.isEmpty else { return .reply(try overview(of: account, in: tx)) }
    var preferences = try Preferences.of(account.id, in: tx)
    guard words.count == 2, words[0] == "limit", let limit = Self.limit(words[1]) else {
      return .reply(
        Reply(
          "Send /settings for buttons, /settings limit 50 for a limit of 50 credits a day, or "
            + "/settings limit off for none."))
    }
    preferences.limit.change(to: limit.amount, at: tx.now)
    try preferences.keep(of: account.id, in: tx)
    return .reply(try overview(of: account, in: tx))
  }

  func press(
    _ argument: String, by request: CommandRequest, in tx: LedgerTransaction
  ) throws -> ButtonResponse {
    let account = try request.account()
    let before = try Preferences.of(account.id, in: tx)
    var preferences = before
    let isKnown = Self.change(&preferences, by: argument, at: tx.now)
    if isKnown { try preferences.keep(of: account.id, in: tx) }
    return ButtonResponse(
      notice: isKnown
        ? Self.notice(of: preferences.limit, before: before.limit)
        : "This button has expired. This is how it stands.",
      replacement: try overview(of: account, in: tx))
  }

  private static func notice(
    of limit: Preferences.DailyLimit, before: Preferences.DailyLimit
  ) -> String {
    if limit == before { return "Done." }
    return limit.next == nil
      ? "This limit counts now. You can raise it from tomorrow on."
      : "That counts from tomorrow, 00:00 UTC, on."
  }

  /// Returns whether the words are those of a button.
  private static func change(
    _ preferences: inout Preferences, by argument: String, at now: Date
  ) -> Bool {
    let parts = argument.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return false }
    switch parts[0] {
    case "cost", "streaming":
      guard let isOn = ["on": true, none: false][parts[1]] else { return false }
      if parts[0] == "cost" { preferences.showsCost = isOn } else { preferences.streams = isOn }
    case "length":
      guard let length = Preferences.AnswerLength(rawValue: parts[1]) else { return false }
      preferences.answerLength = length
    case "effort":
      guard let effort = Preferences.Effort(rawValue: parts[1]) else { return false }
      preferences.effort = effort
    case "limit":
      guard let limit = limit(parts[1]) else { return false }
      preferences.limit.change(to: limit.amount, at: now)
    default: return false
    }
    return true
  }

  /// `nil` if it is no limit.
  private static func limit(_ text: String) -> (amount: Credits?, Void)? {
    if text == none { return (nil, ()) }
    guard let amount = try? Credits(parsing: text), amount > .zero,
      amount <= Credits.maximumGift
    else { return nil }
    return (amount, ())
  }

  private func overview(of account: UserAccount, in tx: LedgerTransaction) throws -> Reply {
    let preferences = try Preferences.of(account.id, in: tx)
    let thinks = try TaskType.allCases.contains { task in
      models.takesThinkingBudget(try models.model(for: task, preferences, in: tx).model)
    }
    let effort = thinks ? "\n• Thinking: \(preferences.effort.title)" : ""
    let streams =
      isStreaming
      ? "\n• Answers appear as they are written: \(preferences.streams ? "on" : "off")" : ""
    let text = """
      How I answer you:

      • Cost line under each answer: \(preferences.showsCost ? "on" : "off")
      • Length of answers: \(preferences.answerLength.rawValue)\(effort)\(streams)
      • Your own limit: \(try Self.limitText(preferences.limit, of: account, in: tx))

      A lower limit counts at once, a higher one from tomorrow (UTC). For any other, send \
      /settings limit and a number.
      """
    return Reply(text, buttons: buttons(preferences, thinks: thinks))
  }

  private static func limitText(
    _ limit: Preferences.DailyLimit, of account: UserAccount, in tx: LedgerTransaction
  ) throws -> String {
    guard let today = limit.today else { return "none" }
    let spent = try tx.transactions.spent(by: account.id, from: tx.now.startOfUTCDay)
      .adding(account.held)
    let next = limit.next.map { next in
      "; from \(next.from.dayText) on, 00:00 UTC: "
        + (next.amount.map { "\($0.text) credits" } ?? "none")
    }
    return "\(today.text) credits a day; \(spent.text) spent or reserved today"
      + (next ?? "")
  }

  private func buttons(_ preferences: Preferences, thinks: Bool) -> [Button] {
    func button(_ title: String, _ argument: String) -> Button {
      Button(title, command: name, argument: argument)
    }
    var buttons = [
      preferences.showsCost
        ? button("Cost line: turn off", "cost:off") : button("Cost line: turn on", "cost:on")
    ]
    buttons += Preferences.AnswerLength.allCases.filter { $0 != preferences.answerLength }
      .map { button("Answers: \($0.rawValue)", "length:\($0.rawValue)") }
    if thinks {
      buttons += Preferences.Effort.allCases.filter { $0 != preferences.effort }
        .map { button("Thinking: \($0.title)", "effort:\($0.rawValue)") }
    }
    if isStreaming {
      buttons.append(
        preferences.streams
          ? button("Show answers only when complete", "streaming:off")
          : button("Show answers as they are written", "streaming:on"))
    }
    buttons += Self.amounts.filter { $0 != preferences.limit.today?.description }
      .map { button("Limit: \($0) credits a day", "limit:\($0)") }
    if preferences.limit.today != nil { buttons.append(button("No limit", "limit:\(Self.none)")) }
    return buttons
  }
}

extension Preferences.Effort {
  fileprivate var title: String {
    switch self {
    case .low: "less"
    case .normal: "as usual"
    case .high: "more"
    }
  }
}
