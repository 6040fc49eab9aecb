-- Decide a group of cancels and give the stakes back, in one statement. (Over 250 lines: it is one.)
--
-- A cancel that does not say the player, the currency or the stake is about the bet's own: only what it says
-- is compared. A comparison with what it does not say is NULL, which is why `IS NOT FALSE` is written.
--
-- Locks: bets that are there, in (provider, reference) order; then the keys of those that are not, in
-- the same order; then players' accounts in id order.
--
-- A bet that is committed while this statement runs is not in its snapshot, and its unique key leaves
-- no room for a tombstone. Then nothing is decided, all outcomes are NULL, and the caller runs the
-- statement again: the next snapshot sees the bet. Deciding the others at once would mean to lock that
-- bet with their accounts held, the wrong way round.
--
-- The plan is made once, for any group and any size of the tables (`engine.py` says so to the
-- server). Hence the forms: `generate_series`, and filters that are plain booleans, make the planner
-- expect many rows, so that it hashes instead of comparing each with each; LATERAL and
-- `= ANY (ARRAY (...))` leave it no way into a table but by its index.

WITH asked AS MATERIALIZED (
    -- Byte order, as in the tables: the order of locks must not depend on the database's language.
    SELECT request_id, provider COLLATE "C" AS provider, reference COLLATE "C" AS reference,
           user_id, currency, amount, batch, uuid, dialect, received_at, received_from, body, position
      FROM ROWS FROM (
               json_to_recordset(CAST(:cancels AS json))
                   AS (request_id uuid, provider text, reference text, player text, currency text,
                       amount numeric, batch uuid, uuid text, dialect text, received_at timestamptz,
                       received_from text, body text),
               generate_series(1, CAST(:count AS integer))
           )
           AS cancel (request_id, provider, reference, user_id, currency, amount, batch, uuid, dialect,
                      received_at, received_from, body, position)
),

-- The bets as they are once locked: a concurrent change is waited for and then seen.
locked AS MATERIALIZED (
    SELECT asked.request_id, asked.position, asked.user_id AS asked_user_id,
           asked.currency AS asked_currency, asked.amount AS asked_amount, bet.*
      FROM (SELECT * FROM asked ORDER BY provider, reference, position) AS asked
     CROSS JOIN LATERAL (
               SELECT id, state, user_id, currency, amount, outcome, cancel_request_id, reversal_id,
                      cash_after
                 FROM unbet_ledger.bets
                WHERE reference = asked.reference AND provider = asked.provider
                LIMIT 1
                  FOR NO KEY UPDATE
           ) AS bet
),

missing AS MATERIALIZED (
    SELECT asked.*
      FROM asked
     WHERE :leave_tombstones
       AND (SELECT count(*) FROM locked) >= 0
       AND NOT EXISTS (SELECT FROM locked WHERE locked.request_id = asked.request_id)
),

tombstone AS (
    INSERT INTO unbet_ledger.bets (provider, reference, state, user_id, currency, outcome, cancelled_at,
                      cancel_request_id, cash_after)
    SELECT provider, reference, 'tombstone', user_id, coalesce(first.currency, cash.currency),
           'no_bet', now(), request_id, cash.balance
      FROM (
               SELECT DISTINCT ON (provider, reference) missing.*
                 FROM missing
                ORDER BY provider, reference, position
           ) AS first
      LEFT JOIN LATERAL (
               -- Where no currency is named: the player's, if there is one alone.
               SELECT min(balance) AS balance, min(currency) AS currency
                 FROM unbet_ledger.accounts
                WHERE owner = first.user_id AND currency = coalesce(first.currency, currency)
                  AND kind = 'cash'
               HAVING count(*) = 1
           ) AS cash ON true
    ON CONFLICT (reference, provider) DO NOTHING
    RETURNING provider, reference, user_id, currency, cancel_request_id, cash_after
),

leftover AS MATERIALIZED (
    SELECT EXISTS (
               SELECT FROM missing
                WHERE (provider, reference) NOT IN (SELECT provider, reference FROM tombstone)
           ) AS met_a_new_bet
),

judged AS MATERIALIZED (
    SELECT locked.*,
           outcome IS NULL
               AND (user_id = asked_user_id AND currency = asked_currency
                    AND amount = asked_amount) IS NOT FALSE AS binds,
           state = 'placed' AS is_placed,
           CASE WHEN state = 'tombstone'          THEN coalesce(outcome, 'no_bet')
                WHEN user_id <> asked_user_id     THEN 'mismatch'
                WHEN currency <> asked_currency   THEN 'currency_mismatch'
                WHEN amount <> asked_amount       THEN 'amount_mismatch'
                WHEN outcome = 'closed'           THEN 'closed'
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
     WHERE binds AND NOT (SELECT met_a_new_bet FROM leftover)
     ORDER BY id, position
),

-- The stake's entries with the sign turned round.
leg AS MATERIALIZED (
    SELECT binding.id AS bet_id, entry.account_id, -entry.amount AS amount
      FROM binding
     CROSS JOIN LATERAL (
               SELECT entries.account_id, entries.amount
                 FROM unbet_ledger.transfers AS stake
                 JOIN unbet_ledger.entries ON entries.transfer_id = stake.id
                WHERE stake.bet_id = binding.id AND stake.kind = 'bet'
               OFFSET 0
           ) AS entry
     WHERE binding.is_placed
),

