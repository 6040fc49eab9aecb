-- Who may do what in the ledger's database. After every `unbet migrate`, and in one transaction:
--
--     unbet roles --apply      or      psql --single-transaction -v ON_ERROR_STOP=1 -f roles.sql
--
-- As a superuser, or from PostgreSQL 15 on as the database's owner with CREATEROLE. Run again it changes
-- nothing. What is not in our two schemas is left as it is.
--
-- These roles cannot log in. Each process logs in as a role of your own that is a member of one:
--
--     CREATE ROLE casino_receiver  LOGIN PASSWORD '…' IN ROLE unbet_receiver;  -- web
--     CREATE ROLE casino_worker    LOGIN PASSWORD '…' IN ROLE unbet_worker;    -- worker, sweep
--     CREATE ROLE casino_operator  LOGIN PASSWORD '…' IN ROLE unbet_operator;  -- bets, command line
--     CREATE ROLE casino_console   LOGIN PASSWORD '…' IN ROLE unbet_console;   -- console
--     CREATE ROLE casino_retention LOGIN PASSWORD '…' IN ROLE unbet_retention; -- unbet retain
--     CREATE ROLE casino_migration LOGIN PASSWORD '…' IN ROLE unbet_owner;     -- unbet migrate
--
-- No sequence but one is named below: what fills an identity column needs no right of its own.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['unbet_owner', 'unbet_receiver', 'unbet_worker', 'unbet_operator',
                              'unbet_console', 'unbet_retention']
    LOOP
        IF to_regrole(role) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
    -- Only a member can hand over what it owns; a superuser counts as one.
    IF NOT pg_has_role('unbet_owner', 'USAGE') THEN
        GRANT unbet_owner TO CURRENT_USER;
    END IF;
END $$;

-- The database and our schemas -----------------------------------------------------------------

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO unbet_owner, unbet_receiver, unbet_worker, '
                   'unbet_operator, unbet_console, unbet_retention', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO unbet_operator', current_database());
END $$;

ALTER SCHEMA unbet OWNER TO unbet_owner;
ALTER SCHEMA unbet_ledger OWNER TO unbet_owner;
REVOKE ALL ON SCHEMA unbet, unbet_ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA unbet, unbet_ledger
    TO unbet_receiver, unbet_worker, unbet_operator, unbet_console, unbet_retention;

-- From here on a name is one of ours, to the end of the transaction.
SET LOCAL search_path = unbet, unbet_ledger;

-- Everything belongs to the owner, and what was granted before is taken back.
DO $$
DECLARE
    ours regclass;
BEGIN
    FOREACH ours IN ARRAY ARRAY['alembic_version', 'players', 'accounts', 'bets', 'late_bets',
                                'transfers', 'entries', 'deposits', 'wins', 'operations',
                                'refused_operations', 'withdrawal_ends', 'requests', 'answers',
                                'parked', 'parkings', 'interventions', 'deployment', 'watched',
                                'asked', 'found_late', 'routes',
                                'cancelled_rounds']::regclass[]
    LOOP
        -- Handing over waits until nobody uses the table: the first time only.
        IF (SELECT relowner <> 'unbet_owner'::regrole FROM pg_class WHERE oid = ours) THEN
            EXECUTE format('ALTER TABLE %s OWNER TO unbet_owner', ours);
        END IF;
        EXECUTE format('REVOKE ALL ON TABLE %s FROM PUBLIC, unbet_receiver, unbet_worker, '
                       'unbet_operator, unbet_console, unbet_retention', ours);
    END LOOP;
END $$;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA unbet, unbet_ledger
    FROM unbet_receiver, unbet_worker, unbet_operator, unbet_console, unbet_retention;

-- Triggers run them, which needs no right; nobody else has to.
ALTER FUNCTION refuse_change() OWNER TO unbet_owner;
ALTER FUNCTION require_balanced_transfers() OWNER TO unbet_owner;
ALTER FUNCTION require_closing() OWNER TO unbet_owner;
ALTER FUNCTION require_reopening() OWNER TO unbet_owner;
ALTER FUNCTION refuse_tombstone() OWNER TO unbet_owner;
REVOKE ALL ON FUNCTION refuse_change(), require_balanced_transfers(), require_closing(),
    require_reopening(), refuse_tombstone() FROM PUBLIC;

-- What a later migration makes is the owner's alone until this file, in its version, grants it.
ALTER DEFAULT PRIVILEGES FOR ROLE unbet_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;

