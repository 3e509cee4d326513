import Assistant
import Builds
import GRDB
package import Ledger
package import Messaging
import Sales

/// Erases all that is known of a person, wherever it stands.
package struct AccountErasure: Sendable {
  private let outbox: Outbox

  package init(outbox: Outbox) {
    self.outbox = outbox
  }

  /// Ends the account, and withdraws what waits to be sent to its owner.
  ///
  /// - Parameter updateID: The update that asks for it, which ends in the same transaction.
  /// - Returns: Telegram is to be told to charge the person no more: to be queued next.
  /// - Throws: `LedgerError.callUnderWay`.
  package func erase(
    _ account: UserAccount, askedBy updateID: Int64, in tx: LedgerTransaction
  ) throws -> [Outgoing] {
    try tx.erasure.erase(account)
    return try eraseWords(of: account, askedBy: updateID, in: tx)
  }

  /// Does it again in an older copy of the file.
  ///
  /// - Parameter terms: Those of today.
  package func eraseAgain(
    _ account: UserAccount, _ terms: BillingTerms, in tx: LedgerTransaction
  ) throws {
    try tx.erasure.eraseAgain(account, terms)
    try outbox.queue(try eraseWords(of: account, askedBy: nil, in: tx), in: tx)
  }

  private func eraseWords(
    of account: UserAccount, askedBy updateID: Int64?, in tx: LedgerTransaction
  ) throws -> [Outgoing] {
    let person = account.telegramUserID
    try Conversation.erase(userID: account.id, in: tx)
    try Preferences.erase(account.id, in: tx)
    try tx.builds.erase(ofUser: account.id)
    try outbox.forgetKept(for: person, in: tx)
    try GrantQuestions.erase(account, in: tx)
    let words = MessageErasure(outbox, in: tx)
    try words.withdraw(try SupportRequests.erase(person, in: tx))
    for purpose in try words.erase(ofPerson: person, askedBy: updateID) {
      guard case .broadcast(let id) = purpose else { continue }
      try BroadcastService(outbox: outbox).count(id, .failed("erased"), in: tx)
    }
    return try SubscriptionCancellation(outbox: outbox).cancellations(of: account, in: tx)
  }
}
