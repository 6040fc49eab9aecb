-- What must hold at all times in the whole ledger. Each check selects the rows that break it;
-- its first line is its name and what it states. (Over 150 lines: one list, read check by check.)

-- check transfers_sum_to_zero: The entries of a transfer sum to zero in each currency.
SELECT entries.transfer_id, accounts.currency, sum(entries.amount) AS sum
  FROM unbet_ledger.entries
  LEFT JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
 GROUP BY entries.transfer_id, accounts.currency
HAVING sum(entries.amount) <> 0

-- check balances_are_sums: A player account's balance is the sum of its entries.
SELECT accounts.id AS account_id, owner, currency, kind, balance, coalesce(entered.sum, 0) AS sum
  FROM unbet_ledger.accounts
  LEFT JOIN (SELECT account_id, sum(amount) AS sum FROM unbet_ledger.entries GROUP BY account_id) AS entered
         ON entered.account_id = accounts.id
 WHERE kind IN ('cash', 'bonus', 'held')
   AND balance IS DISTINCT FROM coalesce(entered.sum, 0)

-- check entries_follow_each_other: A player's balance after an entry is the one before plus the amount.
SELECT *
  FROM (
           SELECT entries.*,
                  coalesce(lag(balance_after) OVER (PARTITION BY account_id ORDER BY transfer_id), 0)
                      AS balance_before
             FROM unbet_ledger.entries
             JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
            WHERE accounts.kind IN ('cash', 'bonus', 'held')
       ) AS history
 WHERE balance_before + amount IS DISTINCT FROM balance_after

-- check last_entries_hold_the_balances: The balance after a player account's last entry is its balance.
SELECT account_id, transfer_id, balance_after, balance
  FROM (
           SELECT DISTINCT ON (account_id) account_id, transfer_id, balance_after
             FROM unbet_ledger.entries
            ORDER BY account_id, transfer_id DESC
       ) AS last
  JOIN unbet_ledger.accounts ON accounts.id = account_id
 WHERE kind IN ('cash', 'bonus', 'held')
   AND balance_after IS DISTINCT FROM balance

-- check only_players_run_a_balance: Entries have a balance after them exactly on players' accounts.
SELECT entries.*, accounts.kind
  FROM unbet_ledger.entries
  JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
 WHERE (accounts.kind IN ('cash', 'bonus', 'held')) <> (entries.balance_after IS NOT NULL)

-- check no_player_owes: No player account is, or ever was, below zero.
SELECT entries.account_id, entries.transfer_id, entries.balance_after AS balance
  FROM unbet_ledger.entries
 WHERE entries.balance_after < 0
UNION ALL
SELECT id, NULL, balance
  FROM unbet_ledger.accounts
 WHERE balance < 0

-- check entries_have_transfer_and_account: Every entry belongs to a transfer and an account.
SELECT entries.*, transfers.id IS NOT NULL AS has_transfer, accounts.id IS NOT NULL AS has_account
  FROM unbet_ledger.entries
  LEFT JOIN unbet_ledger.transfers ON transfers.id = entries.transfer_id
  LEFT JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
 WHERE transfers.id IS NULL OR accounts.id IS NULL

-- check transfers_have_their_bet: Stakes, wins and reversals belong to a bet.
SELECT transfers.id AS transfer_id, transfers.kind, transfers.bet_id
  FROM unbet_ledger.transfers
  LEFT JOIN unbet_ledger.bets ON bets.id = transfers.bet_id
 WHERE transfers.kind IN ('bet', 'win', 'reversal') AND bets.id IS NULL

-- check one_stake_and_one_reversal_per_bet: No bet was taken twice, or given back twice.
SELECT bet_id, kind, count(*) AS transfers
  FROM unbet_ledger.transfers
 WHERE kind IN ('bet', 'reversal')
 GROUP BY bet_id, kind
HAVING count(*) > 1

