package import Assistant
import Foundation
import GRDB
import Installation
package import LanguageModels
package import Ledger
import Logging
package import Messaging
import Metering

/// Keeps the prices of OpenRouter's models as its own list has them, once a day.
package struct PriceSync: PeriodicService {
  static let pause = Duration.seconds(TimeInterval.day)
  /// After a failure; prices do not change by the minute.
  static let pauseAfterFailure = Duration.seconds(3_600)

  private let catalog: OpenRouterCatalog
  private let models: @Sendable () -> ModelAssignment
  private let alerts: OperatorAlerts
  private let writer: LedgerWriter

  /// - Parameter models: Those in use; what becomes of their prices, the administrators are told.
  package init(
    _ catalog: OpenRouterCatalog, models: @escaping @Sendable () -> ModelAssignment,
    alerts: OperatorAlerts, writer: LedgerWriter
  ) {
    self.catalog = catalog
    self.models = models
    self.alerts = alerts
    self.writer = writer
  }

  package func round() async -> Duration {
    do {
      try await takeOver()
      return Self.pause
    } catch {
      if !Task.isCancelled {
        Logger.current.warning(
          "OpenRouter's prices cannot be taken over; trying again.",
          metadata: ["error": "\(error)", "wait": "\(Self.pauseAfterFailure)"])
      }
      return Self.pauseAfterFailure
    }
  }

  /// - Throws: `PriceListError`, and errors of the database that no waiting mends.
  func takeOver() async throws {
    let list = try await catalog.prices(allowFree: false)
    let inUse = models().all
    let plan = try await writer.write(for: "taking OpenRouter's prices over") { tx in
      let plan = try PricePlan(list, .known(inUse: inUse), in: tx)
      try plan.apply(in: tx)
      try tell(ofDoubtful: plan.doubtful.filter { inUse.contains($0.model) }, in: tx)
      return plan
    }
    log(plan)
    await tell(of: plan, inUse)
  }

  private func log(_ plan: PricePlan) {
    for change in plan.changes {
      for move in change.moves {
        Logger.current.notice(
          "A price has changed.",
          metadata: [
            "model": "\(change.model)", "price": "\(move.part)", "old": "\(move.old ?? "none")",
            "new": "\(move.new ?? "none")", "change": "\(move.percentText)",
          ])
      }
    }
    for change in plan.doubtful {
      Logger.current.warning(
        "A listed price is odd and waits for: pricing sync openrouter --yes.",
        metadata: [
          "model": "\(change.model)", "reason": "\(change.doubts.joined(separator: "; "))",
        ])
    }
    for refusal in plan.refusals {
      Logger.current.warning(
        "A listed price is not taken over; the one there was stays.",
        metadata: ["model": "\(refusal.model)", "reason": "\(refusal.reason)"])
    }
    for model in plan.unlisted {
      Logger.current.warning("OpenRouter does not list a model.", metadata: ["model": "\(model)"])
    }
    for (model, day) in plan.endings {
      Logger.current.warning(
        "OpenRouter says when a model ends.", metadata: ["model": "\(model)", "day": "\(day)"])
    }
    Logger.current.info(
      "Compared the prices with OpenRouter's list.",
      metadata: ["changed": "\(plan.changes.count)", "unchanged": "\(plan.unchanged)"])
  }

  /// Once for each price that is proposed, whatever becomes of the process.
  private func tell(ofDoubtful changes: [PricePlan.Change], in tx: LedgerTransaction) throws {
    let told = ToldPrices(tx)
    let news = try changes.filter { try told.note($0) }
    guard !news.isEmpty else { return }
    let sentences = news.map { "\($0.model): " + $0.doubts.joined(separator: "; ") }
    try alerts.queue(
      "OpenRouter's list has odd prices for models in use, in USD per million tokens; those there "
        + "stay. \(sentences.joined(separator: ". ")). If a price is right, type: "
        + "\(Installation.current.program) pricing sync openrouter --model NAME --yes.", in: tx)
  }

  private func tell(of plan: PricePlan, _ inUse: Set<ModelID>) async {
    let moves = plan.changes.filter { inUse.contains($0.model) }.flatMap { change in
      change.moves.filter(\.isLarge).map { move in
        "\(change.model), \(move.part): \(move.old ?? "-") → \(move.new ?? "-") "
          + "(\(move.percentText))"
      }
    }
    if !moves.isEmpty {
      await alerts.raise(
        .priceMove,
        "Prices in use have moved by more than 10 %, in USD per million tokens: "
          + moves.joined(separator: "; ") + ". Calls take them from now on.")
    }
    let flaws =
      plan.refusals.filter { inUse.contains($0.model) }.map { "\($0.model): \($0.reason)" }
      + plan.unlisted.filter(inUse.contains).map { "\($0): it is not listed" }
    if !flaws.isEmpty {
      await alerts.raise(
        .priceList,
        "OpenRouter's list gives no usable price for a model in use; the price there was stays. "
          + flaws.joined(separator: "; ") + ".")
    }
  }
}

extension OpenRouterCatalog {
  /// What its models cost.
  ///
  /// - Throws: `PriceListError.unavailable` if there is no answer, `unreadable` if it is no
  ///   list.
  package func prices(allowFree: Bool) async throws(PriceListError) -> PriceList {
    let json: Data
    do {
      json = try await models()
    } catch {
      let status = error.report.status.map { " (status \($0))" } ?? ""
      throw .unavailable(
        "OpenRouter's list of models cannot be fetched: \(Self.sentence(of: error.reason))\(status)"
      )
    }
    return try OpenRouterPriceList.read(json, allowFree: allowFree)
  }

  private static func sentence(of reason: LanguageModelError.Reason) -> String {
    switch reason {
    case .unreachable: "it cannot be reached; check the network and OPENROUTER_BASE_URL"
    case .connectionLost: "the connection was lost before all of it had come; try again"
    case .timedOut: "it has not answered in time; try again later"
    case .providerOverloaded: "OpenRouter is overloaded; try again in some minutes"
    case .providerFailed: "OpenRouter has a fault of its own; try again later"
    case .rateLimited: "OpenRouter was asked too often; try again in some minutes"
    case .notTheAPI:
      "something else answers in its place; check the network and OPENROUTER_BASE_URL"
    case .modelUnknown: "there is none at that address; check OPENROUTER_BASE_URL"
    case .answerMalformed: "the answer is too long to be it; check OPENROUTER_BASE_URL"
    default: "OpenRouter refuses the request"
    }
  }
}
