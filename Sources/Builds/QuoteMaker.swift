import Assistant
import Foundation
import GRDB
import LanguageModels
import Ledger
import Metering
import Software

/// What a plan will cost, before anybody agrees to it: by its sizes, the models' prices, and what
/// earlier builds took.
struct QuoteMaker {
  private let environment: BuildDriver.Environment

  init(_ environment: BuildDriver.Environment) {
    self.environment = environment
  }

  /// About what a model thinks before it answers, if it does, in tokens.
  private static let thoughts = 1_024
  /// Instructions and plan around the files, in tokens.
  private static let frame = 2_000
  /// How many repairs a task takes, at worst, as a rule.
  private static let repairsOfTask = 1
  /// Builds of before that the figures learn from.
  private static let learnedFrom = 20
  private static let learned = 0.5...3.0
  /// A quote is in tenths of a credit.
  private static let step: Int64 = 100_000

  /// What all of it costs, with what it has cost so far. Chooses the coder, if none is chosen.
  ///
  /// - Throws: `StepRefusal.unsellable`.
  func quote(
    for build: inout Build, _ plan: BuildPlan, in tx: LedgerTransaction
  ) throws -> Build.Quote {
    let models = environment.orchestrator
    if build.cap == nil, let coder = build.coder,
      try !models.offered.all(for: .coding, in: tx).contains(coder)
    {
      // Nothing was agreed to with it.
      build.coder = nil
    }
    if build.coder == nil {
      build.coder = try models.model(for: .coding, ofAccount: build.userID, in: tx)
    }
    if build.planner == nil {
      build.planner = try models.model(for: .planning, ofAccount: build.userID, in: tx)
    }
    guard let coder = build.coder, let planner = build.planner else { throw StepRefusal.ending }
    let (work, repairs, largest) = try sums(
      build, plan, coder: try price(coder, in: tx), planner: try price(planner, in: tx), in: tx)
    let factor = try learnedFactor(in: tx)
    let spent = try tx.builds.spent(on: build.id)
    let low = try spent.adding(work.times(0.7 * factor))
    let high = try spent.adding(try work.adding(repairs).times(1.2 * factor))
    return Build.Quote(
      low: low.roundedUp(to: Self.step), high: high.roundedUp(to: Self.step),
      cap: try high.adding(largest).roundedUp(to: Self.step), factor: factor)
  }

  /// The rest of the plan: what is likely without repairs, what repairs are likely, and the largest
  /// hold of a step.
  private func sums(
    _ build: Build, _ plan: BuildPlan, coder: Priced, planner: Priced, in tx: LedgerTransaction
  ) throws -> (work: Credits, repairs: Credits, largest: Credits) {
    let existing = try tx.builds.files(ofProject: build.projectID)
    let repairTerms = try environment.repairs.applied(to: environment.terms)
    let lines = Dictionary(plan.files.map { ($0.path, $0.lines) }) { first, _ in first }
    var (work, repairs, largest) = (Credits.zero, Credits.zero, Credits.zero)
    for index in plan.tasks.indices where index >= build.taskIndex {
      let written = plan.expectedOutputTokens(task: index, existing: Set(existing.paths))
      let context =
        Self.frame + plan.tasks[index].files.reduce(0) { $0 + 12 * (lines[$1] ?? 80) }
      work = try work.adding(try coder.charge(context, written, environment.terms))
      let repair = try coder.charge(context + written, written / 3, repairTerms)
      for _ in 0..<Self.repairsOfTask { repairs = try repairs.adding(repair) }
      // The bound of a hold counts bytes.
      let size = OutputSize(writing: plan, task: index)
      largest = max(
        largest, try coder.bound(8 * context, size.most, environment.terms))
    }
    let whole = Self.frame + plan.files.reduce(0) { $0 + 12 * $1.lines }
    work = try work.adding(try planner.charge(whole, 800, environment.terms))
    largest = max(largest, try planner.bound(8 * whole, 6_144, environment.terms))
    return (work, repairs, largest)
  }

  private struct Priced {
    var rates: Rates
    var thoughts: Int
    var moment: PriceMoment

    func charge(_ input: Int, _ output: Int, _ terms: BillingTerms) throws -> Credits {
      let usage = TokenUsage(
        inputTokens: input, outputTokens: output + thoughts, reasoningTokens: thoughts)
      return try terms.charge(for: try rates.cost(of: usage, at: moment))
    }

    func bound(_ input: Int, _ output: Int, _ terms: BillingTerms) throws -> Credits {
      try terms.charge(for: try rates.bound(inputTokens: input, outputTokens: output))
    }
  }

  private func price(_ model: ModelID, in tx: LedgerTransaction) throws -> Priced {
    do {
      return Priced(
        rates: try Rates(try tx.pricing.sold(model).tariff),
        thoughts: environment.orchestrator.offered.takesThinkingBudget(model) ? Self.thoughts : 0,
        moment: PriceMoment(tx.now))
    } catch let error as LedgerError {
      throw StepRefusal.unsellable(error)
    }
  }

  /// What builds cost, to what was expected of them by their sizes: the median of the last.
  private func learnedFactor(in tx: LedgerTransaction) throws -> Double {
    let ratios = try Double.fetchAll(
      tx.db,
      sql: """
        SELECT (SELECT -sum(t.credits_amount_micro) FROM credit_transactions t
            JOIN credit_holds h ON h.id = t.hold_id WHERE h.build_id = b.id) * 2.0
          / (b.expected_low_micro + b.expected_high_micro) * b.quote_factor
        FROM builds b
        WHERE b.state = 'delivered' AND b.expected_low_micro + b.expected_high_micro > 0
        ORDER BY b.finished_at DESC LIMIT \(Self.learnedFrom)
        """
    ).sorted()
    guard !ratios.isEmpty else { return 1 }
    return min(max(ratios[ratios.count / 2], Self.learned.lowerBound), Self.learned.upperBound)
  }
}

extension Credits {
  /// About so many times as much: for an expectation, never for a charge.
  fileprivate func times(_ factor: Double) -> Credits {
    Credits(micro: Int64(min(Double(micro) * factor, Double(Int64.max / 4))))
  }

  fileprivate func roundedUp(to step: Int64) -> Credits {
    Credits(micro: (micro + step - 1) / step * step)
  }
}
