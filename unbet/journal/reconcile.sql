-- Compare the cancels of a provider's list (`reconciling.py`) with what is known of their bets.
-- What agrees is left out. `expected` are the outcomes that a line can be about: one of them must be ours.
-- The case of a provider's id says nothing. The list's order is its primary key's: rows come at once.

SELECT kind, reason, stated.line, stated.provider, stated.reference, stated.user_id,
       stated.currency, stated.uuid, stated.code, stated.cancelled_at,
       bet.state, coalesce(bet.outcome, told.outcomes[1]), bet.user_id, bet.currency, NULL
  FROM (SELECT * FROM pg_temp.statement ORDER BY line) AS stated
  LEFT JOIN LATERAL (
           -- Where another wallet has the bet: the first decision that binds it. It stands, also if a
           -- person has closed a cancel of the bet in that moment; of a bet that came after its cancel
           -- what the wallet said at last.
           SELECT NULL AS state,
                  coalesce((SELECT late.outcome
                              FROM unbet.found_late AS late
                             WHERE late.reference = stated.reference AND late.provider = requests.provider
                             ORDER BY late.found_at DESC, late.outcome
                             LIMIT 1), outcome) AS outcome,
                  user_id, currency, 1 AS place, decided_at
             FROM unbet.requests
            WHERE reference = stated.reference AND lower(provider) = lower(stated.provider COLLATE "C")
              AND wallet IS NOT NULL AND NOT of_round
              AND outcome <> ALL (CAST(:binds_nothing AS text[]))
            UNION ALL
           SELECT state, outcome, user_id, currency, 2, NULL
             FROM unbet_ledger.bets
            WHERE reference = stated.reference AND lower(provider) = lower(stated.provider COLLATE "C")
            ORDER BY place, decided_at
            LIMIT 1
       ) AS bet ON true
 CROSS JOIN LATERAL (
           -- A tombstone has the player of the cancel that left it.
           SELECT bet.user_id <> stated.user_id AS is_anothers,
                  bet.currency <> stated.currency AS is_in_another_currency,
                  coalesce(bet.outcome = ANY (CAST(:cancelled AS text[])), false) AS is_cancelled
       ) AS fact
  LEFT JOIN LATERAL (
           SELECT state
             FROM unbet.parked
            WHERE reference = stated.reference AND lower(provider) = lower(stated.provider COLLATE "C")
              AND bet.outcome IS NULL AND NOT of_round
            ORDER BY parked_at DESC
            LIMIT 1
       ) AS waiting ON true
  LEFT JOIN LATERAL (
           -- What cancels of this reference were told, where none has cancelled the bet.
           SELECT bool_or(requests.outcome = ANY (CAST(:cancelled AS text[]))
                          OR answers.outcome = ANY (CAST(:cancelled AS text[]))) AS success,
                  array_agg(requests.outcome) AS outcomes
             FROM unbet.requests
             LEFT JOIN unbet.answers ON answers.request_id = requests.request_id
            WHERE NOT fact.is_cancelled
              AND requests.reference = stated.reference AND NOT of_round
              AND lower(requests.provider) = lower(stated.provider COLLATE "C")
       ) AS told ON true
 CROSS JOIN LATERAL (
           SELECT CASE
                      WHEN is_anothers
                      THEN CASE WHEN 'mismatch' <> ALL (expected) THEN 'player' END
                      WHEN is_in_another_currency
                      THEN CASE WHEN 'currency_mismatch' <> ALL (expected) THEN 'currency' END
                      WHEN told.success
                      THEN 'told_success'
                      WHEN bet.outcome IS NOT NULL
                      THEN CASE WHEN bet.outcome = ANY (expected) THEN NULL
                                WHEN bet.outcome = 'closed'       THEN 'closed'
                                ELSE 'outcome' END
                      WHEN waiting.state IS NOT NULL
                      THEN waiting.state
                      WHEN told.outcomes IS NOT NULL
                      THEN CASE WHEN NOT told.outcomes && expected THEN 'outcome' END
                      ELSE 'unknown'
                  END AS reason
       ) AS judged
 CROSS JOIN LATERAL (
           SELECT CASE reason WHEN 'unknown' THEN 'missing' ELSE 'differing' END AS kind
       ) AS named
 WHERE reason IS NOT NULL
 ORDER BY stated.line
