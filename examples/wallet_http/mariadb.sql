-- The operator's tables in MariaDB 10.6 or later. Three things are often otherwise in such tables, and all
-- three are needed: amounts as DECIMAL, a unique key on what is cancelled, and references that are compared
-- as they are. The last is what nopad_bin says: 'Ref-1', 'ref-1' and 'ref-1 ' are three bets. (utf8mb4_bin
-- takes the blank at the end for nothing; MySQL 8 calls the right one utf8mb4_0900_bin.)

CREATE DATABASE casino CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE casino.players (
    id     varchar(255) PRIMARY KEY,
    frozen boolean NOT NULL DEFAULT false
) ENGINE = InnoDB;

CREATE TABLE casino.balances (
    player   varchar(255) NOT NULL REFERENCES casino.players (id),
    currency varchar(8) NOT NULL,
    cash     decimal(38,18) NOT NULL DEFAULT 0 CHECK (cash >= 0),
    bonus    decimal(38,18) NOT NULL DEFAULT 0 CHECK (bonus >= 0),
    PRIMARY KEY (player, currency)
) ENGINE = InnoDB;

-- A bet, or what a cancel left in its place. The primary key is the idempotency key, for ever: a row is
-- never removed. As a primary key it is locked alone; another unique key would lock the gap before it, too.
CREATE TABLE casino.bets (
    provider   varchar(64) NOT NULL,
    reference  varchar(255) NOT NULL,
    player     varchar(255),  -- no foreign key: a cancel may name a player who never was, or none
    currency   varchar(8),    -- NULL as well: left by a cancel that names none
    state      varchar(16) NOT NULL
               CHECK (state IN ('new', 'placed', 'refused', 'settled', 'cancelled')),
    cash       decimal(38,18) NOT NULL DEFAULT 0,  -- the part of the stake that was cash
    bonus      decimal(38,18) NOT NULL DEFAULT 0,  -- the part that was bonus
    outcome    varchar(32),                        -- what its cancels are told; NULL before the first
    cash_after decimal(38,18),                     -- the player's cash right after the first
    PRIMARY KEY (provider, reference),
    CHECK (state = 'cancelled' OR player IS NOT NULL AND currency IS NOT NULL)
) ENGINE = InnoDB;

-- What has moved, line by line. The unique key lets nobody return a stake twice.
CREATE TABLE casino.movements (
    id        bigint AUTO_INCREMENT PRIMARY KEY,
    kind      varchar(16) NOT NULL CHECK (kind IN ('deposit', 'bet', 'win', 'refund')),
    provider  varchar(64),                         -- NULL: a deposit
    reference varchar(255),
    player    varchar(255) NOT NULL,
    currency  varchar(8) NOT NULL,
    cash      decimal(38,18) NOT NULL,
    bonus     decimal(38,18) NOT NULL,
    made_at   timestamp(6) NOT NULL DEFAULT current_timestamp(6),
    UNIQUE KEY (kind, provider, reference)
) ENGINE = InnoDB;
