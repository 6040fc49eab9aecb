-- What somebody with the guards taken off could do to the ledger, and the check that finds it.
-- `stakes`, `reversals`, `cash` and `house` are views that the test makes.

-- check transfers_sum_to_zero
UPDATE unbet_ledger.entries SET amount = amount + 1 WHERE account_id IN (SELECT id FROM house);

-- check transfers_sum_to_zero
INSERT INTO unbet_ledger.accounts (owner, currency, kind) VALUES ('', 'USD', 'funding');
UPDATE unbet_ledger.entries SET account_id = (SELECT id FROM unbet_ledger.accounts WHERE currency = 'USD')
 WHERE account_id IN (SELECT id FROM house);

-- check balances_are_sums
UPDATE unbet_ledger.accounts SET balance = balance + 1 WHERE kind = 'bonus';

-- check entries_follow_each_other
UPDATE unbet_ledger.entries SET balance_after = balance_after + 1
 WHERE transfer_id = (SELECT id FROM stakes WHERE reference = 'placed')
   AND account_id IN (SELECT id FROM cash);

-- check last_entries_hold_the_balances
UPDATE unbet_ledger.entries SET balance_after = balance_after + 1
 WHERE transfer_id = (SELECT max(transfer_id) FROM unbet_ledger.entries)
   AND account_id IN (SELECT id FROM cash);

-- check only_players_run_a_balance
UPDATE unbet_ledger.entries SET balance_after = 0 WHERE account_id IN (SELECT id FROM house);

-- check only_players_run_a_balance
UPDATE unbet_ledger.entries SET balance_after = NULL WHERE account_id IN (SELECT id FROM cash);

-- check no_player_owes
UPDATE unbet_ledger.entries SET balance_after = -1 WHERE account_id IN (SELECT id FROM cash);

-- check no_player_owes
ALTER TABLE unbet_ledger.accounts DROP CONSTRAINT no_player_owes;
UPDATE unbet_ledger.accounts SET balance = -1 WHERE id IN (SELECT id FROM cash);

-- check entries_have_transfer_and_account
DELETE FROM unbet_ledger.transfers WHERE id = (SELECT id FROM stakes WHERE reference = 'placed');

-- check entries_have_transfer_and_account
DELETE FROM unbet_ledger.accounts WHERE id IN (SELECT id FROM house);

-- check transfers_have_their_bet
DELETE FROM unbet_ledger.bets WHERE reference = 'placed';

-- check one_stake_and_one_reversal_per_bet
DROP INDEX unbet_ledger.one_reversal_per_bet;
INSERT INTO unbet_ledger.transfers (kind, bet_id) SELECT 'reversal', id FROM unbet_ledger.bets WHERE reference = 'reversed';

-- check one_stake_and_one_reversal_per_bet
DROP INDEX unbet_ledger.one_stake_per_bet;
INSERT INTO unbet_ledger.transfers (kind, bet_id) SELECT 'bet', id FROM unbet_ledger.bets WHERE reference = 'placed';

-- check reversals_undo_their_stake
UPDATE unbet_ledger.entries SET amount = amount * 2 WHERE transfer_id IN (SELECT id FROM reversals);

-- check reversals_undo_their_stake
DELETE FROM unbet_ledger.entries
 WHERE transfer_id IN (SELECT id FROM reversals) AND account_id IN (SELECT id FROM cash);

-- check reversals_undo_their_stake
INSERT INTO unbet_ledger.entries
SELECT reversals.id, accounts.id, 1 FROM reversals, unbet_ledger.accounts WHERE kind = 'funding';

-- check standing_bets_hold_their_stake
DELETE FROM unbet_ledger.transfers WHERE id = (SELECT id FROM stakes WHERE reference = 'placed');

-- check standing_bets_hold_their_stake
INSERT INTO unbet_ledger.transfers (kind, bet_id) SELECT 'reversal', id FROM unbet_ledger.bets WHERE reference = 'settled';

-- check reversed_bets_name_their_reversal
DELETE FROM unbet_ledger.transfers WHERE id IN (SELECT id FROM reversals);

-- check reversed_bets_name_their_reversal
UPDATE unbet_ledger.bets SET reversal_id = reversal_id + 1 WHERE reference = 'reversed';

-- check reversed_bets_name_their_reversal
DELETE FROM unbet_ledger.transfers WHERE id = (SELECT id FROM stakes WHERE reference = 'reversed');

-- check refused_bets_moved_nothing
INSERT INTO unbet_ledger.transfers (kind, bet_id) SELECT 'win', id FROM unbet_ledger.bets WHERE reference = 'refused';

-- check refused_bets_moved_nothing
INSERT INTO unbet_ledger.transfers (kind, bet_id) SELECT 'reversal', id FROM unbet_ledger.bets WHERE reference = 'never-came';

-- check stakes_are_the_bets_amounts
UPDATE unbet_ledger.bets SET amount = amount + 1 WHERE reference = 'placed';

-- check stakes_are_the_bets_amounts
DELETE FROM unbet_ledger.entries WHERE transfer_id = (SELECT id FROM stakes WHERE reference = 'reversed');

-- check bets_move_their_own_accounts
UPDATE unbet_ledger.bets SET user_id = 'bob' WHERE reference = 'reversed';

-- check bets_move_their_own_accounts
UPDATE unbet_ledger.bets SET currency = 'USD' WHERE reference = 'placed';

-- check bets_move_their_own_accounts
UPDATE unbet_ledger.bets SET provider = 'Another' WHERE reference = 'placed';

-- check bets_move_their_own_accounts
UPDATE unbet_ledger.entries SET account_id = (SELECT id FROM unbet_ledger.accounts WHERE kind = 'funding')
 WHERE account_id IN (SELECT id FROM house);

