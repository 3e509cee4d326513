import GRDB

/// What the calls of one build come to, which its cap bounds.
extension CreditHoldService {
  /// What the cap of the request's build leaves; `nil` where no cap is agreed to yet, or where the
  /// call is of no build.
  ///
  /// - Throws: `LedgerError.unknownBuild` if the person has none of that id.
  func room(for request: Request) throws -> Credits? {
    guard let id = request.buildID else { return nil }
    let row = try Row.fetchOne(
      tx.db.cachedStatement(sql: "SELECT cap_micro FROM builds WHERE id = ? AND user_id = ?"),
      arguments: [id, request.userID])
    guard let row else { throw LedgerError.unknownBuild(id: id) }
    guard let cap = row["cap_micro"] as Credits? else { return nil }
    let (charged, held) = try tx.spending(ofBuild: id)
    return max(.zero, try cap.subtracting(charged).subtracting(held))
  }
}

extension LedgerTransaction {
  /// What the build was charged, less what was given back, and what it holds now.
  ///
  /// - Throws: `LedgerError.amountTooLarge`.
  package func spending(ofBuild id: String) throws -> (charged: Credits, held: Credits) {
    let sql = """
      SELECT coalesce(sum(iif(state = 'pending', amount_micro, 0)), 0) AS held,
        coalesce(sum(-(SELECT sum(credits_amount_micro) FROM credit_transactions
          WHERE hold_id = credit_holds.id)), 0) AS charged
      FROM credit_holds WHERE build_id = ?
      """
    return try LedgerError.checkingSums {
      let row = try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [id])
      return (row?["charged"] ?? .zero, row?["held"] ?? .zero)
    }
  }
}
