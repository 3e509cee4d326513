import GRDB
package import Ledger

/// Questions that were not answered and may be asked again by one tap: the update itself is handled
/// once more, so that there is no second copy of its words.
extension Inbox {
  /// Why a question was not answered.
  package enum Hindrance: String, Sendable {
    /// It came with something that the bot cannot see, or is an edit of what was answered.
    case unseen
    /// It cost more credits than there were.
    case credits
  }

  /// What asking again comes to.
  package enum Again: Sendable {
    case asked(StoredUpdate)
    case underWay
    /// It is another person's.
    case isOthers
    /// It was asked again before, or there is no such offer.
    case notOffered
    /// Its row has been pruned or emptied.
    case forgotten
  }

  /// Keeps that the update, which ends in the same transaction, may be asked again.
  package func offerAgain(
    _ id: Int64, because hindrance: Hindrance, in tx: LedgerTransaction
  ) throws {
    try tx.db.run(
      "UPDATE inbox SET offered_again = ?, asked_micro = NULL WHERE update_id = ?",
      [hindrance.rawValue, id])
  }

  /// Keeps that the update, which ends in the same transaction, is done once its person says that
  /// it may cost so much.
  package func ask(_ id: Int64, upTo amount: Credits, in tx: LedgerTransaction) throws {
    try tx.db.run(
      "UPDATE inbox SET offered_again = 'credits', asked_micro = ? WHERE update_id = ?",
      [amount, id])
  }

  /// Up to what it may cost, of an update whose person has said so.
  package func agreedAmount(of id: Int64, in tx: LedgerTransaction) throws -> Credits? {
    try Credits.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT asked_micro FROM inbox
          WHERE update_id = ? AND state = 'pending' AND offered_again IS NULL
            AND asked_micro IS NOT NULL
          """), arguments: [id])
  }

  /// The person does not want it after all. Returns whether they were asked, and it is not done.
  package func cancelAsked(
    _ id: Int64, by person: Int64, in tx: LedgerTransaction
  ) throws -> Bool {
    try tx.db.run(
      """
      UPDATE inbox SET offered_again = NULL, asked_micro = NULL
      WHERE update_id = ? AND channel = ? AND telegram_user_id = ? AND state = 'done'
        AND offered_again IS NOT NULL AND asked_micro IS NOT NULL
      """, [id, channel.rawValue, person])
    return tx.db.changesCount == 1
  }

  /// For whoever has just got credits: asks their last question again that had too few.
  package static func askAgainButtons(
    for person: Int64, in tx: LedgerTransaction
  ) throws -> [Button] {
    let question = try Int64.fetchOne(
      tx.db,
      sql: """
        SELECT update_id FROM inbox
        WHERE telegram_user_id = ? AND offered_again = 'credits' AND state = 'done'
          AND asked_micro IS NULL AND payload <> '' ORDER BY seq DESC LIMIT 1
        """,
      arguments: [person])
    return question.map { [.askAgain($0, title: "Ask my last question again")] } ?? []
  }

  /// Makes a finished update an unfinished one, if that was offered to the person. What was said to
  /// it is no answer to it any more.
  ///
  /// - Parameter amount: Up to what it may cost, by the button itself: whatever the person was
  ///   asked since, they agree to what they saw, and with a button that names nothing to nothing.
  package func askAgain(
    _ id: Int64, upTo amount: Credits? = nil, by person: Int64, in tx: LedgerTransaction
  ) throws -> Again {
    let row = try Row.fetchOne(
      tx.db,
      sql: "SELECT state, payload, telegram_user_id FROM inbox WHERE update_id = ? AND channel = ?",
      arguments: [id, channel.rawValue])
    guard let row, row["payload"] != "" else { return .forgotten }
    guard row["telegram_user_id"] == person else { return .isOthers }
    guard row["state"] != "pending" else { return .underWay }
    try tx.db.run(
      """
      UPDATE inbox SET state = 'pending', finished_at = NULL, attempts = 1, offered_again = NULL,
        asked_again_at = ?, asked_micro = ?
      WHERE update_id = ? AND state = 'done' AND offered_again IS NOT NULL
      """, [tx.now.databaseText, amount, id])
    guard tx.db.changesCount == 1 else { return .notOffered }
    try Outbox.disown(id, in: tx)
    // With its content, which says whose order it waits in.
    return .asked(
      try load(
        StoredUpdate(
          id: id, receivedAt: tx.now, attempts: 1, parts: try parts(of: id, in: tx),
          isAskedAgain: true), in: tx))
  }

  /// Keeps that a press, which was answered, asks for work of its own: the press is handled once
  /// more, in the order of what its person has sent.
  package func keepAsWork(_ press: StoredUpdate, in tx: LedgerTransaction) throws -> StoredUpdate {
    try tx.db.run(
      "UPDATE inbox SET asked_again_at = ? WHERE update_id = ?", [tx.now.databaseText, press.id])
    var work = press
    (work.isAskedAgain, work.receivedAt) = (true, tx.now)
    return work
  }

  /// Whether the same person has pressed the same button of the same message before, and that was
  /// kept as work.
  package func wasKeptAsWork(
    asOtherPress id: Int64, in tx: LedgerTransaction
  ) throws -> Bool {
    func part(_ path: String, of row: String) -> String {
      "json_extract(\(row).payload, '$.callback_query.\(path)')"
    }
    let isSame = ["data", "message.message_id"].map {
      "\(part($0, of: "other")) IS \(part($0, of: "press"))"
    }
    return try Bool.fetchOne(
      tx.db,
      sql: """
        SELECT 1 FROM inbox press JOIN inbox other INDEXED BY updates_of_person
          ON other.telegram_user_id = press.telegram_user_id
        WHERE press.update_id = ? AND other.update_id <> press.update_id
          AND other.channel = press.channel AND other.asked_again_at IS NOT NULL
          AND json_valid(other.payload) AND \(isSame.joined(separator: " AND "))
        """, arguments: [id]) ?? false
  }

  package func isPending(_ id: Int64, in tx: LedgerTransaction) throws -> Bool {
    try Bool.fetchOne(
      tx.db.cachedStatement(
        sql: "SELECT 1 FROM inbox WHERE update_id = ? AND state = 'pending'"), arguments: [id])
      ?? false
  }

  /// Whether it was that person's, and has been handled.
  package func isFinished(
    _ id: Int64, ofPerson person: Int64, in tx: LedgerTransaction
  ) throws -> Bool {
    try Bool.fetchOne(
      tx.db.cachedStatement(
        sql: """
          SELECT 1 FROM inbox WHERE update_id = ? AND telegram_user_id = ? AND state <> 'pending'
          """), arguments: [id, person]) ?? false
  }
}

extension Button {
  package static let askAgainCommand = "again"
  package static let cancelAskedCommand = "notnow"

  package static func askAgain(_ updateID: Int64, title: String = "Ask again") -> Button {
    Button(title, command: askAgainCommand, argument: String(updateID))
  }

  /// Asks again what may cost so much, as the message says that it is under.
  package static func doIt(_ updateID: Int64, upTo amount: Credits) -> Button {
    Button("Do it", command: askAgainCommand, argument: "\(updateID):\(amount.micro)")
  }
}