-- check reversals_undo_their_stake: A reversal's entries are those of the stake, negated.
SELECT bet_id, account_id, stake.amount AS taken, reversal.amount AS given_back
  FROM (
           SELECT transfers.bet_id, account_id, amount
             FROM unbet_ledger.entries
             JOIN unbet_ledger.transfers ON transfers.id = entries.transfer_id AND transfers.kind = 'bet'
            WHERE transfers.bet_id IN (SELECT bet_id FROM unbet_ledger.transfers WHERE kind = 'reversal')
       ) AS stake
  FULL JOIN (
           SELECT transfers.bet_id, account_id, amount
             FROM unbet_ledger.entries
             JOIN unbet_ledger.transfers ON transfers.id = entries.transfer_id AND transfers.kind = 'reversal'
       ) AS reversal USING (bet_id, account_id)
 WHERE stake.amount + reversal.amount IS DISTINCT FROM 0

-- check standing_bets_hold_their_stake: A placed or settled bet has its stake and no reversal.
SELECT bets.id AS bet_id, provider, reference, state, stake.id AS stake_id,
       reversal.id AS reversal_id
  FROM unbet_ledger.bets
  LEFT JOIN unbet_ledger.transfers AS stake ON stake.bet_id = bets.id AND stake.kind = 'bet'
  LEFT JOIN unbet_ledger.transfers AS reversal ON reversal.bet_id = bets.id AND reversal.kind = 'reversal'
 WHERE state IN ('placed', 'settled')
   AND (stake.id IS NULL OR reversal.id IS NOT NULL)

-- check reversed_bets_name_their_reversal: A reversed bet has its stake and the reversal that it names.
SELECT bets.id AS bet_id, provider, reference, state, stake.id AS stake_id,
       reversal.id AS reversal_id, bets.reversal_id AS named
  FROM unbet_ledger.bets
  LEFT JOIN unbet_ledger.transfers AS stake ON stake.bet_id = bets.id AND stake.kind = 'bet'
  LEFT JOIN unbet_ledger.transfers AS reversal ON reversal.bet_id = bets.id AND reversal.kind = 'reversal'
 WHERE state = 'reversed'
   AND (stake.id IS NULL OR reversal.id IS DISTINCT FROM bets.reversal_id)

-- check refused_bets_moved_nothing: A refused bet or a tombstone has no transfer.
SELECT bets.id AS bet_id, provider, reference, state, transfers.id AS transfer_id, transfers.kind
  FROM unbet_ledger.bets
  JOIN unbet_ledger.transfers ON transfers.bet_id = bets.id
 WHERE state IN ('refused', 'tombstone')

-- check stakes_are_the_bets_amounts: What a bet's stake took from players' accounts is its amount.
SELECT bets.id AS bet_id, provider, reference, bets.amount, coalesce(stake.taken, 0) AS taken
  FROM unbet_ledger.bets
  LEFT JOIN (
           SELECT transfers.bet_id, -sum(entries.amount) AS taken
             FROM unbet_ledger.transfers
             JOIN unbet_ledger.entries ON entries.transfer_id = transfers.id
             JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
            WHERE transfers.kind = 'bet' AND accounts.kind IN ('cash', 'bonus')
            GROUP BY transfers.bet_id
       ) AS stake ON stake.bet_id = bets.id
 WHERE state IN ('placed', 'settled', 'reversed')
   AND bets.amount IS DISTINCT FROM coalesce(stake.taken, 0)

-- check bets_move_their_own_accounts: A bet's transfers touch its player and its provider only.
SELECT transfers.id AS transfer_id, transfers.kind, bets.provider, bets.reference, bets.user_id,
       accounts.id AS account_id, accounts.owner, accounts.currency
  FROM unbet_ledger.transfers
  JOIN unbet_ledger.bets ON bets.id = transfers.bet_id
  JOIN unbet_ledger.entries ON entries.transfer_id = transfers.id
  JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
 WHERE accounts.currency <> bets.currency
    OR accounts.owner <> CASE accounts.kind WHEN 'cash' THEN bets.user_id
                                            WHEN 'bonus' THEN bets.user_id
                                            WHEN 'house' THEN bets.provider
                                            ELSE '' END
    OR accounts.kind NOT IN ('cash', 'bonus', 'house')

