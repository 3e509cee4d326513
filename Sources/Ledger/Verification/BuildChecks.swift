/// What must never be false of the calls of builds. Each query returns one sentence a break.
extension LedgerVerification {
  static let buildChecks = [
    """
    SELECT format('build %s may cost %d micro-credits, but %d are charged or held', b.id,
      b.cap_micro, c.spent)
    FROM builds b JOIN (
      SELECT h.build_id, sum(iif(h.state = 'pending', h.amount_micro, 0)
        - coalesce((SELECT sum(t.credits_amount_micro) FROM credit_transactions t
          WHERE t.hold_id = h.id), 0)) AS spent
      FROM credit_holds h WHERE h.build_id IS NOT NULL GROUP BY h.build_id) c ON c.build_id = b.id
    WHERE c.spent > b.cap_micro
    """,
    """
    SELECT format('hold %s is of build %s, which is another user''s', h.id, b.id)
    FROM credit_holds h JOIN builds b ON b.id = h.build_id WHERE h.user_id <> b.user_id
    """,
    """
    SELECT format('usage %d is charged at a markup of %s, but its hold %s was taken at %s', u.id,
      u.markup, h.id, h.markup)
    FROM credit_holds h JOIN api_key_usage u ON u.hold_id = h.id
    WHERE h.markup IS NOT NULL AND u.markup <> h.markup
    """,
  ]
}
