-- Decide a group of cancels and give the stakes back, in one statement.
--
-- Locks: bets in (provider, reference) order, then players' accounts in id order.
-- A cancel that comes back without an outcome met a bet that was committed while this statement ran:
-- its snapshot has neither the bet nor, because of the unique key, room for a tombstone. The caller
-- runs the statement again for those; the next snapshot sees the bet.
--
-- The plan is made once, for any group and any size of the tables (`engine.py` says so to the
-- server). Hence the forms: `generate_series`, and filters that are plain booleans, make the planner
-- expect many rows, so that it hashes instead of comparing each with each; LATERAL and
-- `= ANY (ARRAY (...))` leave it no way into a table but by its index.

WITH asked AS MATERIALIZED (
    SELECT *
      FROM ROWS FROM (
               unnest(CAST(:request_ids AS uuid[])), unnest(CAST(:providers AS text[])),
               unnest(CAST(:references AS text[])), unnest(CAST(:user_ids AS text[])),
               unnest(CAST(:currencies AS text[])), unnest(CAST(:uuids AS text[])),
               unnest(CAST(:dialects AS text[])), unnest(CAST(:received_at AS timestamptz[])),
               unnest(CAST(:received_from AS text[])), unnest(CAST(:bodies AS text[])),
               generate_series(1, CAST(:count AS integer))
           )
           AS cancel (request_id, provider, reference, user_id, currency, uuid, dialect,
                      received_at, received_from, body, position)
),

-- The bets as they are once locked: a concurrent change is waited for and then seen.
locked AS MATERIALIZED (
    SELECT asked.request_id, asked.position, asked.user_id AS asked_user_id,
           asked.currency AS asked_currency, bet.*
      FROM (SELECT * FROM asked ORDER BY provider, reference, position) AS asked
     CROSS JOIN LATERAL (
               SELECT id, state, user_id, currency, outcome, reversal_id, cash_after
                 FROM bets
                WHERE reference = asked.reference AND provider = asked.provider
                LIMIT 1
                  FOR NO KEY UPDATE
           ) AS bet
),

judged AS MATERIALIZED (
    SELECT locked.*,
           outcome IS NULL AND user_id = asked_user_id AND currency = asked_currency AS binds,
           state = 'placed' AS is_placed,
           CASE WHEN state = 'tombstone'          THEN 'no_bet'
                WHEN user_id <> asked_user_id     THEN 'mismatch'
                WHEN currency <> asked_currency   THEN 'currency_mismatch'
                WHEN state = 'refused'            THEN 'bet_refused'
                WHEN state = 'settled'            THEN 'settled'
                ELSE                                   'reversed'
           END AS verdict
      FROM locked
),

-- The first cancel that each undecided bet accepts: the one that binds.
binding AS MATERIALIZED (
    SELECT DISTINCT ON (id) id, request_id, is_placed, user_id, currency, verdict
      FROM judged
     WHERE binds
     ORDER BY id, position
),

-- The stake's entries with the sign turned round.
leg AS MATERIALIZED (
    SELECT binding.id AS bet_id, entry.account_id, -entry.amount AS amount
      FROM binding
     CROSS JOIN LATERAL (
               SELECT entries.account_id, entries.amount
                 FROM transfers AS stake
                 JOIN entries ON entries.transfer_id = stake.id
                WHERE stake.bet_id = binding.id AND stake.kind = 'bet'
               OFFSET 0
           ) AS entry
     WHERE binding.is_placed
),

account AS MATERIALIZED (
    SELECT id, kind, balance
      FROM accounts
     WHERE id = ANY (ARRAY (SELECT account_id FROM leg)) AND balance IS NOT NULL
     ORDER BY id
       FOR NO KEY UPDATE
),

-- Counting the locked accounts makes this wait for their locks: per account, the order of transfer
-- ids is then the order of its entries.
reversal AS (
    INSERT INTO transfers (kind, bet_id)
    SELECT 'reversal', id
      FROM binding
     WHERE is_placed AND (SELECT count(*) FROM account) >= 0
     ORDER BY id
    RETURNING id, bet_id
),

posting AS MATERIALIZED (
    SELECT reversal.id AS transfer_id, leg.bet_id, leg.account_id, leg.amount,
           account.kind = 'cash' AS is_cash,
           account.balance
               + sum(leg.amount) OVER (PARTITION BY leg.account_id ORDER BY reversal.id)
               AS balance_after
      FROM leg
      JOIN reversal ON reversal.bet_id = leg.bet_id
      LEFT JOIN account ON account.id = leg.account_id
),

