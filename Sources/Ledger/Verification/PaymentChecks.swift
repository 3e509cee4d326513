/// What must never be false of bought credits. Each query returns one sentence a break. A refund
/// that failed may be of a time when its payment had credited nothing yet.
extension LedgerVerification {
  static let paymentChecks = [
    """
    SELECT format('transaction %d is a purchase, but there is no payment of an order of that user '
      || 'with its charge id and its credits', t.id)
    FROM credit_transactions t
    LEFT JOIN payments p ON p.transaction_id = t.id AND p.charge_id = t.external_transaction_id
    LEFT JOIN orders o ON o.id = p.order_id AND o.user_id = t.user_id
      AND o.price_stars = p.amount AND o.currency = p.currency
      AND o.credits_micro + o.bonus_micro = t.credits_amount_micro
    WHERE t.transaction_type = 'purchase' AND o.id IS NULL
    """,
    """
    SELECT format('payment %d has credited transaction %d, which is %s', p.id, p.transaction_id,
      coalesce('no purchase but ' || t.transaction_type, 'missing'))
    FROM payments p LEFT JOIN credit_transactions t ON t.id = p.transaction_id
    WHERE p.transaction_id IS NOT NULL AND t.transaction_type IS NOT 'purchase'
    """,
    """
    SELECT format('transaction %d takes credits back, but no refund of a purchase of that user '
      || 'says so', t.id)
    FROM credit_transactions t
    LEFT JOIN refunds r ON r.transaction_id = t.id AND r.clawback_micro = -t.credits_amount_micro
    LEFT JOIN payments p ON p.id = r.payment_id AND p.charge_id = t.external_transaction_id
    LEFT JOIN credit_transactions b ON b.id = p.transaction_id AND b.user_id = t.user_id
    WHERE t.transaction_type = 'refund' AND t.credits_amount_micro < 0 AND b.id IS NULL
    """,
    """
    SELECT format('transaction %d gives credits back, but neither a refund that Telegram refused '
      || 'nor an answer that reached nobody says so', t.id)
    FROM credit_transactions t
    LEFT JOIN refunds r ON r.reversal_transaction_id = t.id AND r.state = 'failed'
      AND r.clawback_micro = t.credits_amount_micro
    LEFT JOIN credit_transactions d ON d.user_id = t.user_id
      AND d.transaction_type = 'usage_deduction' AND d.hold_id = t.hold_id
      AND -d.credits_amount_micro >= t.credits_amount_micro
    WHERE t.transaction_type = 'refund' AND t.credits_amount_micro >= 0
      AND r.id IS NULL AND d.id IS NULL
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
