import Foundation
import Ledger
import Messaging

/// What is held at most, by what the person and the operator want, and what is said where that does
/// not suffice.
extension ModelOrchestrator {
  /// What becomes of a request for a hold.
  enum Limited {
    case take(CreditHoldService.Request)
    /// Not before the provider has counted the prompt.
    case count
    /// Not before the person has said that it may cost so much.
    case ask(upTo: Credits)
  }

  /// What the person's own limit leaves of today; `nil` without one. What is held counts whole.
  func leftToday(
    _ preferences: Preferences, _ account: UserAccount, in tx: LedgerTransaction
  ) throws -> Credits? {
    guard let limit = preferences.limit.today else { return nil }
    let spent = try tx.transactions.spent(by: account.id, from: tx.now.startOfUTCDay)
    return max(.zero, try limit.subtracting(spent).subtracting(account.held))
  }

  /// Whoever was told what it may cost, and has agreed, pays no more than that, whatever they have
  /// by now and whatever it costs.
  /// Where the whole hold is above the share of the balance that is taken without a question, an
  /// answer of modest length is paid for within that share if it can be; else the person is asked.
  /// In a group nobody is asked, since balances are nobody else's business.
  ///
  /// - Throws: `LedgerError.insufficientCredits`, `unusablePrice`.
  func limited(
    _ request: CreditHoldService.Request, of work: Work, _ account: UserAccount, isCounted: Bool,
    in tx: LedgerTransaction
  ) throws -> Limited {
    let holds = holds(in: tx)
    let agreed = try environment.inbox.agreedAmount(of: work.updateID, in: tx)
    guard agreed != nil || work.sender.isPrivate,
      let preferred = try preferred(request, to: work.task, agreed, account, in: tx)
    else { return .take(request) }
    do {
      _ = try holds.size(of: preferred, for: account)
      return .take(preferred)
    } catch LedgerError.insufficientCredits {
      guard isCounted || !holds.mayFit(preferred, of: account) else { return .count }
      return .ask(upTo: try holds.size(of: request, for: account).amount)
    }
  }

  /// The request as it can be paid for within what was agreed, or within the share that is taken
  /// without a question; `nil` where it is to be taken as it is.
  func preferred(
    _ request: CreditHoldService.Request, to task: TaskType, _ agreed: Credits?,
    _ account: UserAccount, in tx: LedgerTransaction
  ) throws -> CreditHoldService.Request? {
    var preferred = request
    if let agreed {
      preferred.most = min(request.payable(by: account), agreed)
      return preferred
    }
    guard let share = environment.notices.askAbove?.of(account.available),
      try holds(in: tx).size(of: request, for: account).amount > share
    else { return nil }
    preferred.most = min(request.payable(by: account), share)
    preferred.minimumOutputTokens += task.modestOutput
    return preferred
  }

  /// Asks before anything is held. "Do it" handles the update again, with the prices of then.
  func ask(_ work: Work, upTo amount: Credits, in tx: LedgerTransaction) throws -> Beginning {
    try environment.inbox.ask(work.updateID, upTo: amount, in: tx)
    let reply = Reply(
      "This may cost up to \(amount.text) credits. Nothing is charged before you say so.",
      buttons: [
        .doIt(work.updateID, upTo: amount),
        Button(
          "Cancel", command: Button.cancelAskedCommand, argument: String(work.updateID)),
      ])
    try finish(work, with: reply, in: tx)
    return .refused()
  }

  /// Whoever has bought need not type their question anew.
  func refuse(
    _ work: Work, inNeedOf shortfall: Credits, _ account: UserAccount, in tx: LedgerTransaction
  ) throws -> Beginning {
    guard work.sender.isPrivate else { return try refuse(work, Self.notInGroup.text, in: tx) }
    let need =
      "Your credits do not cover this: at least \(shortfall.text) more are needed, and "
      + "\(account.available.text) are available"
    let reply =
      environment.offers.isEmpty
      ? Reply(
        "\(need); once you have more, tap below and I will answer it.",
        buttons: [.askAgain(work.updateID)])
      : Reply(
        "\(need); get more below, then tap \u{201C}Ask again\u{201D}.",
        buttons: [.getCredits(for: work.updateID)])
    try environment.inbox.offerAgain(work.updateID, because: .credits, in: tx)
    try finish(work, with: reply, in: tx)
    return .refused()
  }

  /// It would pass what the person wants to spend in a day.
  func refuse(
    _ work: Work, _ least: Credits, above limit: Credits, left: Credits, in tx: LedgerTransaction
  ) throws -> Beginning {
    guard work.sender.isPrivate else { return try refuse(work, Self.notInGroup.text, in: tx) }
    let need =
      "This needs at least \(least.text) credits, and your own limit of \(limit.text) a day leaves "
      + "\(left.text) for today."
    let way =
      least > limit
      ? "Raise it in /settings, which counts from 00:00 UTC on; then"
      : "It starts anew at 00:00 UTC; then"
    let reply = Reply(
      "\(need) \(way) tap \u{201C}Ask again\u{201D} and I will answer it.",
      buttons: [.askAgain(work.updateID)])
    try environment.inbox.offerAgain(work.updateID, because: .credits, in: tx)
    try finish(work, with: reply, in: tx)
    return .refused()
  }
}

extension Button {
  /// Shows what is for sale, and asks the question again that had too few credits.
  static func getCredits(for updateID: Int64) -> Button {
    Button("Get credits", command: "credits", argument: "for \(updateID)")
  }
}

extension TaskType {
  /// What an answer of modest length needs more than the shortest that is of use, in tokens.
  var modestOutput: Int {
    switch self {
    case .chat: 1_024
    case .planning, .coding, .verification: 3_072
    }
  }
}
