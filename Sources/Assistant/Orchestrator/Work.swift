package import Foundation
package import Ledger
package import Messaging

/// A paid request: what one update asks a model for.
package struct Work: Sendable {
  package var updateID: Int64
  package var receivedAt: Date
  package var sender: Address
  package var task: TaskType
  package var text: String
  /// What it replies to.
  package var replied: RepliedMessage?
  package var position: Position
  /// Its place among the calls under way, from the moment at which a call may begin.
  var place: CallPlace?

  package init(
    updateID: Int64, receivedAt: Date, sender: Address, task: TaskType, text: String,
    replied: RepliedMessage? = nil, position: Position = .end
  ) {
    self.updateID = updateID
    self.receivedAt = receivedAt
    self.sender = sender
    self.task = task
    self.text = text
    self.replied = replied
    self.position = position
  }

  /// Where in the conversation it stands. An exchange is named by its update.
  package enum Position: Sendable, Equatable {
    /// After all that was said.
    case end
    /// After that answer; what came later does not go along.
    case after(Int64)
    /// Where that answer was cut off.
    case goingOn(from: Int64)
    /// In place of that exchange.
    case inPlace(of: Int64)
  }

  /// Names the work in the ledger; a hold's id adds the attempt.
  var ledgerName: String { "\(Self.ledgerName(ofUpdate: updateID)):\(task.rawValue)" }

  /// Names all the work of an update.
  package static func ledgerName(ofUpdate id: Int64) -> String { "upd\(id)" }

  /// Gives back what was charged for an answer that reached nobody, and takes the answer from the
  /// conversation and the task list. Returns the amount, or `nil` if nothing was charged.
  package static func takeBack(
    updateID: Int64, terms: BillingTerms, in tx: LedgerTransaction
  ) throws -> Credits? {
    let holds = tx.holds(terms)
    let work = ledgerName(ofUpdate: updateID)
    guard let amount = try holds.refund(work: work, because: "the answer could not be delivered"),
      let userID = try holds.holds(forWork: work).last?.userID
    else { return nil }
    try Conversation.forget(updateID: updateID, ofUser: userID, in: tx)
    try tx.projects.restoreTasks(replacedBy: updateID, ofUser: userID)
    return amount
  }
}