-- Each player's cash account, locked with the others even where the stake was all bonus or nothing
-- is given back: the cash told is what it holds now, not when the statement began to wait.
player_account AS MATERIALIZED (
    SELECT binding.id AS bet_id, cash.id AS account_id
      FROM binding
     CROSS JOIN LATERAL (
               SELECT id
                 FROM unbet_ledger.accounts
                WHERE owner = binding.user_id AND currency = binding.currency AND kind = 'cash'
                LIMIT 1
           ) AS cash
),

account AS MATERIALIZED (
    SELECT id, kind, balance
      FROM unbet_ledger.accounts
     WHERE id = ANY (ARRAY (SELECT account_id FROM leg UNION ALL SELECT account_id FROM player_account))
       AND balance IS NOT NULL
     ORDER BY id
       FOR NO KEY UPDATE
),

-- Counting the locked accounts makes this wait for their locks: per account, the order of transfer
-- ids is then the order of its entries.
reversal AS (
    INSERT INTO unbet_ledger.transfers (kind, bet_id)
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
    INSERT INTO unbet_ledger.entries (transfer_id, account_id, amount, balance_after)
    SELECT transfer_id, account_id, amount, balance_after FROM posting
),

moved AS (
    UPDATE unbet_ledger.accounts
       SET balance = accounts.balance + total.amount
      FROM (SELECT account_id, sum(amount) AS amount FROM leg GROUP BY account_id) AS total
     WHERE accounts.id = total.account_id
       AND accounts.id = ANY (ARRAY (SELECT id FROM account))
),

balance_after AS MATERIALIZED (
    SELECT account.id, account.balance + coalesce(sum(leg.amount), 0) AS balance
      FROM account
      LEFT JOIN leg ON leg.account_id = account.id
     GROUP BY account.id, account.balance
),

decision AS MATERIALIZED (
    SELECT binding.id, binding.verdict, binding.request_id, reversal.id AS reversal_id,
           -- Where the stake was all bonus, the cash may still have been moved by another reversal
           -- of this group.
           coalesce(cash_leg.balance_after, cash.balance) AS cash
      FROM binding
      LEFT JOIN reversal ON reversal.bet_id = binding.id
      LEFT JOIN posting AS cash_leg ON cash_leg.bet_id = binding.id AND cash_leg.is_cash
      LEFT JOIN player_account ON player_account.bet_id = binding.id
      LEFT JOIN balance_after AS cash ON cash.id = player_account.account_id
),

bound AS (
    UPDATE unbet_ledger.bets
       SET state = CASE bets.state WHEN 'placed' THEN 'reversed' ELSE bets.state END,
           outcome = decision.verdict,
           cancelled_at = now(),
           cancel_request_id = decision.request_id,
           reversal_id = decision.reversal_id,
           cash_after = decision.cash
      FROM decision
     WHERE bets.id = decision.id
       AND bets.id = ANY (ARRAY (SELECT id FROM binding))
    RETURNING bets.id, bets.cancel_request_id, bets.reversal_id, bets.cash_after
),

decided AS MATERIALIZED (
    SELECT asked.*,
           CASE WHEN leftover.met_a_new_bet THEN NULL
                WHEN tombstone.reference IS NOT NULL THEN 'no_bet'
                ELSE judged.verdict
           END AS outcome,
           coalesce(bound.reversal_id, judged.reversal_id) AS transfer_id,
           coalesce(bound.cash_after, judged.cash_after, tombstone.cash_after) AS cash,
           coalesce(judged.currency, tombstone.currency) AS bet_currency,
           coalesce(bound.cancel_request_id, judged.cancel_request_id, tombstone.cancel_request_id)
               AS decided_by,
           (coalesce(judged.user_id, tombstone.user_id) = asked.user_id
               AND coalesce(judged.currency, tombstone.currency) = asked.currency
               AND judged.amount = asked.amount) IS NOT FALSE
               AS is_the_askers
      FROM asked
     CROSS JOIN leftover
      LEFT JOIN judged ON judged.request_id = asked.request_id
      LEFT JOIN bound ON bound.id = judged.id
      LEFT JOIN tombstone
             ON tombstone.reference = asked.reference AND tombstone.provider = asked.provider
),

recorded AS (
    INSERT INTO unbet.requests (request_id, provider, reference, user_id, currency, amount, batch, uuid,
                          dialect, received_at, received_from, body, outcome)
    SELECT request_id, provider, reference, user_id, currency, amount, batch, uuid, dialect, received_at,
           received_from, body, outcome
      FROM decided
     WHERE outcome IS NOT NULL
    ON CONFLICT (request_id) DO NOTHING
)

-- What belongs to another player's bet or tombstone, or to one in another currency or of another stake, is
-- not told. A bet that is there has a player, a currency and a stake; a tombstone has those of its cancel.
SELECT request_id, outcome,
       CASE WHEN is_the_askers THEN transfer_id END AS transfer_id,
       CASE WHEN is_the_askers AND bet_currency IS NOT NULL THEN bet_currency
            WHEN outcome IS NOT NULL THEN currency END AS currency,
       CASE WHEN is_the_askers THEN cash END AS cash,
       is_the_askers AND decided_by <> request_id AS replayed
  FROM decided
