import Foundation
import KillPoints
import LanguageModels
import Ledger
import Logging
package import Messaging
import Metering
import TelegramBotAPI

/// What is set aside for a call, or why there is none.
extension ModelOrchestrator {
  /// A hold outlives the provider's own deadline by far; one past this has been forgotten by
  /// whoever took it, and may be voided.
  static let holdLifetime: TimeInterval = 15 * 60
  /// What a provider is asked to count for one person, though it costs nothing: so many prompts a
  /// minute.
  package static func countsOfPerson(
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) -> RateOfPerson {
    RateOfPerson(atMost: 20, in: .seconds(60), now: now)
  }

  /// What the house bears of anybody's calls in a day: 0.50 USD. Calls that end without an answer
  /// are free, so without a bound whoever knows how to bring them about could spend ours for ever.
  static let lossPerDay = NanoDollars(500_000_000)
  /// It bears more of those who pay: this part of what they paid in that time.
  private static let lossPartOfPaid = (divisor: Int64(10), time: TimeInterval.day * 30)

  /// Takes a place, and the hold with it; without a free place, nothing is held.
  func takePlaceAndHold(
    for work: Work, of account: UserAccount, in tx: LedgerTransaction
  ) throws -> Beginning {
    var work = work
    let isPayer = try tx.payments.stars(paidBy: account.id, since: .distantPast) > 0
    work.place = environment.places.take(forPayer: isPayer)
    guard work.place != nil else { return .noPlace(work, isPayer: isPayer) }
    return try takeHold(for: work, of: account, in: tx)
  }

  /// Begins once there is a place; `nil` if there will be none, as the process stops.
  func beginInPlace(_ work: Work, isPayer: Bool) async throws -> Beginning? {
    var work = work
    work.place = await environment.answers.untilStopped(work.updateID) { [environment] in
      await environment.places.wait(forPayer: isPayer)
    }
    guard work.place != nil || environment.answers.isStopped(work.updateID) else {
      Logger.current.notice("An update waits for a call, and is left to the next start.")
      return nil
    }
    return try await environment.writer.write(for: "taking a hold") { [work] tx in
      guard let account = try tx.users.find(telegramUserID: work.sender.user.id) else {
        return try refuseErased(work, in: tx)
      }
      return try takeHold(for: work, of: account, in: tx)
    }
  }

  /// - Parameter counted: The provider's own count of the prompt's tokens, if it was asked.
  func takeHold(
    for work: Work, of account: UserAccount, inputTokens counted: Int? = nil,
    in tx: LedgerTransaction
  ) throws -> Beginning {
    guard !environment.answers.isStopped(work.updateID) else {
      return try refuse(work, "Stopped before I had begun; it cost you nothing.", in: tx)
    }
    guard environment.selling.isOpen else {
      return try refuse(
        work,
        "I cannot take paid requests right now; I have noted it for my operator. Try again later.",
        in: tx)
    }
    if !work.sender.isPrivate, try tx.refusingChats.contains(work.sender.chatID) {
      return try refuse(
        work,
        """
        I am not allowed to write in that group, so I start nothing there. Let me write in it, or \
        ask me here in private.
        """,
        in: tx)
    }
    guard let turn = try turn(of: work, account, in: tx) else {
      return try refuse(work, Self.answerIsForgotten, in: tx)
    }
    let choice = try choice(for: work, of: account, in: tx)
    var (request, prompt): (CreditHoldService.Request, Prompt)
    do {
      (request, prompt) = try prepare(work, turn, choice, for: account, in: tx)
    } catch let error as LedgerError {
      return try refuse(
        work, "The model for this is not available right now; I have noted it for my operator.",
        because: error, in: tx)
    }
    let bound = request.inputTokensBound
    request.inputTokensBound = min(counted ?? bound, bound)
    request.most = try leftToday(choice.preferences, account, in: tx)
    do {
      switch try limited(request, of: work, account, isCounted: counted != nil, in: tx) {
      case .take(let limited): request = limited
      case .count: return .tooDear(work, prompt, choice.model, bound: bound)
      case .ask(let amount): return try ask(work, upTo: amount, in: tx)
      }
      let hold = try holds(in: tx).take(request, of: account)
      prompt.maximumOutputTokens = hold.outputTokensCap
      return .call(
        PaidCall(
          work: work, turn: turn, account: account, choice: choice, price: request.price,
          prompt: prompt, hold: hold))
    } catch LedgerError.lossBoundPassed {
      return try refuse(
        privately: work,
        """
        Several of your requests were stopped or ended without an answer today, at my expense, and \
        this one could cost more than I can add to that. Please try again later, tomorrow at the \
        latest, or ask for something smaller.
        """,
        in: tx)
    } catch LedgerError.insufficientCredits(let shortfall) {
      let mayFit = counted == nil && holds(in: tx).mayFit(request, of: account)
      guard !mayFit else { return .tooDear(work, prompt, choice.model, bound: bound) }
      let least = try shortfall.adding(request.payable(by: account))
      if let limit = choice.preferences.limit.today, least <= account.available {
        return try refuse(work, least, above: limit, left: request.most ?? limit, in: tx)
      }
      return try refuse(work, inNeedOf: try least.subtracting(account.available), account, in: tx)
    }
  }

