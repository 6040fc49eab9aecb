-- The outcomes of a period, in the order of time: those of the ledger's bets, and those that other wallets
-- have told, of which the journal has the first one that binds the bet.

SELECT cancelled_at, provider, reference, "user", currency, stake, state, outcome, returned_cash, returned_bonus,
       reversal_id, request_id, uuid, wallet, wallet_ref, cash, replayed, found_late, batch
  FROM (
           SELECT bets.cancelled_at, bets.provider, bets.reference, bets.user_id AS "user", bets.currency,
                  bets.amount AS stake, bets.state, bets.outcome, returned.cash AS returned_cash,
                  returned.bonus AS returned_bonus, bets.reversal_id,
                  bets.cancel_request_id AS request_id, requests.uuid,
                  -- What a person has closed no wallet has decided.
                  CASE WHEN bets.outcome <> 'closed' THEN 'ledger' END AS wallet,
                  CAST(NULL AS text) AS wallet_ref, bets.cash_after AS cash,
                  CAST(NULL AS boolean) AS replayed, CAST(NULL AS text) AS found_late, requests.batch, bets.id
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
              -- A closing that met another wallet's decision: the decision stands.
              AND NOT (bets.outcome = 'closed'
                       AND EXISTS (SELECT
                                     FROM unbet.requests AS told
                                    WHERE told.reference = bets.reference AND told.provider = bets.provider
                                      AND told.wallet IS NOT NULL AND NOT told.of_round
                                      AND told.outcome <> ALL (CAST(:binds_nothing AS text[]))))
            UNION ALL
           SELECT told.decided_at, told.provider, told.reference, told.user_id, told.currency, NULL, NULL,
                  told.outcome, NULL, NULL, NULL, told.request_id, told.uuid, told.wallet,
                  told.wallet_ref, told.cash, told.replayed,
                  -- The bet came after its cancel: what its wallet said of it at last.
                  (SELECT late.outcome
                     FROM unbet.found_late AS late
                    WHERE late.reference = told.reference AND late.provider = told.provider
                    ORDER BY late.found_at DESC, late.outcome
                    LIMIT 1),
                  told.batch, NULL
             FROM unbet.requests AS told
            WHERE told.wallet IS NOT NULL
              AND told.outcome <> ALL (CAST(:binds_nothing AS text[]))
              AND told.decided_at >= :since AND told.decided_at < :until
              AND NOT EXISTS (SELECT
                                FROM unbet.requests AS before
                               WHERE before.reference = told.reference AND before.provider = told.provider
                                 AND before.wallet IS NOT NULL AND before.of_round = told.of_round
                                 AND before.outcome <> ALL (CAST(:binds_nothing AS text[]))
                                 AND (before.decided_at, before.request_id)
                                     < (told.decided_at, told.request_id))
       ) AS outcomes
 WHERE CAST(:provider AS text) IS NULL OR provider = CAST(:provider AS text)
 ORDER BY cancelled_at, id, request_id
