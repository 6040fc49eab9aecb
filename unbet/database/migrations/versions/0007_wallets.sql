-- What a wallet has told with its decision. NULL in `wallet`: the built-in ledger, whose own rows say it.
ALTER TABLE unbet.requests
    ADD COLUMN wallet     text COLLATE "C",
    ADD COLUMN wallet_ref text COLLATE "C",
    ADD COLUMN cash       numeric,                -- the player's, right after the first decision
    ADD COLUMN replayed   boolean,                -- whether the wallet had decided it before
    -- Its wallet forgets: asked once more it would decide once more. The record is never removed.
    ADD COLUMN is_only_memory boolean;

-- What a wallet outside this database has been asked and is not on record to have decided. A row goes with
-- the record, in the same transaction.
CREATE TABLE unbet.asked (
    provider  text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    asked_at  timestamptz NOT NULL DEFAULT now(), -- for the first time
    open      integer NOT NULL DEFAULT 1,         -- calls of which it is not known what they did
    PRIMARY KEY (reference, provider)
);

-- Cancels of which a wallet said `no_bet` that cannot refuse the bet when it comes: it is asked again until
-- the bet's time is over, and then the row goes.
CREATE TABLE unbet.watched (
    request_id uuid PRIMARY KEY,
    provider   text COLLATE "C" NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    cancel     text NOT NULL,                     -- as in `parked`
    looks      smallint NOT NULL DEFAULT 0,       -- that found no bet
    look_at    timestamptz NOT NULL,              -- when the next is due
    taken_at   timestamptz                        -- by the sweep that asks
);
CREATE INDEX ON unbet.watched (look_at);

-- What such a wallet said in the end of a cancel that it had called `no_bet`: the bet came after it.
CREATE TABLE unbet.found_late (
    request_id uuid NOT NULL,
    provider   text COLLATE "C" NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    outcome    text NOT NULL CHECK (outcome <> 'no_bet'),
    wallet_ref text COLLATE "C",
    found_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (request_id, outcome)
);
CREATE INDEX ON unbet.found_late (reference, provider);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unbet.found_late
    EXECUTE FUNCTION unbet.refuse_change();

-- Which wallet decides whose cancels, as the first worker or sweep had it: another one that is told otherwise
-- does not start.
CREATE TABLE unbet.routes (
    provider    text COLLATE "C" PRIMARY KEY,     -- '': all that have no row
    wallet      text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