-- check outcomes_fit_the_state: What a cancel was told is what the bet's state says.
SELECT id AS bet_id, provider, reference, state, outcome
  FROM unbet_ledger.bets
 WHERE CASE state WHEN 'placed'    THEN outcome <> 'closed'
                  WHEN 'refused'   THEN outcome NOT IN ('bet_refused', 'closed')
                  WHEN 'settled'   THEN outcome NOT IN ('settled', 'closed')
                  WHEN 'reversed'  THEN outcome IS DISTINCT FROM 'reversed'
                  WHEN 'tombstone' THEN outcome NOT IN ('no_bet', 'closed') END

-- check tombstones_are_decided: A tombstone has its outcome, unless a person has reopened it.
SELECT bets.id AS bet_id, provider, reference
  FROM unbet_ledger.bets
  LEFT JOIN (SELECT DISTINCT provider, reference FROM unbet.interventions WHERE action = 'reopen')
         AS reopened USING (provider, reference)
 WHERE state = 'tombstone' AND outcome IS NULL AND reopened.reference IS NULL

-- check closed_cancels_returned_nothing: What a person has closed is on record, and was not given back.
SELECT bets.id AS bet_id, bets.provider, bets.reference, bets.state, reversal.id AS reversal_id,
       closing.reference IS NOT NULL AS is_on_record
  FROM unbet_ledger.bets
  LEFT JOIN unbet_ledger.transfers AS reversal ON reversal.bet_id = bets.id AND reversal.kind = 'reversal'
  LEFT JOIN (SELECT DISTINCT provider, reference FROM unbet.interventions WHERE action = 'close')
         AS closing ON closing.provider = bets.provider AND closing.reference = bets.reference
 WHERE outcome = 'closed'
   AND (reversal.id IS NOT NULL OR closing.reference IS NULL)

-- check paid_wins_have_their_transfer: A paid win has a transfer of its bet, with its amount.
SELECT wins.provider, wins.reference, wins.bet_reference, wins.amount, wins.transfer_id,
       coalesce(paid.amount, 0) AS paid
  FROM unbet_ledger.wins
  LEFT JOIN unbet_ledger.bets ON bets.reference = wins.bet_reference AND bets.provider = wins.provider
  LEFT JOIN unbet_ledger.transfers
         ON transfers.id = wins.transfer_id AND transfers.bet_id = bets.id
        AND transfers.kind = 'win'
  LEFT JOIN (
           SELECT entries.transfer_id, sum(entries.amount) AS amount
             FROM unbet_ledger.entries
             JOIN unbet_ledger.transfers ON transfers.id = entries.transfer_id AND transfers.kind = 'win'
             JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
            WHERE accounts.kind = 'cash'
            GROUP BY entries.transfer_id
       ) AS paid ON paid.transfer_id = transfers.id
 WHERE wins.refusal IS NULL
   AND (transfers.id IS NULL OR wins.amount <> coalesce(paid.amount, 0))

-- check refused_wins_moved_nothing: A refused win has no transfer.
SELECT provider, reference, refusal, transfer_id
  FROM unbet_ledger.wins
 WHERE refusal IS NOT NULL AND transfer_id IS NOT NULL

-- check win_transfers_have_their_win: Every transfer of a win is named by one.
SELECT transfers.id AS transfer_id, transfers.bet_id
  FROM unbet_ledger.transfers
  LEFT JOIN unbet_ledger.wins ON wins.transfer_id = transfers.id
 WHERE transfers.kind = 'win' AND wins.transfer_id IS NULL

-- check wins_are_paid_on_settled_bets: A win is paid on a settled bet only.
SELECT wins.provider, wins.reference, wins.bet_reference, bets.state
  FROM unbet_ledger.wins
  LEFT JOIN unbet_ledger.bets ON bets.reference = wins.bet_reference AND bets.provider = wins.provider
 WHERE wins.refusal IS NULL
   AND bets.state IS DISTINCT FROM 'settled'

