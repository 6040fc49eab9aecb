-- A cancel may name a round: all its bets are cancelled, and those that come later are refused.

-- No row of `bets` is written, but the index reads the table once. Where that takes too long, column and index
-- can be made before, while everything runs: CREATE INDEX CONCURRENTLY.
ALTER TABLE unbet_ledger.bets ADD COLUMN IF NOT EXISTS round_id text COLLATE "C";  -- NULL: the bet does not say
CREATE INDEX IF NOT EXISTS bets_round_idx ON unbet_ledger.bets (round_id, provider) WHERE round_id IS NOT NULL;
CREATE OR REPLACE TRIGGER a_round_is_final BEFORE UPDATE OF round_id ON unbet_ledger.bets FOR EACH ROW
    WHEN (NEW.round_id IS DISTINCT FROM OLD.round_id)
    EXECUTE FUNCTION unbet.refuse_change();

-- Kept for ever, as tombstones are: a bet that fits such a row is refused. There are rows of cancelled rounds only.
CREATE TABLE unbet_ledger.cancelled_rounds (
    provider          text COLLATE "C" NOT NULL,
    round_id          text COLLATE "C" NOT NULL,
    user_id           text COLLATE "C" NOT NULL,  -- whose bets; '': all players'
    currency          text COLLATE "C" NOT NULL,  -- in which currency; '': all
    outcome           text COLLATE "C" NOT NULL,  -- what the first cancel got
    cancelled_at      timestamptz NOT NULL DEFAULT now(),
    cancel_request_id uuid NOT NULL,
    cash_after        numeric(38,18),             -- the player's cash right after that decision
    PRIMARY KEY (round_id, provider, user_id, currency)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unbet_ledger.cancelled_rounds
    EXECUTE FUNCTION unbet.refuse_change();

-- A round may be called what a bet is called, and is not that bet.
ALTER TABLE unbet.requests ADD COLUMN of_round boolean NOT NULL DEFAULT false;
ALTER TABLE unbet.asked
    ADD COLUMN of_round boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT asked_pkey,
    ADD PRIMARY KEY (reference, provider, of_round);
-- The cancel says it itself. Within a text of it the quotation marks would be escaped.
ALTER TABLE unbet.parked
    ADD COLUMN of_round boolean NOT NULL
        GENERATED ALWAYS AS (position('"of_round":true' IN cancel) > 0) STORED;
