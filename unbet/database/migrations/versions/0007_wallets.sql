-- What a wallet has told with its decision. NULL in `wallet`: the built-in ledger, whose own rows say it.
ALTER TABLE unbet.requests
    ADD COLUMN wallet     text COLLATE "C",
    ADD COLUMN wallet_ref text COLLATE "C",
    ADD COLUMN cash       numeric,                -- the player's, right after the first decision
    ADD COLUMN replayed   boolean;                -- whether the wallet had decided it before

-- What a wallet outside this database has been asked and is not on record to have decided. A row goes with
-- the record, in the same transaction.
CREATE TABLE unbet.asked (
    provider  text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    asked_at  timestamptz NOT NULL DEFAULT now(), -- for the first time
    PRIMARY KEY (reference, provider)
);

-- References of which a wallet said `no_bet` that cannot refuse the bet when it comes: they are asked
-- again until the bet's time is over.
CREATE TABLE unbet.watched (
    provider   text COLLATE "C" NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    request_id uuid NOT NULL,
    cancel     text NOT NULL,                     -- as in `parked`
    looks      smallint NOT NULL DEFAULT 0,
    look_at    timestamptz NOT NULL,
    PRIMARY KEY (reference, provider)
);
CREATE INDEX ON unbet.watched (look_at);