-- The start of every process compares the schema with its version, and each connection asks which
-- deployment the database is of; only the owner gives it another identity.
GRANT SELECT ON alembic_version
    TO unbet_receiver, unbet_worker, unbet_operator, unbet_console, unbet_retention;
GRANT SELECT ON deployment TO unbet_receiver, unbet_worker, unbet_operator, unbet_console;

-- The receiver ---------------------------------------------------------------------------------
-- It is what the world talks to. It looks up outcomes, parks cancels, notes answers and counts what is
-- parked; it cannot read what providers have sent, nor touch a row that is there.

GRANT SELECT (provider, reference, state, user_id, currency, outcome, cancel_request_id,
              reversal_id, cash_after)
    ON bets TO unbet_receiver;
GRANT SELECT (request_id, provider, reference, outcome, decided_at, wallet, wallet_ref, cash, replayed)
    ON requests TO unbet_receiver;

-- Reading the key is what ON CONFLICT needs; how many there are and since when is for /metrics.
GRANT SELECT (request_id, state, reason, parked_at),
      INSERT (request_id, provider, reference, batch, cancel, state, reason, last_error, next_try_at)
    ON parked TO unbet_receiver;
GRANT SELECT (request_id),
      INSERT (request_id, shared_request_id, uuid, received_at, received_from, outcome, code,
              seconds)
    ON answers TO unbet_receiver;
-- How many there are.
GRANT SELECT (id) ON late_bets TO unbet_receiver;
GRANT SELECT (look_at) ON watched TO unbet_receiver;
GRANT SELECT (outcome) ON found_late TO unbet_receiver;
-- A round may have the name of a bet.
GRANT SELECT (of_round) ON requests TO unbet_receiver;
-- Of bets that another wallet decides by now the ledger's own rows say nothing.
GRANT SELECT (provider, wallet) ON routes TO unbet_receiver;

-- Worker and sweep -----------------------------------------------------------------------------
-- They reverse. Without `amount` a row that they add to `bets` can only be a tombstone. The right to
-- update a column is also the right to lock the row.

GRANT SELECT,
      INSERT (provider, reference, state, user_id, currency, outcome, cancelled_at,
              cancel_request_id, cash_after),
      UPDATE (state, outcome, cancelled_at, cancel_request_id, reversal_id, cash_after)
    ON bets TO unbet_worker;
GRANT SELECT, UPDATE (balance) ON accounts TO unbet_worker;
GRANT SELECT, INSERT (kind, bet_id) ON transfers TO unbet_worker;
GRANT SELECT, INSERT (transfer_id, account_id, amount, balance_after) ON entries TO unbet_worker;
GRANT SELECT (request_id, provider, reference, user_id, currency, amount, outcome, decided_at,
              wallet_ref, cash, replayed),
      INSERT (request_id, provider, reference, user_id, currency, amount, batch, uuid, dialect,
              received_at, received_from, body, outcome, wallet, wallet_ref, cash, replayed,
              is_only_memory)
    ON requests TO unbet_worker;
GRANT SELECT, DELETE,
      INSERT (request_id, provider, reference, cancel, look_at),
      UPDATE (looks, look_at, taken_at)
    ON watched TO unbet_worker;
GRANT SELECT, DELETE, INSERT (provider, reference, of_round), UPDATE (open) ON asked TO unbet_worker;
-- Cancels of rounds.
GRANT INSERT (of_round), SELECT (of_round) ON requests TO unbet_worker;
GRANT SELECT,
      INSERT (provider, round_id, user_id, currency, outcome, cancel_request_id, cash_after)
    ON cancelled_rounds TO unbet_worker;
-- The first that starts writes them; only a person at the command line replaces them.
GRANT SELECT, INSERT (provider, wallet) ON routes TO unbet_worker;
GRANT INSERT (provider, wallet), DELETE ON routes TO unbet_operator;
GRANT SELECT, INSERT (request_id, provider, reference, outcome, wallet_ref)
    ON found_late TO unbet_worker;
GRANT SELECT, DELETE,
      INSERT (request_id, provider, reference, batch, cancel, state, reason, last_error, next_try_at),
      UPDATE (state, reason, tries, last_error, parked_at, next_try_at)
    ON parked TO unbet_worker;
-- Reading the key is what ON CONFLICT needs.
GRANT SELECT (request_id),
      INSERT (request_id, provider, reference, reason, tries, last_error, parked_at)
    ON parkings TO unbet_worker;

