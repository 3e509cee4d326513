import Foundation
import KillPoints
import LanguageModels
import Ledger
import Messaging
import TelegramBotAPI

/// What is set aside for a call, or why there is none.
extension ModelOrchestrator {
  /// A hold outlives the provider's own deadline by far; one past this has been forgotten by
  /// whoever took it, and may be voided.
  static let holdLifetime: TimeInterval = 15 * 60
  /// What the house bears of one person's calls in a day: 0.25 USD. Calls
  /// that end without an answer are free, so without a limit whoever knows how to bring them about
  /// could spend ours for ever.
  static let houseLossPerDay = NanoDollars(250_000_000)

  /// - Parameter counted: The provider's own count of the prompt's tokens, if it was asked.
  func takeHold(
    for work: Work, of account: UserAccount, inputTokens counted: Int? = nil,
    in tx: LedgerTransaction
  ) throws -> Beginning {
    guard environment.selling.isOpen else {
      return try refuse(
        work,
        "I cannot take paid requests right now; I have noted it for my operator. Try again later.",
        in: tx)
    }
    var (request, prompt): (CreditHoldService.Request, Prompt)
    do {
      (request, prompt) = try prepare(work, for: account, in: tx)
    } catch let error as LedgerError {
      return try refuse(
        work, "The model for this is not available right now; I have noted it for my operator.",
        because: error, in: tx)
    }
    guard try houseStillPays(for: account, in: tx) else {
      return try refuse(
        work,
        """
        Too many of your requests ended without an answer today, all at my expense. Please come \
        back tomorrow.
        """,
        in: tx)
    }
    let bound = request.inputTokensBound
    request.inputTokensBound = min(counted ?? bound, bound)
    do {
      let hold = try holds(in: tx).take(request, of: account)
      prompt.maximumOutputTokens = hold.outputTokensCap
      return .call(
        PaidCall(work: work, account: account, price: request.price, prompt: prompt, hold: hold))
    } catch LedgerError.insufficientCredits(let shortfall) {
      guard counted != nil else { return .tooDear(work, prompt, bound: bound) }
      return try refuse(
        work,
        """
        Your credits do not cover this: at least \(shortfall.costText) more are needed, and \
        \(account.available.balanceText) are available. /credits shows how to get more.
        """,
        in: tx)
    }
  }

  /// Begins once more with the provider's own count. Without one, the bound by bytes stands.
  func beginCounted(_ work: Work, _ prompt: Prompt, bound: Int) async throws -> Beginning {
    let model = environment.models[work.task]
    let count = (try? await environment.llm.countTokens(prompt, model: model)) ?? bound
    return try await environment.writer.write(for: "taking a hold") { tx in
      guard let account = try tx.users.find(telegramUserID: work.sender.user.id) else {
        return try refuseErased(work, in: tx)
      }
      return try takeHold(for: work, of: account, inputTokens: count, in: tx)
    }
  }

  func refuseErased(_ work: Work, in tx: LedgerTransaction) throws -> Beginning {
    try refuse(work, "Your account is erased; /start opens a new one.", in: tx)
  }

  private func refuse(
    _ work: Work, _ reason: String, because error: LedgerError? = nil, in tx: LedgerTransaction
  ) throws -> Beginning {
    try finish(work, with: Reply(reason), in: tx)
    return .refused(because: error)
  }

  private func houseStillPays(for account: UserAccount, in tx: LedgerTransaction) throws -> Bool {
    try tx.usage.houseLoss(userID: account.id, since: tx.now - .day) < Self.houseLossPerDay
  }

  private func prepare(
    _ work: Work, for account: UserAccount, in tx: LedgerTransaction
  ) throws -> (CreditHoldService.Request, Prompt) {
    let price = try tx.pricing.sold(environment.models[work.task])
    _ = try Rates(price.tariff)
    let conversation = Conversation(userID: account.id, projectID: account.activeProjectID)
    // What was said in private is not to be told in a group.
    let context = work.sender.isPrivate ? try conversation.context(in: tx) : []
    let project = try account.activeProjectID.flatMap { try tx.projects.find($0) }
    var prompt = Prompt(
      system: Self.instructions(for: work.task, project),
      messages: context + [Prompt.Message(.user, work.text)],
      maximumOutputTokens: work.task.outputCap)
    // The dearest prices that the hold reckons with; OpenRouter picks no provider above them.
    let ceiling = try price.tariff.ceiling(inputTokens: prompt.inputTokenBound)
    prompt.priceCeiling = Prompt.PriceCeiling(input: ceiling.input, output: ceiling.output)
    var request = CreditHoldService.Request(
      userID: account.id, projectID: account.activeProjectID, work: work.ledgerName,
      taskType: work.task.rawValue, price: price, inputTokensBound: prompt.inputTokenBound,
      inputTokensEstimate: prompt.inputTokenEstimate, outputCap: work.task.outputCap,
      deadline: tx.now.addingTimeInterval(Self.holdLifetime))
    if environment.llm.takesThinkingBudget(price.model) {
      prompt.thinkingBudget = work.task.thinkingBudget
      request.minimumOutputTokens = work.task.thinkingBudget + TaskType.outputBesideThoughts
    }
    return (request, prompt)
  }

  private static func instructions(for task: TaskType, _ project: Project?) -> String {
    guard let project else { return task.instructions }
    let tasks = project.todo.map { "\nIts task list:\n\($0)" } ?? ""
    return task.instructions + "\n\nThe project at hand is called \"\(project.title)\"." + tasks
  }
}
