import Foundation
import Installation
import KillPoints
import LanguageModels
import Ledger
import Logging
import Messaging
import Metering

/// How a call ends: with a charge, or at the house's expense.
extension ModelOrchestrator {
  func settle(_ call: PaidCall, with answer: Answer) async throws {
    let settlement = try await environment.writer.write(for: "settling a call") { tx in
      let settlement = try settle(call.hold, at: call.price, with: answer, in: tx)
      let tellsOfCut = try keep(answer.text, of: call, in: tx)
      // Half a list is not to take the place of a whole one.
      if call.work.task.updatesTaskList, answer.ending == .complete,
        let project = call.hold.projectID
      {
        let tasks = TaskList(in: try wholeAnswer(answer.text, of: call, in: tx))
        if !tasks.isEmpty {
          try tx.projects.keepTasks(
            tasks, ofProject: project, updateID: call.work.updateID)
        }
      }
      KillPoint.settled.passed()
      let notes = [
        answer.ending.userMessage, tellsOfCut ? Self.cutConversation : nil,
        try noteOfMissingModel(call, in: tx),
      ]
      let reply = reply(answer, settlement, to: call, notes: notes.compactMap(\.self))
      try finish(call.work, with: reply, in: tx)
      if !call.work.sender.isPrivate { try warnInPrivate(call.account, of: settlement, in: tx) }
      // After it, so that it need not wait for them.
      try AnswerMessages.takeButtons(
        from: call.turn.conversation, but: call.work.updateID, outbox: environment.outbox, in: tx)
      if settlement.charge > .zero { try thankForInvitation(of: call.account, in: tx) }
      return settlement
    }
    await report(settlement, answer, of: call.hold)
  }

  /// Charges for what the answer used, in the transaction that keeps it.
  func settle(
    _ hold: CreditHold, at price: ModelPrice, with answer: Answer, in tx: LedgerTransaction
  ) throws -> Settlement {
    let metered = MeteredCall(
      usage: answer.usage.countingImagesOnce(imagesHavePrice: price.tariff.imageOutput != nil),
      model: answer.model, keyIdentifier: answer.keyIdentifier, requestID: answer.requestID,
      responseMilliseconds: answer.responseTime.wholeMilliseconds,
      isEstimate: answer.usageIsEstimate)
    let settlement = try holds(in: tx).settle(
      hold.id, with: metered, payingFor: answer.leastUsage, at: price)
    if answer.usageIsEstimate { try lookUpLater(hold, in: tx) }
    return settlement
  }

  /// In a group, what is left on the account is nobody else's business.
  private func reply(
    _ answer: Answer, _ settlement: Settlement, to call: PaidCall, notes: [String]
  ) -> Reply {
    let work = call.work
    let warning = work.sender.isPrivate ? lowBalanceWarning(settlement) : nil
    let footer =
      call.choice.preferences.showsCost
      ? AnswerFooter.text(
        charge: settlement.charge, balance: work.sender.isPrivate ? settlement.balanceAfter : nil)
      : nil
    let parts =
      (notes + [warning].compactMap(\.self)).map { "(\($0))" }
      + [footer].compactMap(\.self)
    var reply = Reply(
      markdown: answer.text, below: parts.joined(separator: "\n\n"),
      buttons: AnswerButtons.under(work, ending: answer.ending)
        + (warning == nil ? [] : environment.offers))
    reply.isAnswer = true
    reply.richMessages = environment.richMessages
    return reply
  }

  private func lowBalanceWarning(_ settlement: Settlement) -> String? {
    let notices = environment.notices
    guard notices.tells(of: settlement.charge, leaving: settlement.balanceAfter) else { return nil }
    let way =
      environment.offers.isEmpty
      ? "please ask whoever runs this bot for more" : "/buy gets you more"
    return "You have less than \(notices.lowBalance.text) credits left; \(way)."
  }

  /// After an answer in a group, or a call for a build, the person alone is warned.
  func warnInPrivate(
    _ account: UserAccount, of settlement: Settlement, in tx: LedgerTransaction
  ) throws {
    guard let warning = lowBalanceWarning(settlement) else { return }
    let reply = Reply(
      "\(warning) Your balance is \(settlement.balanceAfter.text) credits.",
      buttons: environment.offers)
    try environment.outbox.queue([.message(reply, to: account.telegramUserID)], in: tx)
  }

  func report(_ settlement: Settlement, _ answer: Answer, of hold: CreditHold) async {
    log(
      .info, "A call is paid for.", hold,
      [
        "request": "\(answer.requestID ?? "-")", "credits": "\(settlement.charge)",
        "milliseconds": "\(answer.responseTime.wholeMilliseconds)",
      ])
    for refusal in answer.refusals {
      await report(refusal, of: hold, "A key was refused; another one has served.")
    }
    if answer.usageIsEstimate, ![.timeLimit, .stopped].contains(answer.ending) {
      await tellOfUntoldUsage(hold)
    }
    if settlement.cost.hasDrifted {
      Logger.current.warning(
        "A price has drifted: the provider charges another figure than our price list.",
        metadata: [
          "model": "\(hold.model)", "table_usd": "\(settlement.cost.table)",
          "reported_usd": "\(settlement.cost.actual)",
        ])
      await environment.alerts.raise(
        .priceDrift, of: "\(hold.model)",
        "\(hold.model) costs another figure than our price list says. The provider's counts, "
          + "so no money is lost; mend the list with: \(Installation.current.program) pricing set.")
    }
    // What an estimate comes to above the hold is no fact.
    if settlement.forgiven > .zero, !answer.usageIsEstimate {
      Logger.current.error(
        "A call cost more than was held; the house bears the rest.",
        metadata: ["hold": "\(hold.id)", "forgiven_micro": "\(settlement.forgiven.micro)"])
      await environment.alerts.raise(
        .houseLoss, of: "\(hold.model)",
        "A call to \(hold.model) cost more than was held; "
          + "\(settlement.forgiven.text) credits were forgiven. Check its price.")
    }
  }

