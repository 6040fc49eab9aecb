-- The operator's tables. Two things are often missing in such tables, and both are needed: amounts as
-- NUMERIC, and a unique key on what is cancelled. COLLATE "C" compares references byte by byte.

CREATE SCHEMA casino;

CREATE TABLE casino.players (
    id     text COLLATE "C" PRIMARY KEY,
    frozen boolean NOT NULL DEFAULT false
);

CREATE TABLE casino.balances (
    player   text COLLATE "C" NOT NULL REFERENCES casino.players,
    currency text COLLATE "C" NOT NULL,
    cash     numeric(38,18) NOT NULL DEFAULT 0 CHECK (cash >= 0),
    bonus    numeric(38,18) NOT NULL DEFAULT 0 CHECK (bonus >= 0),
    PRIMARY KEY (player, currency)
);

-- A bet, or what a cancel left in its place. The primary key is the idempotency key, for ever: a row is
-- never removed.
CREATE TABLE casino.bets (
    provider   text COLLATE "C" NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    player     text COLLATE "C",                   -- NULL: left by a cancel that names none, as the next
    currency   text COLLATE "C",
    state      text NOT NULL CHECK (state IN ('new', 'placed', 'refused', 'settled', 'cancelled')),
    cash       numeric(38,18) NOT NULL DEFAULT 0,  -- the part of the stake that was cash
    bonus      numeric(38,18) NOT NULL DEFAULT 0,  -- the part that was bonus
    outcome    text,                               -- what its cancels are told; NULL before the first
    cash_after numeric(38,18),                     -- the player's cash right after the first
    PRIMARY KEY (provider, reference),
    CHECK (state = 'cancelled' OR player IS NOT NULL AND currency IS NOT NULL)
);

-- What has moved, line by line. The unique key lets nobody return a stake twice.
CREATE TABLE casino.movements (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL CHECK (kind IN ('deposit', 'bet', 'win', 'refund')),
    provider  text COLLATE "C",                    -- NULL: a deposit
    reference text COLLATE "C",
    player    text COLLATE "C" NOT NULL,
    currency  text COLLATE "C" NOT NULL,
    cash      numeric(38,18) NOT NULL,
    bonus     numeric(38,18) NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, provider, reference)
);
