-- Place bets in bulk, in one statement. The players' accounts are locked by the caller; a player's
-- entries in the order of their transfers are its history.

WITH wanted AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('unbet_ledger.bets', 'id')) AS bet_id,
           nextval(pg_get_serial_sequence('unbet_ledger.transfers', 'id')) AS transfer_id,
           reference, user_id
      FROM unnest(CAST(:references AS text[]), CAST(:user_ids AS text[]))
           AS bet (reference, user_id)
),

posting AS MATERIALIZED (
    SELECT wanted.*, accounts.id AS account_id,
           accounts.balance
               - :stake * row_number() OVER (PARTITION BY accounts.id ORDER BY transfer_id)
               AS balance_after
      FROM wanted
      JOIN unbet_ledger.accounts
        ON accounts.owner = user_id AND accounts.currency = :currency AND accounts.kind = 'cash'
),

placed AS (
    INSERT INTO unbet_ledger.bets (id, provider, reference, state, user_id, currency, amount)
           OVERRIDING SYSTEM VALUE
    SELECT bet_id, :provider, reference, 'placed', user_id, :currency, :stake
      FROM posting
     ORDER BY bet_id
),

stake AS (
    INSERT INTO unbet_ledger.transfers (id, kind, bet_id)
    SELECT transfer_id, 'bet', bet_id FROM posting ORDER BY transfer_id
),

entered AS (
    INSERT INTO unbet_ledger.entries (transfer_id, account_id, amount, balance_after)
    SELECT transfer_id, account_id, -:stake, balance_after FROM posting
     UNION ALL
    SELECT transfer_id, house.id, :stake, NULL
      FROM posting
     CROSS JOIN (
               SELECT id FROM unbet_ledger.accounts
                WHERE owner = :provider AND currency = :currency AND kind = 'house'
           ) AS house
     ORDER BY transfer_id
),

moved AS (
    UPDATE unbet_ledger.accounts
       SET balance = after.balance
      FROM (SELECT account_id, min(balance_after) AS balance FROM posting GROUP BY account_id)
           AS after
     WHERE accounts.id = after.account_id
)

SELECT count(*) FROM posting