-- check settled_bets_have_a_win: A settled bet has a win that was paid, be it zero.
SELECT bets.id AS bet_id, bets.provider, bets.reference
  FROM unbet_ledger.bets
 WHERE state = 'settled'
   AND NOT EXISTS (SELECT
                     FROM unbet_ledger.wins
                    WHERE wins.bet_reference = bets.reference AND wins.provider = bets.provider
                      AND wins.refusal IS NULL)

-- check deposits_have_their_transfer: A deposit has a transfer that credits its player with its amount.
SELECT deposits.*, credited.amount AS credited
  FROM unbet_ledger.deposits
  LEFT JOIN (
           SELECT entries.transfer_id, entries.amount, accounts.owner, accounts.currency,
                  accounts.kind
             FROM unbet_ledger.entries
             JOIN unbet_ledger.transfers ON transfers.id = entries.transfer_id AND transfers.kind = 'deposit'
             JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
            WHERE accounts.kind <> 'funding'
       ) AS credited ON credited.transfer_id = deposits.transfer_id
 WHERE (deposits.user_id, deposits.currency, deposits.kind, deposits.amount)
       IS DISTINCT FROM
       (credited.owner, credited.currency, credited.kind, credited.amount)

-- check deposit_transfers_have_their_deposit: Every transfer of a deposit is named by one.
SELECT transfers.id AS transfer_id
  FROM unbet_ledger.transfers
  LEFT JOIN unbet_ledger.deposits ON deposits.transfer_id = transfers.id
 WHERE transfers.kind = 'deposit' AND deposits.transfer_id IS NULL

-- check operations_have_their_entries: A withdrawal, its end, a correction and a conversion move their amount between their two accounts; a refused one moves nothing.
SELECT transfer_id, kind, owner, currency, account, due.amount AS due, entered.amount AS entered
  FROM (
           SELECT transfer_id, kind, user_id AS owner, currency, balance_type AS account, amount
             FROM unbet_ledger.operations
             LEFT JOIN unbet_ledger.refused_operations USING (kind, reference)
            WHERE refusal IS NULL
           UNION ALL
           SELECT transfer_id, kind, CASE kind WHEN 'correction' THEN '' ELSE user_id END, currency,
                  CASE kind WHEN 'withdrawal' THEN 'held' WHEN 'conversion' THEN 'cash' ELSE kind END,
                  -amount
             FROM unbet_ledger.operations
             LEFT JOIN unbet_ledger.refused_operations USING (kind, reference)
            WHERE refusal IS NULL
           UNION ALL
           SELECT withdrawal_ends.transfer_id, withdrawal_ends.kind, user_id, currency, 'held', amount
             FROM unbet_ledger.withdrawal_ends
             JOIN unbet_ledger.operations USING (reference)
            WHERE operations.kind = 'withdrawal'
           UNION ALL
           SELECT withdrawal_ends.transfer_id, withdrawal_ends.kind,
                  CASE withdrawal_ends.kind WHEN 'release' THEN user_id ELSE '' END, currency,
                  CASE withdrawal_ends.kind WHEN 'release' THEN 'cash' ELSE 'funding' END, -amount
             FROM unbet_ledger.withdrawal_ends
             JOIN unbet_ledger.operations USING (reference)
            WHERE operations.kind = 'withdrawal'
       ) AS due
  FULL JOIN (
           SELECT transfer_id, transfers.kind, owner, currency, accounts.kind AS account, amount
             FROM unbet_ledger.entries
             JOIN unbet_ledger.transfers
               ON transfers.id = entries.transfer_id
              AND transfers.kind IN ('withdrawal', 'completion', 'release', 'correction', 'conversion')
             JOIN unbet_ledger.accounts ON accounts.id = entries.account_id
       ) AS entered USING (transfer_id, kind, owner, currency, account)
 WHERE due.amount IS DISTINCT FROM entered.amount

