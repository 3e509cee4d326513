import Foundation
import GRDB
import LanguageModels
package import Ledger
import Logging
import Messaging
import Metering
import TelegramBotAPI

/// What becomes of calls that were cut off: by the end of the process, or by a mistake of ours. The
/// person pays nothing, and what the call may have cost is the house's.
extension ModelOrchestrator {
  /// A request cut off by a crash is handled again only while the person may still be waiting.
  private static let retriedFor: TimeInterval = 5 * 60
  /// A clock that is set back makes a hold look older than its update. Ids of updates come again
  /// after a week at the earliest (Bot API, Update).
  private static let clockTolerance = TimeInterval.day

  /// Ends whatever holds the update still has, after a mistake of ours.
  package func abandon(updateID: Int64, in tx: LedgerTransaction) throws {
    for hold in try holds(in: tx).holds(forWork: Work.ledgerName(ofUpdate: updateID)) {
      // Whoever can bring such a mistake about again and again is not to do it at our expense.
      try void(hold, known: nil, because: .failedCall, in: tx)
    }
  }

  /// Voids holds that outlived their deadline; whoever took them is gone.
  package func voidOverdueHolds() async throws {
    let overdue = try environment.writer.read { try holds(in: $0).overdue() }
    for hold in overdue {
      Logger.current.warning(
        "A hold outlived its deadline; voiding it.", metadata: ["hold": "\(hold.id)"])
      let known = await metered(hold)
      try environment.writer.writeAtOnce {
        try void(hold, known: known, because: .interrupted, in: $0)
      }
    }
  }

  /// The last call for the same work that an earlier life of the process began, and whether it was
  /// the only one.
  func earlierAttempt(
    at work: Work, in tx: LedgerTransaction
  ) throws -> (last: CreditHold, isOnly: Bool)? {
    // Ids of updates can come again after years; holds of that time are another update's.
    let earlier = try holds(in: tx).holds(forWork: work.ledgerName)
      .filter { $0.createdAt >= work.receivedAt - Self.clockTolerance }
    return earlier.last.map { ($0, earlier.count == 1) }
  }

  /// Sorts that call out, and begins the work again if the person may still be waiting; if not,
  /// they are told.
  func beginAgain(
    _ work: Work, after last: CreditHold, isOnly: Bool
  ) async throws -> Beginning {
    let isYoung = environment.writer.now.timeIntervalSince(work.receivedAt) < Self.retriedFor
    // A hold of an older version may not have been sent.
    let mayTryAgain = last.sentAt == nil || (isOnly && isYoung)
    let known = await metered(last)
    let beginning = try await environment.writer.write(for: "clearing up after a crash") { tx in
      try void(last, known: known, because: .interrupted, in: tx)
      guard mayTryAgain else {
        try finish(work, with: Self.lost, in: tx)
        return Beginning.refused()
      }
      guard let account = try tx.users.find(telegramUserID: work.sender.user.id) else {
        return try refuseErased(work, in: tx)
      }
      return try takePlaceAndHold(for: work, of: account, in: tx)
    }
    Logger.current.notice(
      "A call was cut off by the end of the process.",
      metadata: ["hold": "\(last.id)", "again": "\(mayTryAgain)"])
    return beginning
  }

  private static let lost = Reply(
    """
    I was interrupted while I worked on your request, and the answer was lost. It cost you \
    nothing. Please send it again.
    """)

  /// Voids the hold, unless it has ended meanwhile: housekeeping and the handling of its update
  /// come upon it side by side. Without a known cost, that of a call that was sent is estimated.
  func void(
    _ hold: CreditHold, known: MeteredCall?, because cause: CallLoss.Cause,
    in tx: LedgerTransaction
  ) throws {
    guard try holds(in: tx).isPending(hold.id) else { return }
    let loss =
      try known
      ?? hold.sentAt.map { _ in
        try holds(in: tx).estimate(of: hold, requestID: hold.requestID)
      }
    try holds(in: tx).void(hold.id, loss: loss, because: cause)
  }

  /// What the provider says a call cut off has used, if it can be asked.
  func metered(_ hold: CreditHold) async -> MeteredCall? {
    guard hold.state == .pending, let requestID = hold.requestID,
      let usage = try? await environment.llm.usage(
        ofRequest: requestID, provider: hold.model.provider)
    else { return nil }  // Then it is estimated.
    return MeteredCall(
      usage: usage, model: hold.model.name,
      keyIdentifier: "unknown", requestID: requestID, responseMilliseconds: 0)
  }
}
