/// What must never be false of the journal's rows that are neither grants nor charges: corrections,
/// purchases and refunds.
extension LedgerVerification {
  /// Returns one sentence a break. There are few such rows, and no index of them: the journal is
  /// gone through once for all of them.
  static let rareRowsCheck = """
    WITH rare AS MATERIALIZED (
      SELECT id, user_id, transaction_type, credits_amount_micro, external_transaction_id, hold_id
      FROM credit_transactions
      WHERE transaction_type IN ('usage_correction', 'purchase', 'refund'))
    SELECT format('transaction %d corrects a charge, but no charge of that user that was looked up '
      || 'and that it leaves above zero says so', t.id)
    FROM rare t
    LEFT JOIN credit_transactions r ON r.hold_id = t.hold_id AND r.transaction_type = 'refund'
    LEFT JOIN credit_transactions d ON d.hold_id = t.hold_id AND d.user_id = t.user_id
      AND d.transaction_type = 'usage_deduction'
      AND -d.credits_amount_micro >= t.credits_amount_micro + coalesce(r.credits_amount_micro, 0)
    LEFT JOIN api_key_usage u ON u.id = d.api_key_usage_id AND u.booked_cost_nanousd IS NOT NULL
      AND u.is_estimate = 0
    WHERE t.transaction_type = 'usage_correction' AND (u.id IS NULL OR t.credits_amount_micro <= 0)
    UNION ALL
    SELECT format('transaction %d is a purchase, but there is no payment of an order of that user '
      || 'with its charge id and its credits', t.id)
    FROM rare t
    LEFT JOIN payments p ON p.transaction_id = t.id AND p.charge_id = t.external_transaction_id
    LEFT JOIN orders o ON o.id = p.order_id AND o.user_id = t.user_id
      AND o.price_stars = p.amount AND o.currency = p.currency
      AND o.credits_micro + o.bonus_micro = t.credits_amount_micro
    WHERE t.transaction_type = 'purchase' AND o.id IS NULL
    UNION ALL
    SELECT format('transaction %d takes credits back, but no refund of a purchase of that user '
      || 'says so', t.id)
    FROM rare t
    LEFT JOIN refunds r ON r.transaction_id = t.id AND r.clawback_micro = -t.credits_amount_micro
    LEFT JOIN payments p ON p.id = r.payment_id AND p.charge_id = t.external_transaction_id
    LEFT JOIN credit_transactions b ON b.id = p.transaction_id AND b.user_id = t.user_id
    WHERE t.transaction_type = 'refund' AND t.credits_amount_micro < 0 AND b.id IS NULL
    UNION ALL
    SELECT format('transaction %d gives credits back, but neither a refund that Telegram refused '
      || 'nor an answer that reached nobody says so', t.id)
    FROM rare t
    LEFT JOIN refunds r ON r.reversal_transaction_id = t.id AND r.state = 'failed'
      AND r.clawback_micro = t.credits_amount_micro
    LEFT JOIN credit_transactions d ON d.user_id = t.user_id
      AND d.transaction_type = 'usage_deduction' AND d.hold_id = t.hold_id
      AND -d.credits_amount_micro >= t.credits_amount_micro
    WHERE t.transaction_type = 'refund' AND t.credits_amount_micro >= 0
      AND r.id IS NULL AND d.id IS NULL
    """
}