-- check ended_withdrawals_were_held: A withdrawal that has ended had been held.
SELECT withdrawal_ends.reference, withdrawal_ends.kind, refusal
  FROM unbet_ledger.withdrawal_ends
  LEFT JOIN (
           SELECT reference, refusal
             FROM unbet_ledger.operations
             LEFT JOIN unbet_ledger.refused_operations USING (kind, reference)
            WHERE kind = 'withdrawal'
       ) AS withdrawal ON withdrawal.reference = withdrawal_ends.reference
 WHERE withdrawal.reference IS NULL OR refusal IS NOT NULL

-- check transfers_have_their_operation: Every transfer of a withdrawal, its end, a correction or a conversion is named by one.
SELECT transfers.id AS transfer_id, transfers.kind
  FROM unbet_ledger.transfers
  LEFT JOIN (
           SELECT transfer_id, kind FROM unbet_ledger.operations
           UNION ALL
           SELECT transfer_id, kind FROM unbet_ledger.withdrawal_ends
       ) AS named ON named.transfer_id = transfers.id AND named.kind = transfers.kind
 WHERE transfers.kind IN ('withdrawal', 'completion', 'release', 'correction', 'conversion')
   AND named.transfer_id IS NULL

-- check cancelled_rounds_have_no_placed_bet: No bet stands in a cancelled round, unless a person closed a cancel.
SELECT bets.id AS bet_id, provider, bets.reference, round_id, cancelled.cancelled_at
  FROM unbet_ledger.bets
  JOIN unbet_ledger.cancelled_rounds AS cancelled USING (provider, round_id)
  LEFT JOIN (SELECT DISTINCT provider, reference FROM unbet.interventions WHERE action IN ('close', 'reopen'))
         AS by_people USING (provider)
 WHERE state = 'placed'
   AND cancelled.user_id IN ('', bets.user_id) AND cancelled.currency IN ('', bets.currency)
 GROUP BY bets.id, provider, bets.reference, round_id, cancelled.cancelled_at
HAVING bool_and(by_people.reference IS NULL OR by_people.reference NOT IN (bets.reference, round_id))

-- check refused_for_a_cancelled_round: A bet that was refused as cancelled is of a round with a cancel, decided or closed.
SELECT bets.id AS bet_id, bets.provider, bets.reference, bets.round_id
  FROM unbet_ledger.bets
  LEFT JOIN unbet_ledger.cancelled_rounds AS cancelled
         ON cancelled.round_id = bets.round_id AND cancelled.provider = bets.provider
        AND cancelled.user_id IN ('', bets.user_id) AND cancelled.currency IN ('', bets.currency)
 WHERE refusal = 'cancelled' AND cancelled.round_id IS NULL
   AND NOT EXISTS (SELECT
                     FROM unbet.interventions
                    WHERE interventions.reference = bets.round_id AND interventions.provider = bets.provider
                      AND action = 'close')

-- check sequences_are_ahead: The next number of each sequence is larger than any in its table.
SELECT *
  FROM (
           SELECT 'unbet_ledger.accounts_id_seq' AS sequence, last_value, is_called,
                  (SELECT max(id) FROM unbet_ledger.accounts) AS largest
             FROM unbet_ledger.accounts_id_seq
           UNION ALL
           SELECT 'unbet_ledger.bets_id_seq' AS sequence, last_value, is_called,
                  (SELECT max(id) FROM unbet_ledger.bets) AS largest
             FROM unbet_ledger.bets_id_seq
           UNION ALL
           SELECT 'unbet_ledger.late_bets_id_seq' AS sequence, last_value, is_called,
                  (SELECT max(id) FROM unbet_ledger.late_bets) AS largest
             FROM unbet_ledger.late_bets_id_seq
           UNION ALL
           SELECT 'unbet_ledger.transfers_id_seq' AS sequence, last_value, is_called,
                  (SELECT max(id) FROM unbet_ledger.transfers) AS largest
             FROM unbet_ledger.transfers_id_seq
           UNION ALL
           SELECT 'unbet.interventions_id_seq' AS sequence, last_value, is_called,
                  (SELECT max(id) FROM unbet.interventions) AS largest
             FROM unbet.interventions_id_seq
       ) AS numbered
 WHERE CASE WHEN is_called THEN last_value < largest ELSE last_value <= largest END
