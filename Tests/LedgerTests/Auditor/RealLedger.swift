import Foundation
import GRDB
@testable import Ledger
import Metering

/// The ledger itself, made to answer in the model's words.
struct RealLedger {
  private var terms: BillingTerms

  init(terms: Terms) throws {
    self.terms = try BillingTerms(
      creditValueUSD: terms.creditValue.text, markup: terms.markup.text)
  }

  mutating func perform(_ operation: Operation, in tx: LedgerTransaction) throws -> String {
    do {
      var answer = ""
      try tx.db.inSavepoint {
        answer = try self.answer(to: operation, in: tx)
        return .commit
      }
      return answer
    } catch let error as LedgerError {
      throw error.asRefusal
    }
  }

  private mutating func answer(
    to operation: Operation, in tx: LedgerTransaction
  ) throws -> String {
    switch operation {
    case .register(let person, let grant):
      let (account, isNew) = try tx.users.register(
        Profile(telegramUserID: person), initialGrant: Credits(micro: grant))
      return "account \(account.id) owns \(account.balance.micro), new: \(isNew)"
    case .record(let entry): return try record(entry, in: tx)
    case .setPrice(let model, let prices?):
      let price = try tx.pricing.set(
        ModelID(provider: Self.provider, name: "\(model)"), tariff: Tariff(prices))
      return "price \(price.id)"
    case .setPrice(let model, nil):
      let wasActive = try tx.pricing.deactivate(
        ModelID(provider: Self.provider, name: "\(model)"))
      return wasActive ? "closed" : "nothing to close"
    case .take(let request): return try take(request, in: tx)
    case .settle(let id, let call): return try settle(id, call, payingFor: nil, in: tx)
    case .stop(let id, let call, let least):
      return try settle(id, call, payingFor: MeteredCall(least).usage, in: tx)
    case .void(let id, let loss):
      try void(id, loss, in: tx)
      return "voided"
    case .voidOverdue:
      let overdue = try tx.holds(terms).overdue().sorted { $0.id < $1.id }
      for hold in overdue {
        try void(hold.id, .estimated, in: tx)
      }
      return overdue.map(\.id).description
    case .lookUp(let usage, let call):
      guard let call else {
        try tx.corrections.postpone(Int64(usage))
        return "not known yet"
      }
      let amount = try tx.corrections.correct(Int64(usage), with: MeteredCall(call).usage)
      return amount.map { "gave back \($0.micro)" } ?? "nothing to correct"
    case .refund(let work):
      let amount = try tx.holds(terms).refund(work: work, because: "")
      return amount.map { "gave back \($0.micro)" } ?? "nothing"
    case .setTerms(let terms):
      self = try RealLedger(terms: terms)
      return "set"
    default: return try sell(operation, in: tx)
    }
  }

  private static let provider: ModelProvider = "provider"

  private func record(
    _ entry: Operation.Entry, in tx: LedgerTransaction
  ) throws -> String {
    guard let kind = CreditTransaction.Kind(rawValue: entry.kind) else { return "no such kind" }
    let row = try tx.transactions.record(
      NewTransaction(
        userID: Int64(entry.user), type: kind, amount: Credits(micro: entry.amount),
        idempotencyKey: entry.key, description: ""))
    return """
      journal \(row.id): user \(row.userID) \(row.type.rawValue) \(row.amount.micro) makes \
      \(row.balanceAfter.micro), usage \(row.usageID ?? 0), nano \(row.realCost?.count ?? 0), \
      \(row.idempotencyKey)
      """
  }