  private func tellOfUntoldUsage(_ hold: CreditHold) async {
    log(
      .warning, "The provider has not said what an answer used; it is charged for by estimate.",
      hold)
    await environment.alerts.raise(
      .untoldUsage,
      "\(hold.model) does not say what its answers use; they are charged for by an estimate "
        + "of four bytes a token. Have its server report usage in streams "
        + "(stream_options.include_usage), or choose another model.")
  }

  /// Where its provider may tell later what it used.
  private func lookUpLater(_ hold: CreditHold, in tx: LedgerTransaction) throws {
    guard environment.llm.looksUpUsage(hold.model.provider) else { return }
    try tx.corrections.schedule(holdID: hold.id)
  }

  func void(_ call: PaidCall, because failure: LanguageModelError) async throws {
    await report(failure, of: call.hold)
    try await environment.writer.write(for: "voiding a call") { tx in
      try void(call.hold, because: failure, in: tx)
      KillPoint.voided.passed()
      // Where several wait, it says which one failed.
      var reply = Reply(
        failure.userMessage(inGroup: !call.work.sender.isPrivate) + " It cost you nothing.")
      reply.repliesToQuestion = true
      try finish(call.work, with: reply, in: tx)
    }
  }

  /// Ends the hold of a call without an answer; the house bears what it cost.
  func void(
    _ hold: CreditHold, because failure: LanguageModelError, in tx: LedgerTransaction
  ) throws {
    let loss = try loss(of: hold, failure, in: tx)
    try holds(in: tx).void(
      hold.id, loss: loss, because: try causeOfLoss(of: hold, failure, in: tx))
    if failure.reason == .stopped { try lookUpLater(hold, in: tx) }
  }

  func report(_ failure: LanguageModelError, of hold: CreditHold) async {
    guard failure.reason != .stopped else {
      return log(.info, "A call was stopped before its first word.", hold)
    }
    environment.health.noteFailedCall()
    await report(failure, of: hold, "A call failed.")
  }

  /// A provider's prose stays out of it, since it may repeat what was asked.
  private func report(
    _ failure: LanguageModelError, of hold: CreditHold, _ message: Logger.Message
  ) async {
    var details: Logger.Metadata = [
      "request": "\(failure.requestID ?? "-")", "reason": "\(failure.reason)",
      "key": "\(failure.keyIdentifier ?? "-")",
    ]
    details["status"] = failure.report.status.map { "\($0)" }
    if !failure.report.words.isEmpty {
      details["words"] = "\(failure.report.words.joined(separator: " "))"
    }
    details["said"] = failure.report.sentence.map { "\($0)" }
    log(.warning, message, hold, details)
    guard failure.reason.needsTheOperator else { return }
    let model = hold.model
    await environment.alerts.raise(
      .failingProvider, of: "\(model) \(failure.reasonWord)",
      failure.operatorMessage(model: model))
  }

  /// What a failed call cost us all the same: what the provider metered, or an estimate if it
  /// may have done the work without our seeing it.
  private func loss(
    of hold: CreditHold, _ failure: LanguageModelError, in tx: LedgerTransaction
  ) throws -> MeteredCall? {
    let milliseconds = failure.responseTime.wholeMilliseconds
    if let usage = failure.usage {
      return MeteredCall(
        usage: usage, model: hold.model.name,
        keyIdentifier: failure.keyIdentifier ?? "unknown", requestID: failure.requestID,
        responseMilliseconds: milliseconds, isEstimate: failure.usageIsEstimate)
    }
    guard failure.mayHaveCost else { return nil }
    return try holds(in: tx).estimate(
      of: hold, requestID: failure.requestID, responseMilliseconds: milliseconds,
      isPersonsDoing: failure.reason == .stopped)
  }

  /// Why the house bears it: a provider that answers nobody is not the doing of who asks, and a
  /// call that we stop is ours. With several accounts, somebody could make an outage of their own,
  /// so there is an end to what counts for nobody.
  private func causeOfLoss(
    of hold: CreditHold, _ failure: LanguageModelError, in tx: LedgerTransaction
  ) throws -> CallLoss.Cause {
    switch failure.reason {
    case .cancelled: return .interrupted
    case .timedOut, .unreachable, .connectionLost, .providerFailed, .providerOverloaded:
      // This hold is still pending, and counts as one more.
      let others = try tx.usage.peopleWithoutAnswer(
        from: hold.model.provider, since: tx.now - Self.outageLookBack, besides: hold.userID)
      let isOutage = others + 1 >= Self.peopleInOutage
      let borne = try tx.usage.outageLoss(since: tx.now - .day)
      return isOutage && borne < Self.outageLossPerDay ? .outage : .failedCall
    default: return .failedCall
    }
  }

  /// In seconds: calls of before say nothing of the provider's health now.
  private static let outageLookBack: TimeInterval = 15 * 60
  /// So many people in a row without an answer have met a fault of the provider.
  private static let peopleInOutage = 3
  /// 5 USD: what of a day counts for nobody because of outages.
  private static let outageLossPerDay = NanoDollars(5_000_000_000)
}

extension Duration {
  fileprivate var wholeMilliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
