/// What must never be false of bought credits. Each query returns one sentence a break. A refund
/// that failed may be of a time when its payment had credited nothing yet.
extension LedgerVerification {
  static let paymentChecks = [
    """
    SELECT format('payment %d has credited transaction %d, which is %s', p.id, p.transaction_id,
      coalesce('no purchase but ' || t.transaction_type, 'missing'))
    FROM payments p LEFT JOIN credit_transactions t ON t.id = p.transaction_id
    WHERE p.transaction_id IS NOT NULL AND t.transaction_type IS NOT 'purchase'
    """,
    """
    SELECT format('refund %d of payment %d takes back %d and loses %d micro-credits of %d', r.id,
      p.id, r.clawback_micro, r.loss_micro, coalesce(b.credits_amount_micro, 0))
    FROM refunds r JOIN payments p ON p.id = r.payment_id
    LEFT JOIN credit_transactions b ON b.id = p.transaction_id
    WHERE r.clawback_micro + r.loss_micro <> coalesce(b.credits_amount_micro, 0)
        AND NOT (r.state = 'failed' AND r.clawback_micro = 0 AND r.loss_micro = 0)
      OR (r.transaction_id IS NULL) <> (r.clawback_micro = 0)
      OR (r.state = 'failed' AND r.clawback_micro > 0) <> (r.reversal_transaction_id IS NOT NULL)
    """,
    """
    SELECT format('payment %d brought %d micro-credits, but its refunds took back %d', p.id,
      b.credits_amount_micro, -sum(t.credits_amount_micro))
    FROM payments p JOIN credit_transactions b ON b.id = p.transaction_id
    JOIN refunds r ON r.payment_id = p.id
    JOIN credit_transactions t ON t.id IN (r.transaction_id, r.reversal_transaction_id)
    GROUP BY p.id HAVING -sum(t.credits_amount_micro) > b.credits_amount_micro
    """,
    """
    SELECT format('promotion code %s counts %d uses, but %d people got its credits', c.code, c.uses,
      count(t.id))
    FROM promotion_codes c LEFT JOIN code_redemptions r ON r.code = c.code
    LEFT JOIN credit_transactions t ON t.id = r.transaction_id AND t.user_id = r.user_id
      AND t.credits_amount_micro = c.credits_micro
    GROUP BY c.code HAVING c.uses <> count(t.id) OR c.uses > c.most_uses
    """,
  ]
}