  private func take(_ request: Operation.Request, in tx: LedgerTransaction) throws -> String {
    let earlier = try request.version.flatMap { try tx.pricing.price(id: Int64($0)) }
    let price =
      try earlier
      ?? tx.pricing.active(ModelID(provider: Self.provider, name: "\(request.model)"))
    let hold = try tx.holds(terms).take(
      CreditHoldService.Request(
        userID: Int64(request.user), projectID: nil, work: request.work, taskType: "chat",
        price: price, inputTokensBound: request.bound, inputTokensEstimate: request.estimate,
        outputCap: request.cap,
        deadline: tx.now.addingTimeInterval(Double(request.lifetime) / 1_000),
        lossBound: request.lossBound.map { NanoDollars($0) }))
    let size = hold.outputTokensCap < request.cap ? "shrunk to" : "held for"
    return """
      \(size) \(hold.outputTokensCap) tokens: \(hold.amount.micro) as \(hold.id) \
      at price \(hold.priceID)
      """
  }

  private func settle(
    _ id: String, _ call: Operation.Call, payingFor least: TokenUsage?, in tx: LedgerTransaction
  ) throws -> String {
    let settlement = try tx.holds(terms).settle(id, with: MeteredCall(call), payingFor: least)
    try tx.corrections.schedule(holdID: id)
    let part = settlement.forgiven > .zero ? "capped at" : "charged"
    return """
      \(part) \(settlement.charge.micro), forgave \(settlement.forgiven.micro), \
      left \(settlement.balanceAfter.micro)
      """
  }

  private func void(
    _ id: String, _ loss: Operation.Loss, in tx: LedgerTransaction
  ) throws {
    let call: MeteredCall? =
      switch loss {
      case .none: nil
      case .metered(let call): MeteredCall(call)
      case .estimated:
        try CreditHold.first(
          "SELECT \(CreditHold.columns) FROM credit_holds WHERE id = ?", [id], in: tx.db
        ).map { try tx.holds(terms).estimate(of: $0, requestID: nil) }
      }
    let isMetered = if case .metered = loss { true } else { false }
    try tx.holds(terms).void(id, loss: call, because: isMetered ? .failedCall : .interrupted)
    try tx.corrections.schedule(holdID: id)
  }
}

// MARK: - State

extension RealLedger {
  /// Accounts, prices, holds, journal and usage as they stand in the file, a line for each row: the
  /// new rows of what only grows, and what is closed or has ended only where that is asked for.
  static func state(after marks: Marks, endedToo: Bool, in tx: LedgerTransaction) throws -> [String]
  {
    let queries: [(String, StatementArguments)] = [
      (accounts, []), (prices, [endedToo]), (holds, [endedToo]), (ended, []),
      (journal, [marks.journal]), (usage, [marks.usage]), (orders, [endedToo]),
      (payments, [marks.payments]), (refunds, [endedToo]), (endedRefunds, []), (codes, []),
    ]
    return try queries.flatMap { sql, arguments in
      try String.fetchAll(tx.db.cachedStatement(sql: sql), arguments: arguments)
    }
  }

