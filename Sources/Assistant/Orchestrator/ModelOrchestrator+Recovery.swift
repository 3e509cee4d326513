import Metering
import Foundation
package import GRDB
import LanguageModels
import Ledger
import Logging
import Messaging

/// What becomes of calls that were cut off: by the end of the process, or by a mistake of ours. The
/// person pays nothing, and what the call may have cost is the house's.
extension ModelOrchestrator {
  /// A request cut off by a crash is handled again only while the person may still be waiting.
  private static let retriedFor: TimeInterval = 5 * 60
  /// A clock that is set back makes a hold look older than its update. Ids of updates come again
  /// after a week at the earliest (Bot API, Update).
  private static let clockTolerance = TimeInterval.day

  /// Ends whatever holds the update still has, after a mistake of ours.
  package func abandon(updateID: Int64, in db: Database) throws {
    for hold in try holds.holds(forWork: Work.ledgerName(ofUpdate: updateID), in: db) {
      try void(hold, known: nil, in: db)
    }
  }

  /// Voids holds that outlived their deadline; whoever took them is gone.
  package func voidOverdueHolds() async throws {
    let overdue = try environment.writer.database.read {
      try holds.overdue(at: environment.now(), in: $0)
    }
    for hold in overdue {
      logger.warning("A hold outlived its deadline; voiding it.", metadata: ["hold": "\(hold.id)"])
      let known = await metered(hold)
      try environment.writer.database.write { try void(hold, known: known, in: $0) }
    }
  }

  /// Sorts out calls for the same work that an earlier life of the process began. Returns whether
  /// the work is to be done (again); if not, the person has been told.
  func clearEarlierAttempts(of work: Work) async throws -> Bool {
    // Ids of updates can come again after years; holds of that time are another update's.
    let earlier = try await environment.writer.read(for: "looking for earlier attempts") {
      try holds.holds(forWork: work.ledgerName, in: $0)
    }.filter { $0.createdAt >= work.receivedAt - Self.clockTolerance }
    guard let last = earlier.last else { return true }

    let isYoung = environment.now().timeIntervalSince(work.receivedAt) < Self.retriedFor
    let mayTryAgain = last.sentAt == nil || (earlier.count == 1 && isYoung)
    let known = await metered(last)
    try await environment.writer.write(for: "clearing up after a crash") { db in
      try void(last, known: known, in: db)
      guard !mayTryAgain else { return }
      try finish(
        work,
        with: Reply(
          """
          I was interrupted while I worked on your request, and the answer was lost. It cost you \
          nothing. Please send it again.
          """),
        in: db)
    }
    logger.notice(
      "A call was cut off by the end of the process.",
      metadata: ["hold": "\(last.id)", "again": "\(mayTryAgain)"])
    if !mayTryAgain { environment.wakeSender() }
    return mayTryAgain
  }

  /// Voids the hold, unless it has ended meanwhile: housekeeping and the handling of its update
  /// come upon it side by side. Without a known cost, that of a call that was sent is estimated.
  private func void(_ hold: CreditHold, known: MeteredCall?, in db: Database) throws {
    guard try holds.isPending(hold.id, in: db) else { return }
    let loss =
      try known
      ?? hold.sentAt.map { _ in
        try holds.estimate(of: hold, requestID: hold.requestID, in: db)
      }
    try holds.void(hold.id, loss: loss, at: environment.now(), in: db)
  }

  /// What the provider says a call cut off has used, where it can be asked.
  private func metered(_ hold: CreditHold) async -> MeteredCall? {
    guard hold.state == .pending, let requestID = hold.requestID,
      let usage = try? await environment.llm.usage(
        ofRequest: requestID, provider: hold.model.provider)
    else { return nil }  // Then it is estimated.
    return MeteredCall(
      usage: usage, model: hold.model.name,
      keyIdentifier: "unknown", requestID: requestID, responseMilliseconds: 0)
  }
}