entered AS (
    INSERT INTO entries (transfer_id, account_id, amount, balance_after)
    SELECT transfer_id, account_id, amount, balance_after FROM posting
),

moved AS (
    UPDATE accounts
       SET balance = accounts.balance + total.amount
      FROM (SELECT account_id, sum(amount) AS amount FROM leg GROUP BY account_id) AS total
     WHERE accounts.id = total.account_id
       AND accounts.id = ANY (ARRAY (SELECT id FROM account))
),

closed AS (
    UPDATE bets
       SET state = CASE bets.state WHEN 'placed' THEN 'reversed' ELSE bets.state END,
           outcome = decision.verdict,
           cancelled_at = now(),
           cancel_request_id = decision.request_id,
           reversal_id = decision.reversal_id,
           cash_after = decision.cash
      FROM (
               SELECT binding.id, binding.verdict, binding.request_id,
                      reversal.id AS reversal_id,
                      coalesce(cash_leg.balance_after, cash.balance) AS cash
                 FROM binding
                 LEFT JOIN reversal ON reversal.bet_id = binding.id
                 LEFT JOIN posting AS cash_leg
                        ON cash_leg.bet_id = binding.id AND cash_leg.is_cash
                 LEFT JOIN LATERAL (
                          SELECT balance
                            FROM accounts
                           WHERE owner = binding.user_id AND currency = binding.currency
                             AND kind = 'cash'
                           LIMIT 1
                      ) AS cash ON true
           ) AS decision
     WHERE bets.id = decision.id
       AND bets.id = ANY (ARRAY (SELECT id FROM binding))
    RETURNING bets.id, bets.reversal_id, bets.cash_after
),

tombstone AS (
    INSERT INTO bets (provider, reference, state, user_id, currency, outcome, cancelled_at,
                      cancel_request_id, cash_after)
    SELECT provider, reference, 'tombstone', user_id, missing.currency, 'no_bet', now(),
           request_id, cash.balance
      FROM (
               SELECT DISTINCT ON (provider, reference) asked.*
                 FROM asked
                WHERE :leave_tombstones
                  AND NOT EXISTS (SELECT FROM locked WHERE locked.request_id = asked.request_id)
                ORDER BY provider, reference, position
           ) AS missing
      LEFT JOIN LATERAL (
               SELECT balance
                 FROM accounts
                WHERE owner = missing.user_id AND currency = missing.currency AND kind = 'cash'
                LIMIT 1
           ) AS cash ON true
    ON CONFLICT (reference, provider) DO NOTHING
    RETURNING provider, reference, currency, cash_after
),

decided AS MATERIALIZED (
    SELECT asked.*,
           coalesce(judged.verdict, CASE WHEN tombstone.reference IS NOT NULL THEN 'no_bet' END)
               AS outcome,
           coalesce(closed.reversal_id, judged.reversal_id) AS transfer_id,
           coalesce(closed.cash_after, judged.cash_after, tombstone.cash_after) AS cash,
           coalesce(judged.currency, tombstone.currency) AS bet_currency
      FROM asked
      LEFT JOIN judged ON judged.request_id = asked.request_id
      LEFT JOIN closed ON closed.id = judged.id
      LEFT JOIN tombstone
             ON tombstone.reference = asked.reference AND tombstone.provider = asked.provider
),

recorded AS (
    INSERT INTO requests (request_id, provider, reference, user_id, currency, uuid, dialect,
                          received_at, received_from, body, outcome)
    SELECT request_id, provider, reference, user_id, currency, uuid, dialect, received_at,
           received_from, body, outcome
      FROM decided
     WHERE outcome IS NOT NULL
    ON CONFLICT (request_id) DO NOTHING
)

-- What belongs to another player's bet, or to one in another currency, is not told.
SELECT request_id, outcome,
       CASE WHEN outcome NOT LIKE '%mismatch' THEN transfer_id END AS transfer_id,
       CASE WHEN outcome LIKE '%mismatch' THEN currency ELSE bet_currency END AS currency,
       CASE WHEN outcome NOT LIKE '%mismatch' THEN cash END AS cash
  FROM decided
