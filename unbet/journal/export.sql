-- The outcomes of a period, in the order of time.

SELECT bets.cancelled_at, bets.provider, bets.reference, bets.user_id AS "user", bets.currency,
       bets.amount AS stake, bets.state, bets.outcome, returned.cash AS returned_cash,
       returned.bonus AS returned_bonus, bets.reversal_id, bets.cancel_request_id AS request_id,
       requests.uuid
  FROM unbet_ledger.bets
  -- The record of the request may have been removed (`unbet retain`).
  LEFT JOIN unbet.requests ON requests.request_id = bets.cancel_request_id
 CROSS JOIN LATERAL (
           SELECT coalesce(sum(entries.amount) FILTER (WHERE accounts.kind = 'cash'), 0) AS cash,
                  coalesce(sum(entries.amount) FILTER (WHERE accounts.kind = 'bonus'), 0) AS bonus
             FROM unbet_ledger.entries
             JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
            WHERE entries.transfer_id = bets.reversal_id
       ) AS returned
 WHERE bets.outcome IS NOT NULL
   AND bets.cancelled_at >= :since AND bets.cancelled_at < :until
   AND (CAST(:provider AS text) IS NULL OR bets.provider = CAST(:provider AS text))
 ORDER BY bets.cancelled_at, bets.id
