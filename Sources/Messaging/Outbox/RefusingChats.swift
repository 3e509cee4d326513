package import Foundation
import GRDB
package import Ledger

/// The groups that did not take what the bot sent there last, for want of rights: no call is paid
/// for whose answer they would not take either.
package struct RefusingChats {
  /// In seconds. Rights may come back without a word of it.
  package static let rememberedFor: TimeInterval = 3_600

  let tx: LedgerTransaction

  package func contains(_ chatID: Int64) throws -> Bool {
    try Bool.fetchOne(
      tx.db.cachedStatement(
        sql: "SELECT EXISTS (SELECT 1 FROM refusing_chats WHERE chat_id = ? AND refused_at > ?)"),
      arguments: [chatID, oldest]) ?? false
  }

  package func add(_ chatID: Int64) throws {
    try tx.db.run("DELETE FROM refusing_chats WHERE refused_at <= ?", [oldest])
    try tx.db.run(
      "INSERT OR REPLACE INTO refusing_chats (chat_id, refused_at) VALUES (?, ?)",
      [chatID, tx.now.databaseText])
  }

  /// It has taken a message, or the bot's rights there have changed.
  package func remove(_ chatID: Int64) throws {
    try tx.db.run("DELETE FROM refusing_chats WHERE chat_id = ?", [chatID])
  }

  private var oldest: String { tx.now.addingTimeInterval(-Self.rememberedFor).databaseText }
}

extension LedgerTransaction {
  package var refusingChats: RefusingChats { RefusingChats(tx: self) }
}