  private static let accounts = """
    SELECT format('account %d of %d: %d, %d held, %s, %s, invited by %d', id, telegram_user_id,
      credit_balance_micro, credit_held_micro, iif(is_returning, 'returning', 'new'),
      iif(blocked_at IS NULL, 'free', 'blocked'), coalesce(referred_by, 0))
    FROM users ORDER BY id
    """
  private static let prices = """
    SELECT format('price %d of %s, %s', id, model_name, iif(is_active, 'active', 'closed'))
    FROM model_pricing WHERE is_active OR ? ORDER BY id
    """
  private static let holds = """
    SELECT format('%s of user %d holds %d for %d tokens at price %d, %s, due %s, %s', id, user_id,
      amount_micro, output_tokens_cap, model_pricing_id, iif(sent_at IS NULL, 'new', 'sent'),
      strftime('%s', deadline_at), state)
    FROM credit_holds WHERE state = 'pending' OR ? ORDER BY rowid
    """
  private static let ended = """
    SELECT format('%d settled, %d voided', count(iif(state = 'settled', 1, NULL)),
      count(iif(state = 'voided', 1, NULL)))
    FROM credit_holds
    """
  private static let journal = """
    SELECT format('journal %d: user %d %s %d makes %d, usage %d, nano %d, %s, at %s', id, user_id,
      transaction_type, credits_amount_micro, balance_after_micro, coalesce(api_key_usage_id, 0),
      coalesce(real_cost_associated_nanousd, 0), idempotency_key, strftime('%s', created_at))
    FROM credit_transactions WHERE id > ? ORDER BY id
    """
  private static let usage = """
    SELECT format('usage %d: %s of user %d at price %d, %s %d in, %d cached, %d written, %d out, '
        || '%d thought, %d images, nano %d, actual %s, table %s, reported %s, %s on %s, '
        || 'forgiven %d, %s pays, at %s, at most %d, booked %d, asked %d times, again %s, '
        || 'loss %d, %s at %s',
      id, hold_id, user_id, model_pricing_id,
      iif(is_estimate, 'perhaps', 'metered'), input_tokens_used, cached_input_tokens,
      cache_write_tokens, output_tokens_used, reasoning_tokens, images_processed,
      actual_cost_nanousd, actual_cost_usd, table_cost_usd,
      coalesce(reported_cost_usd, 'nothing'), markup,
      credit_value_usd, forgiven_micro, charged_to, strftime('%s', created_at),
      coalesce(charge_limit_micro, -1), coalesce(booked_cost_nanousd, -1), look_ups,
      coalesce(strftime('%s', look_up_after), 'never'),
      loss_nanousd, coalesce(loss_cause, 'none'), coalesce(strftime('%s', lost_at), 'never'))
    FROM api_key_usage WHERE id > ? ORDER BY id
    """
}

// MARK: - The ledger's own types

extension MeteredCall {
  fileprivate init(_ call: Operation.Call) {
    self.init(
      usage: TokenUsage(
        inputTokens: call.input, cachedInputTokens: call.cached, cacheWriteTokens: call.written,
        outputTokens: call.output, reasoningTokens: call.reasoning, images: call.images,
        reportedCostUSD: call.reported?.text),
      model: "model", keyIdentifier: "", requestID: call.hasID ? "id" : nil,
      responseMilliseconds: 1, isEstimate: call.isEstimate)
  }
}

extension Tariff {
  fileprivate init(_ prices: Operation.Prices) {
    self.init(
      input: prices.base.input.text, output: prices.base.output.text,
      cachedInput: prices.base.cached?.text,
      cacheWrite: prices.base.written?.text, reasoning: prices.reasoning?.text,
      imageInput: prices.imageRead?.text, imageOutput: prices.imageMade?.text,
      longPrompt: prices.longPrompt.map {
        LongPromptTier(
          threshold: prices.threshold, input: $0.input.text, output: $0.output.text,
          cachedInput: $0.cached?.text, cacheWrite: $0.written?.text)
      })
  }
}

extension LedgerError {
  fileprivate var asRefusal: Refusal {
    switch self {
    case .amountTooLarge: .tooLarge
    case .noActivePrice: Refusal(reason: "no active price")
    case .unusablePrice: Refusal(reason: "unusable price")
    case .insufficientCredits(let shortfall): .short(by: Int128(shortfall.micro))
    case .unknownAccount(let id): Refusal(reason: "no account \(id)")
    case .lossBoundPassed: .lossBound
    case .holdNotPending(let id): Refusal(reason: "not pending: \(id)")
    case .idempotencyKeyReused(let key): Refusal(reason: "used before: \(key)")
    case .unknownPayment: Refusal(reason: "unknown payment")
    case .creditsSpent(let spent, let all):
      Refusal(reason: "spent \(spent.micro) of \(all.micro)")
    case .callUnderWay: Refusal(reason: "call under way")
    case .codeTaken: Refusal(reason: "taken")
    case .malformedAmount, .tooMuchGiven, .unknownUser, .payerErased, .makesImages,
      .unknownCode, .capReached, .unknownBuild:
      Refusal(reason: "unexpected: \(self)")
    }
  }
}
