-- Withdrawals, corrections and conversions of bonus to cash. A withdrawal moves cash to the player's held
-- account first; its end moves it on, to where deposits come from, or back.

-- Not validated: that would read each table whole, and what the former constraints allowed the new ones do.
-- The tables are locked only for as long as the migration takes.
ALTER TABLE unbet_ledger.accounts
    DROP CONSTRAINT accounts_kind_check,
    ADD CONSTRAINT accounts_kind_check
        CHECK (kind IN ('cash', 'bonus', 'held', 'house', 'funding', 'correction')) NOT VALID,
    DROP CONSTRAINT only_players_run_a_balance,
    ADD CONSTRAINT only_players_run_a_balance
        CHECK ((kind IN ('cash', 'bonus', 'held')) = (balance IS NOT NULL)) NOT VALID;
ALTER TABLE unbet_ledger.transfers
    DROP CONSTRAINT transfers_kind_check,
    ADD CONSTRAINT transfers_kind_check
        CHECK (kind IN ('deposit', 'bet', 'win', 'reversal', 'withdrawal', 'completion', 'release',
                        'correction', 'conversion')) NOT VALID,
    DROP CONSTRAINT all_but_deposits_are_of_a_bet,
    ADD CONSTRAINT stakes_wins_and_reversals_are_of_a_bet
        CHECK ((kind IN ('bet', 'win', 'reversal')) = (bet_id IS NOT NULL)) NOT VALID;

-- Each kind has a key space of its own: what a withdrawal is called a correction may be called as well.
CREATE TABLE unbet_ledger.operations (
    kind         text COLLATE "C" NOT NULL CHECK (kind IN ('withdrawal', 'correction', 'conversion')),
    reference    text COLLATE "C" NOT NULL,
    user_id      text COLLATE "C" NOT NULL,
    currency     text COLLATE "C" NOT NULL,
    balance_type text COLLATE "C" NOT NULL CHECK (balance_type IN ('cash', 'bonus')),
    amount       numeric(38,18) NOT NULL CHECK (amount <> 0),  -- what that balance changes by
    reason       text,
    made_by      text,                                         -- the person, by the name that they gave
    transfer_id  bigint NOT NULL UNIQUE,         -- of a refused one: an id that no transfer has
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (reference, kind),
    CONSTRAINT only_a_correction_adds CHECK (kind = 'correction' OR amount < 0),
    CONSTRAINT what_it_takes_from
        CHECK (kind = 'correction' OR balance_type = CASE kind WHEN 'withdrawal' THEN 'cash' ELSE 'bonus' END),
    CONSTRAINT a_correction_has_a_reason_and_a_name
        CHECK ((kind = 'correction') = (coalesce(reason, '') <> '')
               AND (kind = 'correction') = (coalesce(made_by, '') <> ''))
);
CREATE INDEX ON unbet_ledger.operations (user_id, created_at);

-- Those that were refused. Whether one is, is known only after its key is taken, and no row is ever changed.
CREATE TABLE unbet_ledger.refused_operations (
    kind      text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    refusal   text COLLATE "C" NOT NULL,
    PRIMARY KEY (reference, kind)
);

-- A withdrawal has one end: its money has left, or is the player's again.
CREATE TABLE unbet_ledger.withdrawal_ends (
    reference   text COLLATE "C" PRIMARY KEY,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('completion', 'release')),
    transfer_id bigint NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unbet_ledger.operations
    EXECUTE FUNCTION unbet.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unbet_ledger.refused_operations
    EXECUTE FUNCTION unbet.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unbet_ledger.withdrawal_ends
    EXECUTE FUNCTION unbet.refuse_change();