-- The operator ---------------------------------------------------------------------------------
-- Its own Bet and Result endpoints, and a person at the command line. It reads everything, and moves
-- money in every way but a cancel's: `reversal_id` is not its to write, and of outcomes only `closed` and
-- those that move nothing.

GRANT SELECT
    ON players, accounts, bets, late_bets, transfers, entries, deposits, wins, operations,
       refused_operations, withdrawal_ends, requests, answers, parked, parkings, interventions,
       watched, asked, found_late, routes
    TO unbet_operator;
GRANT INSERT (user_id, frozen_at), UPDATE (frozen_at) ON players TO unbet_operator;
GRANT INSERT (owner, currency, kind, balance), UPDATE (balance) ON accounts TO unbet_operator;
GRANT INSERT (provider, reference, state, user_id, currency, amount), UPDATE (state, refusal)
    ON bets TO unbet_operator;
-- A bet may name its round; one of a cancelled round is refused.
GRANT INSERT (round_id) ON bets TO unbet_operator;
GRANT SELECT ON cancelled_rounds TO unbet_operator, unbet_console;
GRANT INSERT (provider, reference, user_id, currency, amount) ON late_bets TO unbet_operator;
GRANT INSERT (id, kind, bet_id) ON transfers TO unbet_operator;
-- Whether a sequence is behind its table: the worker's start, and `unbet audit`.
GRANT SELECT ON SEQUENCE accounts_id_seq, bets_id_seq, late_bets_id_seq, transfers_id_seq,
                         interventions_id_seq
    TO unbet_worker, unbet_operator;
GRANT USAGE ON SEQUENCE transfers_id_seq TO unbet_operator;  -- it takes ids before it writes
GRANT INSERT (transfer_id, account_id, amount, balance_after) ON entries TO unbet_operator;
GRANT INSERT (reference, user_id, currency, kind, amount, transfer_id)
    ON deposits TO unbet_operator;
GRANT INSERT (provider, reference, bet_reference, amount, refusal, transfer_id)
    ON wins TO unbet_operator;
GRANT INSERT (kind, reference, user_id, currency, balance_type, amount, reason, made_by,
              transfer_id)
    ON operations TO unbet_operator;
GRANT INSERT (kind, reference, refusal) ON refused_operations TO unbet_operator;
GRANT INSERT (reference, kind, transfer_id) ON withdrawal_ends TO unbet_operator;
-- `unbet parked retry`, `close` and `reopen`, and `unbet replay`.
GRANT INSERT (request_id, provider, reference, action, made_by, reason)
    ON interventions TO unbet_operator;
GRANT UPDATE (state, tries, next_try_at),
      INSERT (request_id, provider, reference, batch, cancel, state, reason, last_error, next_try_at)
    ON parked TO unbet_operator;
GRANT INSERT (outcome, cancelled_at, cancel_request_id, cash_after),
      UPDATE (outcome, cancelled_at, cancel_request_id, cash_after)
    ON bets TO unbet_operator;

-- The console ----------------------------------------------------------------------------------
-- It is open to browsers. It reads everything, and says of a parked cancel that it is to be tried again,
-- closed or reopened. Without `amount` a row that it adds to `bets` can only be a tombstone, and only that
-- of a cancel that it has closed (triggers see to both).

GRANT SELECT
    ON players, accounts, bets, late_bets, transfers, entries, deposits, wins, operations,
       refused_operations, withdrawal_ends, requests, answers, parked, parkings, interventions,
       watched, asked, found_late, routes
    TO unbet_console;
GRANT UPDATE (state, tries, next_try_at) ON parked TO unbet_console;
GRANT INSERT (provider, reference, state, user_id, currency, outcome, cancelled_at,
              cancel_request_id, cash_after),
      UPDATE (outcome, cancelled_at, cancel_request_id, cash_after)
    ON bets TO unbet_console;
GRANT INSERT (request_id, provider, reference, action, made_by, reason)
    ON interventions TO unbet_console;

-- Retention ------------------------------------------------------------------------------------
-- It removes the records of requests, parkings and answers whose time is up and that no outcome
-- depends on.

GRANT SELECT (request_id, decided_at, is_only_memory), DELETE ON requests TO unbet_retention;
GRANT SELECT (request_id, answered_at), DELETE ON answers TO unbet_retention;
GRANT SELECT (request_id, decided_at), DELETE ON parkings TO unbet_retention;

SET LOCAL search_path TO DEFAULT;