-- check outcomes_fit_the_state
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET outcome = 'reversed' WHERE state = 'placed';

-- check outcomes_fit_the_state
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET outcome = 'no_bet' WHERE state = 'refused';

-- check outcomes_fit_the_state
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET outcome = 'no_bet' WHERE state = 'settled';

-- check outcomes_fit_the_state
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET outcome = NULL WHERE state = 'reversed';

-- check tombstones_are_decided
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET outcome = NULL WHERE state = 'tombstone';

-- check closed_cancels_returned_nothing
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET outcome = 'closed' WHERE state = 'placed';

-- check closed_cancels_returned_nothing
INSERT INTO unbet.interventions (request_id, provider, reference, action, made_by, reason)
SELECT gen_random_uuid(), provider, reference, 'close', 'ann', 'a test' FROM unbet_ledger.bets;
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET outcome = 'closed' WHERE state = 'reversed';

-- check paid_wins_have_their_transfer
UPDATE unbet_ledger.wins SET amount = amount + 1 WHERE refusal IS NULL;

-- check paid_wins_have_their_transfer
DELETE FROM unbet_ledger.transfers WHERE kind = 'win';

-- check paid_wins_have_their_transfer
UPDATE unbet_ledger.transfers SET bet_id = (SELECT id FROM unbet_ledger.bets WHERE reference = 'placed') WHERE kind = 'win';

-- check refused_wins_moved_nothing
ALTER TABLE unbet_ledger.wins DROP CONSTRAINT a_win_is_paid_or_refused;
UPDATE unbet_ledger.wins SET transfer_id = 1 WHERE refusal IS NOT NULL;

-- check win_transfers_have_their_win
DELETE FROM unbet_ledger.wins WHERE reference = 'settled';

-- check wins_are_paid_on_settled_bets
ALTER TABLE unbet_ledger.bets DROP CONSTRAINT an_outcome_fits_its_state;
UPDATE unbet_ledger.bets SET state = 'placed' WHERE reference = 'settled';

-- check wins_are_paid_on_settled_bets
DELETE FROM unbet_ledger.bets WHERE reference = 'settled';

-- check settled_bets_have_a_win
UPDATE unbet_ledger.bets SET state = 'settled' WHERE reference = 'placed';

-- check deposits_have_their_transfer
UPDATE unbet_ledger.deposits SET amount = amount + 1 WHERE kind = 'cash';

-- check deposits_have_their_transfer
UPDATE unbet_ledger.deposits SET user_id = 'bob' WHERE kind = 'bonus';

-- check only_players_run_a_balance
UPDATE unbet_ledger.entries SET balance_after = NULL
 WHERE account_id IN (SELECT id FROM unbet_ledger.accounts WHERE kind = 'held');

-- check balances_are_sums
UPDATE unbet_ledger.accounts SET balance = balance + 1 WHERE kind = 'held';

-- check deposits_have_their_transfer
UPDATE unbet_ledger.transfers SET kind = 'win', bet_id = 1 WHERE kind = 'deposit';

-- check deposit_transfers_have_their_deposit
DELETE FROM unbet_ledger.deposits;

-- check operations_have_their_entries
DELETE FROM unbet_ledger.operations WHERE kind = 'conversion';

-- check operations_have_their_entries
UPDATE unbet_ledger.operations SET amount = amount - 1 WHERE kind = 'correction';

-- check operations_have_their_entries
UPDATE unbet_ledger.operations SET user_id = 'bob' WHERE reference = 'held';

-- check operations_have_their_entries
DELETE FROM unbet_ledger.refused_operations;

-- check operations_have_their_entries
INSERT INTO unbet_ledger.refused_operations VALUES ('withdrawal', 'held', 'insufficient_funds');

-- check operations_have_their_entries
DELETE FROM unbet_ledger.transfers WHERE kind = 'release';

-- check operations_have_their_entries
UPDATE unbet_ledger.withdrawal_ends SET kind = 'release' WHERE kind = 'completion';

-- check operations_have_their_entries
UPDATE unbet_ledger.entries SET account_id = (SELECT id FROM unbet_ledger.accounts WHERE kind = 'funding')
 WHERE account_id = (SELECT id FROM unbet_ledger.accounts WHERE kind = 'correction');

-- check ended_withdrawals_were_held
DELETE FROM unbet_ledger.operations WHERE reference = 'completed';

-- check ended_withdrawals_were_held
INSERT INTO unbet_ledger.withdrawal_ends VALUES ('too much', 'completion', 1000000);

-- check transfers_have_their_operation
DELETE FROM unbet_ledger.operations WHERE kind = 'correction';

-- check transfers_have_their_operation
DELETE FROM unbet_ledger.withdrawal_ends WHERE kind = 'release';

-- check transfers_have_their_operation
DELETE FROM unbet_ledger.withdrawal_ends WHERE kind = 'completion';

-- check transfers_have_their_operation
DELETE FROM unbet_ledger.operations WHERE reference = 'held';

-- check transfers_have_their_operation
INSERT INTO unbet_ledger.transfers (kind) VALUES ('conversion');

-- check sequences_are_ahead
SELECT setval('unbet_ledger.transfers_id_seq', min(id)) FROM unbet_ledger.transfers;

-- check cancelled_rounds_have_no_placed_bet
UPDATE unbet_ledger.bets SET round_id = 'R' WHERE reference = 'placed';

-- check refused_for_a_cancelled_round
DELETE FROM unbet_ledger.cancelled_rounds;

-- check refused_for_a_cancelled_round
UPDATE unbet_ledger.bets SET user_id = 'bob' WHERE refusal = 'cancelled';
