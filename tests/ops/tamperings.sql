-- What somebody with the guards taken off could do to the ledger, and the check that finds it.
-- `stakes`, `reversals`, `cash` and `house` are views that the test makes.

-- check transfers_sum_to_zero
UPDATE entries SET amount = amount + 1 WHERE account_id IN (SELECT id FROM house);

-- check transfers_sum_to_zero
INSERT INTO accounts (owner, currency, kind) VALUES ('', 'USD', 'funding');
UPDATE entries SET account_id = (SELECT id FROM accounts WHERE currency = 'USD')
 WHERE account_id IN (SELECT id FROM house);

-- check balances_are_sums
UPDATE accounts SET balance = balance + 1 WHERE kind = 'bonus';

-- check entries_follow_each_other
UPDATE entries SET balance_after = balance_after + 1
 WHERE transfer_id = (SELECT id FROM stakes WHERE reference = 'placed')
   AND account_id IN (SELECT id FROM cash);

-- check last_entries_hold_the_balances
UPDATE entries SET balance_after = balance_after + 1
 WHERE transfer_id = (SELECT max(transfer_id) FROM entries)
   AND account_id IN (SELECT id FROM cash);

-- check only_players_run_a_balance
UPDATE entries SET balance_after = 0 WHERE account_id IN (SELECT id FROM house);

-- check only_players_run_a_balance
UPDATE entries SET balance_after = NULL WHERE account_id IN (SELECT id FROM cash);

-- check no_player_owes
UPDATE entries SET balance_after = -1 WHERE account_id IN (SELECT id FROM cash);

-- check no_player_owes
ALTER TABLE accounts DROP CONSTRAINT no_player_owes;
UPDATE accounts SET balance = -1 WHERE id IN (SELECT id FROM cash);

-- check entries_have_transfer_and_account
DELETE FROM transfers WHERE id = (SELECT id FROM stakes WHERE reference = 'placed');

-- check entries_have_transfer_and_account
DELETE FROM accounts WHERE id IN (SELECT id FROM house);

-- check transfers_have_their_bet
DELETE FROM bets WHERE reference = 'placed';

-- check one_stake_and_one_reversal_per_bet
DROP INDEX one_reversal_per_bet;
INSERT INTO transfers (kind, bet_id) SELECT 'reversal', id FROM bets WHERE reference = 'reversed';

-- check one_stake_and_one_reversal_per_bet
DROP INDEX one_stake_per_bet;
INSERT INTO transfers (kind, bet_id) SELECT 'bet', id FROM bets WHERE reference = 'placed';

-- check reversals_undo_their_stake
UPDATE entries SET amount = amount * 2 WHERE transfer_id IN (SELECT id FROM reversals);

-- check reversals_undo_their_stake
DELETE FROM entries
 WHERE transfer_id IN (SELECT id FROM reversals) AND account_id IN (SELECT id FROM cash);

-- check reversals_undo_their_stake
INSERT INTO entries
SELECT reversals.id, accounts.id, 1 FROM reversals, accounts WHERE kind = 'funding';

-- check standing_bets_hold_their_stake
DELETE FROM transfers WHERE id = (SELECT id FROM stakes WHERE reference = 'placed');

-- check standing_bets_hold_their_stake
INSERT INTO transfers (kind, bet_id) SELECT 'reversal', id FROM bets WHERE reference = 'settled';

-- check reversed_bets_name_their_reversal
DELETE FROM transfers WHERE id IN (SELECT id FROM reversals);

-- check reversed_bets_name_their_reversal
UPDATE bets SET reversal_id = reversal_id + 1 WHERE reference = 'reversed';

-- check reversed_bets_name_their_reversal
DELETE FROM transfers WHERE id = (SELECT id FROM stakes WHERE reference = 'reversed');

-- check refused_bets_moved_nothing
INSERT INTO transfers (kind, bet_id) SELECT 'win', id FROM bets WHERE reference = 'refused';

-- check refused_bets_moved_nothing
INSERT INTO transfers (kind, bet_id) SELECT 'reversal', id FROM bets WHERE reference = 'never-came';

-- check stakes_are_the_bets_amounts
UPDATE bets SET amount = amount + 1 WHERE reference = 'placed';

-- check stakes_are_the_bets_amounts
DELETE FROM entries WHERE transfer_id = (SELECT id FROM stakes WHERE reference = 'reversed');

-- check bets_move_their_own_accounts
UPDATE bets SET user_id = 'bob' WHERE reference = 'reversed';

-- check bets_move_their_own_accounts
UPDATE bets SET currency = 'USD' WHERE reference = 'placed';

-- check bets_move_their_own_accounts
UPDATE bets SET provider = 'Another' WHERE reference = 'placed';

-- check bets_move_their_own_accounts
UPDATE entries SET account_id = (SELECT id FROM accounts WHERE kind = 'funding')
 WHERE account_id IN (SELECT id FROM house);

-- check outcomes_fit_the_state
UPDATE bets SET outcome = 'reversed' WHERE state = 'placed';

-- check outcomes_fit_the_state
UPDATE bets SET outcome = 'no_bet' WHERE state = 'refused';

-- check outcomes_fit_the_state
UPDATE bets SET outcome = 'no_bet' WHERE state = 'settled';

-- check outcomes_fit_the_state
UPDATE bets SET outcome = NULL WHERE state = 'reversed';

-- check tombstones_are_decided
UPDATE bets SET outcome = NULL WHERE state = 'tombstone';

-- check closed_cancels_returned_nothing
UPDATE bets SET outcome = 'closed' WHERE state = 'placed';

-- check closed_cancels_returned_nothing
INSERT INTO interventions (request_id, provider, reference, action, made_by, reason)
SELECT gen_random_uuid(), provider, reference, 'close', 'ann', 'a test' FROM bets;
UPDATE bets SET outcome = 'closed' WHERE state = 'reversed';

-- check paid_wins_have_their_transfer
UPDATE wins SET amount = amount + 1 WHERE refusal IS NULL;

-- check paid_wins_have_their_transfer
DELETE FROM transfers WHERE kind = 'win';

-- check paid_wins_have_their_transfer
UPDATE transfers SET bet_id = (SELECT id FROM bets WHERE reference = 'placed') WHERE kind = 'win';

-- check refused_wins_moved_nothing
ALTER TABLE wins DROP CONSTRAINT a_win_is_paid_or_refused;
UPDATE wins SET transfer_id = 1 WHERE refusal IS NOT NULL;

-- check win_transfers_have_their_win
DELETE FROM wins WHERE reference = 'settled';

-- check wins_are_paid_on_settled_bets
UPDATE bets SET state = 'placed' WHERE reference = 'settled';

-- check wins_are_paid_on_settled_bets
DELETE FROM bets WHERE reference = 'settled';

-- check settled_bets_have_a_win
UPDATE bets SET state = 'settled' WHERE reference = 'placed';

-- check deposits_have_their_transfer
UPDATE deposits SET amount = amount + 1 WHERE kind = 'cash';

-- check deposits_have_their_transfer
UPDATE deposits SET user_id = 'bob' WHERE kind = 'bonus';

-- check deposits_have_their_transfer
UPDATE transfers SET kind = 'win', bet_id = 1 WHERE kind = 'deposit';

-- check deposit_transfers_have_their_deposit
DELETE FROM deposits;

-- check sequences_are_ahead
SELECT setval('transfers_id_seq', min(id)) FROM transfers;