  /// Begins once more with the provider's own count. Without one, the bound by bytes stands.
  func beginCounted(
    _ work: Work, _ prompt: Prompt, of model: ModelID, bound: Int
  ) async throws -> Beginning {
    let mayCount = environment.counts.allows(work.sender.user.id)
    let count =
      mayCount
      ? await environment.answers.untilStopped(work.updateID) { [environment] in
        try? await environment.llm.countTokens(prompt, model: model)
      } : nil
    return try await environment.writer.write(for: "taking a hold") { tx in
      guard let account = try tx.users.find(telegramUserID: work.sender.user.id) else {
        return try refuseErased(work, in: tx)
      }
      return try takeHold(for: work, of: account, inputTokens: count ?? bound, in: tx)
    }
  }

  func refuseErased(_ work: Work, in tx: LedgerTransaction) throws -> Beginning {
    try refuse(work, "Your account is erased; /start opens a new one.", in: tx)
  }

  /// In a group, why not is nobody else's business.
  func refuse(
    privately work: Work, _ reason: String, in tx: LedgerTransaction
  ) throws -> Beginning {
    try refuse(work, work.sender.isPrivate ? reason : Self.notInGroup.text, in: tx)
  }

  /// What is said in a group instead of what is between the bot and one person: that they have no
  /// account, too few credits, or are blocked.
  package static let notInGroup = Reply(
    "I cannot answer you here. Please ask me the same in a private chat; there I can say why.")

  func refuse(
    _ work: Work, _ reason: String, because error: LedgerError? = nil, in tx: LedgerTransaction
  ) throws -> Beginning {
    try finish(work, with: Reply(reason), in: tx)
    return .refused(because: error)
  }

  func lossBound(of account: UserAccount, in tx: LedgerTransaction) throws -> NanoDollars {
    let (divisor, time) = Self.lossPartOfPaid
    let stars = try tx.payments.stars(paidBy: account.id, since: tx.now - time)
    let paid = try environment.usdPerStar.times(stars).nanoDollars()
    return max(Self.lossPerDay, NanoDollars(paid.count / divisor))
  }

  private func prepare(
    _ work: Work, _ turn: Turn, _ choice: Choice, for account: UserAccount,
    in tx: LedgerTransaction
  ) throws -> (CreditHoldService.Request, Prompt) {
    let price = try tx.pricing.sold(choice.model)
    _ = try Rates(price.tariff)
    let project = try turn.conversation.projectID.flatMap { try tx.projects.find($0) }
    let context = turn.context.messages
    let question = work.replied?.question(work.text, after: context) ?? work.text
    var prompt = Prompt(
      system: Self.instructions(for: work.task, project, choice.preferences.answerLength),
      messages: context + [Prompt.Message(.user, question)],
      maximumOutputTokens: choice.preferences.answerLength.outputCap(for: work.task))
    // The dearest prices that the hold reckons with; OpenRouter picks no provider above them.
    let ceiling = try price.tariff.ceiling(inputTokens: prompt.inputTokenBound)
    prompt.priceCeiling = Prompt.PriceCeiling(input: ceiling.input, output: ceiling.output)
    var request = CreditHoldService.Request(
      userID: account.id, projectID: project?.id, work: work.ledgerName,
      taskType: work.task.rawValue, price: price, inputTokensBound: prompt.inputTokenBound,
      inputTokensEstimate: prompt.inputTokenEstimate, outputCap: prompt.maximumOutputTokens,
      deadline: tx.now.addingTimeInterval(Self.holdLifetime),
      lossBound: try lossBound(of: account, in: tx))
    if environment.llm.takesThinkingBudget(price.model) {
      let budget = min(
        choice.preferences.effort.thinkingBudget(for: work.task), request.outputCap / 2)
      prompt.thinkingBudget = budget
      request.minimumOutputTokens = budget + TaskType.outputBesideThoughts
    }
    return (request, prompt)
  }

  private static func instructions(
    for task: TaskType, _ project: Project?, _ length: Preferences.AnswerLength
  ) -> String {
    let instructions = task.instructions + (length.instruction.map { " \($0)" } ?? "")
    guard let project else { return instructions }
    let tasks = project.todo.map { "\nIts task list:\n\($0)" } ?? ""
    return instructions + "\n\nThe project at hand is called \"\(project.title)\"." + tasks
  }
}
