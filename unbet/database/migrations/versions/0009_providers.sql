-- What the requests of other providers say: some name no player or no currency, some name the stake, some ask for
-- several bets at once; and their answers have codes that are no numbers.

-- No row is read or written, except that the index on requests reads the table once. Where that takes too long,
-- column and index can be made before, while everything runs (docs/deployment.md).
ALTER TABLE unbet.requests
    ALTER COLUMN user_id DROP NOT NULL,          -- NULL: the request does not say it
    ALTER COLUMN currency DROP NOT NULL,         -- the same
    ADD COLUMN IF NOT EXISTS batch uuid,         -- of the request that asks for several bets, else NULL
    ADD COLUMN amount numeric;                   -- the stake, as the request says it
CREATE INDEX IF NOT EXISTS requests_batch_idx ON unbet.requests (batch) WHERE batch IS NOT NULL;

ALTER TABLE unbet.parked ADD COLUMN batch uuid;
CREATE INDEX parked_batch_idx ON unbet.parked (batch) WHERE batch IS NOT NULL;

-- Of a tombstone: as the cancel named them, if it did. Not validated: so far the columns could not be NULL.
ALTER TABLE unbet_ledger.bets
    ALTER COLUMN user_id DROP NOT NULL,
    ALTER COLUMN currency DROP NOT NULL,
    ADD CONSTRAINT a_bet_has_a_player_and_a_currency
        CHECK (state = 'tombstone' OR user_id IS NOT NULL AND currency IS NOT NULL) NOT VALID;

-- To make text of a column of numbers writes the whole table anew, so those that are there stay.
ALTER TABLE unbet.answers RENAME COLUMN code TO numeric_code;
ALTER TABLE unbet.answers
    ALTER COLUMN numeric_code DROP NOT NULL,
    ADD COLUMN code text COLLATE "C",
    ADD CONSTRAINT an_answer_has_a_code CHECK (num_nonnulls(code, numeric_code) = 1) NOT VALID;
-- Receivers that run meanwhile go on noting answers.
DO $$
BEGIN
    IF to_regrole('unbet_receiver') IS NOT NULL THEN
        GRANT INSERT (code) ON unbet.answers TO unbet_receiver;
    END IF;
END $$;
