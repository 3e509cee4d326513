/// What calls used, cost and brought: all of them, or those of one day, person, model, task or
/// project.
package struct UsageSummary: Sendable, Equatable {
  package enum Grouping: String, Sendable, CaseIterable {
    case day
    case user
    case model
    case task
    case project
  }

  /// The day in UTC, the person's id on Telegram, `PROVIDER/MODEL`, the task, or the project's id;
  /// `nil` for calls that belong to no project.
  package var key: String?
  /// The person's or the project's, if there is one.
  package var name: String?
  package var calls = 0
  package var inputTokens: Int64 = 0
  package var outputTokens: Int64 = 0
  /// The part that the house bears is in it.
  package var realCost = NanoDollars.zero
  /// Less what was given back for answers that reached nobody.
  package var charged = Credits.zero
  /// The charged credits at the credit value of their time.
  package var chargedValue = NanoDollars.zero
  /// What the house bears of the real cost: calls that failed or were lost, answers that reached
  /// nobody, and what was above the hold.
  package var houseLoss = NanoDollars.zero
  /// Milliseconds until the answer, by nearest rank; `nil` if no call's time is known.
  package var medianLatency: Int64?
  package var latency95: Int64?

  package var margin: NanoDollars { chargedValue &- realCost }
}
