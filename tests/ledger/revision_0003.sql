-- A ledger as revision 0003 left it, with a row of every kind, its roles and its triggers: made with the code
-- of that revision (bets, results, cancels, a late bet, parked, dead and closed cancels, a frozen player), and
-- written by `pg_dump --inserts`.
SET check_function_bodies = false;
ALTER SCHEMA public OWNER TO unbet_owner;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: its rows are never changed or removed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
ALTER FUNCTION public.refuse_change() OWNER TO unbet_owner;
CREATE FUNCTION public.require_balanced_transfers() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM entered GROUP BY transfer_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the entries of a transfer must sum to zero' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
ALTER FUNCTION public.require_balanced_transfers() OWNER TO unbet_owner;
CREATE TABLE public.accounts (
    id bigint NOT NULL,
    owner text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    balance numeric(38,18),
    CONSTRAINT accounts_kind_check CHECK ((kind = ANY (ARRAY['cash'::text, 'bonus'::text, 'house'::text, 'funding'::text]))),
    CONSTRAINT no_player_owes CHECK ((balance >= (0)::numeric)),
    CONSTRAINT only_players_run_a_balance CHECK (((kind = ANY (ARRAY['cash'::text, 'bonus'::text])) = (balance IS NOT NULL)))
)
WITH (fillfactor='70');
ALTER TABLE public.accounts OWNER TO unbet_owner;
ALTER TABLE public.accounts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
ALTER TABLE public.alembic_version OWNER TO unbet_owner;
CREATE TABLE public.answers (
    request_id uuid NOT NULL,
    shared_request_id uuid,
    uuid text NOT NULL COLLATE pg_catalog."C",
    received_at timestamp with time zone NOT NULL,
    received_from text NOT NULL COLLATE pg_catalog."C",
    outcome text COLLATE pg_catalog."C",
    code integer NOT NULL,
    seconds numeric(9,6) NOT NULL,
    answered_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.answers OWNER TO unbet_owner;
CREATE TABLE public.bets (
    id bigint NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    amount numeric(38,18),
    refusal text COLLATE pg_catalog."C",
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    outcome text COLLATE pg_catalog."C",
    cancelled_at timestamp with time zone,
    cancel_request_id uuid,
    reversal_id bigint,
    cash_after numeric(38,18),
    CONSTRAINT a_refusal_has_a_reason CHECK (((state = 'refused'::text) = (refusal IS NOT NULL))),
    CONSTRAINT a_reversed_bet_names_its_reversal CHECK (((state = 'reversed'::text) = (reversal_id IS NOT NULL))),
    CONSTRAINT a_stake_is_not_negative CHECK ((amount >= (0)::numeric)),
    CONSTRAINT a_tombstone_has_no_stake CHECK (((state = 'tombstone'::text) = (amount IS NULL))),
    CONSTRAINT bets_state_check CHECK ((state = ANY (ARRAY['placed'::text, 'refused'::text, 'settled'::text, 'reversed'::text, 'tombstone'::text])))
)
WITH (fillfactor='80');
ALTER TABLE public.bets OWNER TO unbet_owner;
ALTER TABLE public.bets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.bets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.deposits (
    reference text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    amount numeric(38,18) NOT NULL,
    transfer_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT deposits_amount_check CHECK ((amount > (0)::numeric)),
    CONSTRAINT deposits_kind_check CHECK ((kind = ANY (ARRAY['cash'::text, 'bonus'::text])))
);
ALTER TABLE public.deposits OWNER TO unbet_owner;
CREATE TABLE public.entries (
    transfer_id bigint NOT NULL,
    account_id bigint NOT NULL,
    amount numeric(38,18) NOT NULL,
    balance_after numeric(38,18),
    CONSTRAINT entries_amount_check CHECK ((amount <> (0)::numeric))
);
ALTER TABLE public.entries OWNER TO unbet_owner;
CREATE TABLE public.interventions (
    id bigint NOT NULL,
    request_id uuid NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    action text NOT NULL COLLATE pg_catalog."C",
    made_by text NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    reason text,
    CONSTRAINT a_close_has_a_reason CHECK (((action <> 'close'::text) OR (reason <> ''::text))),
    CONSTRAINT interventions_action_check CHECK ((action = ANY (ARRAY['retry'::text, 'close'::text]))),
    CONSTRAINT interventions_made_by_check CHECK ((made_by <> ''::text))
);
ALTER TABLE public.interventions OWNER TO unbet_owner;
ALTER TABLE public.interventions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.interventions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.late_bets (
    id bigint NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    amount numeric(38,18) NOT NULL,
    refused_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.late_bets OWNER TO unbet_owner;
ALTER TABLE public.late_bets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.late_bets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.parked (
    request_id uuid NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    cancel text NOT NULL,
    state text DEFAULT 'parked'::text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    last_error text,
    parked_at timestamp with time zone DEFAULT now() NOT NULL,
    next_try_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT parked_state_check CHECK ((state = ANY (ARRAY['parked'::text, 'dead'::text, 'closed'::text])))
);
ALTER TABLE public.parked OWNER TO unbet_owner;
CREATE TABLE public.parkings (
    request_id uuid NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    reason text NOT NULL,
    tries integer NOT NULL,
    last_error text,
    parked_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.parkings OWNER TO unbet_owner;
CREATE TABLE public.players (
    user_id text NOT NULL COLLATE pg_catalog."C",
    frozen_at timestamp with time zone
);
ALTER TABLE public.players OWNER TO unbet_owner;
CREATE TABLE public.requests (
    request_id uuid NOT NULL,
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    uuid text NOT NULL COLLATE pg_catalog."C",
    dialect text NOT NULL COLLATE pg_catalog."C",
    received_at timestamp with time zone NOT NULL,
    received_from text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL,
    outcome text NOT NULL COLLATE pg_catalog."C",
    decided_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.requests OWNER TO unbet_owner;
CREATE TABLE public.transfers (
    id bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    bet_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT all_but_deposits_are_of_a_bet CHECK (((kind = 'deposit'::text) = (bet_id IS NULL))),
    CONSTRAINT transfers_kind_check CHECK ((kind = ANY (ARRAY['deposit'::text, 'bet'::text, 'win'::text, 'reversal'::text])))
);
ALTER TABLE public.transfers OWNER TO unbet_owner;
ALTER TABLE public.transfers ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.transfers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.wins (
    provider text NOT NULL COLLATE pg_catalog."C",
    reference text NOT NULL COLLATE pg_catalog."C",
    bet_reference text NOT NULL COLLATE pg_catalog."C",
    amount numeric(38,18) NOT NULL,
    refusal text COLLATE pg_catalog."C",
    transfer_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT a_win_is_paid_or_refused CHECK (((refusal IS NULL) = (transfer_id IS NOT NULL))),
    CONSTRAINT wins_amount_check CHECK ((amount >= (0)::numeric))
);
ALTER TABLE public.wins OWNER TO unbet_owner;
INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (1, '', 'EUR', 'funding', NULL);
INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (3, 'alice', 'EUR', 'bonus', 5.500000000000000000);
INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (4, '', 'USD', 'funding', NULL);
INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (6, 'LuckyMonaco', 'EUR', 'house', NULL);
INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (7, 'LuckyMonaco', 'USD', 'house', NULL);
INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (5, 'bob', 'USD', 'cash', 20.000000000000000000);
INSERT INTO public.accounts OVERRIDING SYSTEM VALUE VALUES (2, 'alice', 'EUR', 'cash', 91.250000000000000000);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.answers VALUES ('01a223b9-cb23-70fa-90f8-56b96f68b88b', NULL, '00000000000000000000000000000000', '2026-11-28 19:55:08.451652+00', '192.0.2.1', 'reversed', 0, 0.012000, '2026-11-28 19:55:08.539594+00');
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (2, 'LuckyMonaco', 'stands', 'placed', 'alice', 'EUR', 7.000000000000000000, NULL, '2026-11-28 19:55:07.627565+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (4, 'LuckyMonaco', 'closed', 'placed', 'alice', 'EUR', 2.000000000000000000, NULL, '2026-11-28 19:55:07.843905+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (6, 'LuckyMonaco', 'parked', 'placed', 'alice', 'EUR', 1.250000000000000000, NULL, '2026-11-28 19:55:08.18619+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (7, 'LuckyMonaco', 'dead', 'placed', 'alice', 'EUR', 1.500000000000000000, NULL, '2026-11-28 19:55:08.251653+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (1, 'LuckyMonaco', 'returned', 'reversed', 'alice', 'EUR', 10.000000000000000000, NULL, '2026-11-28 19:55:07.489318+00', 'reversed', '2026-11-28 19:55:08.455327+00', '01a223b9-cb23-70fa-90f8-56b96f68b88b', 13, 97.250000000000000000);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (9, 'LuckyMonaco', 'never', 'tombstone', 'alice', 'EUR', NULL, NULL, '2026-11-28 19:55:08.587463+00', 'no_bet', '2026-11-28 19:55:08.587463+00', '01a223b9-cbaa-776a-aea9-ca637327495e', NULL, 97.250000000000000000);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (3, 'LuckyMonaco', 'settled', 'settled', 'alice', 'EUR', 3.000000000000000000, NULL, '2026-11-28 19:55:07.706533+00', 'settled', '2026-11-28 19:55:08.674399+00', '01a223b9-cbff-774a-bae1-925f58538a5f', NULL, 97.250000000000000000);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (5, 'LuckyMonaco', 'too much', 'refused', 'alice', 'EUR', 4000.000000000000000000, 'insufficient_funds', '2026-11-28 19:55:08.019186+00', 'bet_refused', '2026-11-28 19:55:08.706289+00', '01a223b9-cc21-7661-a408-9ce3ceb1a3b4', NULL, 97.250000000000000000);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (8, 'LuckyMonaco', 'bobs', 'reversed', 'bob', 'USD', 8.000000000000000000, NULL, '2026-11-28 19:55:08.324643+00', 'reversed', '2026-11-28 19:55:08.762969+00', '01a223b9-cc5a-738a-b5a6-e389dcf4a2bd', 14, 20.000000000000000000);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (11, 'LuckyMonaco', 'again', 'placed', 'alice', 'EUR', 3.000000000000000000, NULL, '2026-11-28 19:55:08.779357+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (12, 'LuckyMonaco', 'swept', 'reversed', 'alice', 'EUR', 1.750000000000000000, NULL, '2026-11-28 19:55:08.983858+00', 'reversed', '2026-11-28 19:55:09.19041+00', '01a223b9-cdaa-73fb-835a-eba2ed827002', 17, 94.250000000000000000);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (15, 'LuckyMonaco', 'closed by another', 'placed', 'alice', 'EUR', 1.000000000000000000, NULL, '2026-11-28 19:55:09.54895+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (16, 'LuckyMonaco', 'closed unreadable', 'placed', 'alice', 'EUR', 1.000000000000000000, NULL, '2026-11-28 19:55:09.633984+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (13, 'LuckyMonaco', 'closed settled', 'settled', 'alice', 'EUR', 1.000000000000000000, NULL, '2026-11-28 19:55:09.29703+00', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.bets OVERRIDING SYSTEM VALUE VALUES (14, 'LuckyMonaco', 'closed, then returned', 'reversed', 'alice', 'EUR', 1.000000000000000000, NULL, '2026-11-28 19:55:09.415632+00', 'reversed', '2026-11-28 19:55:09.883248+00', '01a223b9-d0ba-724d-8eb5-305e8d414489', 23, 91.250000000000000000);
INSERT INTO public.deposits VALUES ('d1', 'alice', 'EUR', 'cash', 100.000000000000000000, 1, '2026-11-28 19:55:06.921287+00');
INSERT INTO public.deposits VALUES ('d2', 'alice', 'EUR', 'bonus', 5.500000000000000000, 2, '2026-11-28 19:55:07.158676+00');
INSERT INTO public.deposits VALUES ('d3', 'bob', 'USD', 'cash', 20.000000000000000000, 3, '2026-11-28 19:55:07.283759+00');
INSERT INTO public.entries VALUES (1, 2, 100.000000000000000000, 100.000000000000000000);
INSERT INTO public.entries VALUES (1, 1, -100.000000000000000000, NULL);
INSERT INTO public.entries VALUES (2, 3, 5.500000000000000000, 5.500000000000000000);
INSERT INTO public.entries VALUES (2, 1, -5.500000000000000000, NULL);
INSERT INTO public.entries VALUES (3, 5, 20.000000000000000000, 20.000000000000000000);
INSERT INTO public.entries VALUES (3, 4, -20.000000000000000000, NULL);
INSERT INTO public.entries VALUES (4, 2, -10.000000000000000000, 90.000000000000000000);
INSERT INTO public.entries VALUES (4, 6, 10.000000000000000000, NULL);
INSERT INTO public.entries VALUES (5, 2, -7.000000000000000000, 83.000000000000000000);
INSERT INTO public.entries VALUES (5, 6, 7.000000000000000000, NULL);
INSERT INTO public.entries VALUES (6, 2, -3.000000000000000000, 80.000000000000000000);
INSERT INTO public.entries VALUES (6, 6, 3.000000000000000000, NULL);
INSERT INTO public.entries VALUES (7, 2, -2.000000000000000000, 78.000000000000000000);
INSERT INTO public.entries VALUES (7, 6, 2.000000000000000000, NULL);
INSERT INTO public.entries VALUES (9, 2, -1.250000000000000000, 76.750000000000000000);
INSERT INTO public.entries VALUES (9, 6, 1.250000000000000000, NULL);
INSERT INTO public.entries VALUES (10, 2, -1.500000000000000000, 75.250000000000000000);
INSERT INTO public.entries VALUES (10, 6, 1.500000000000000000, NULL);
INSERT INTO public.entries VALUES (11, 5, -8.000000000000000000, 12.000000000000000000);
INSERT INTO public.entries VALUES (11, 7, 8.000000000000000000, NULL);
INSERT INTO public.entries VALUES (12, 2, 12.000000000000000000, 87.250000000000000000);
INSERT INTO public.entries VALUES (12, 6, -12.000000000000000000, NULL);
INSERT INTO public.entries VALUES (13, 2, 10.000000000000000000, 97.250000000000000000);
INSERT INTO public.entries VALUES (13, 6, -10.000000000000000000, NULL);
INSERT INTO public.entries VALUES (14, 5, 8.000000000000000000, 20.000000000000000000);
INSERT INTO public.entries VALUES (14, 7, -8.000000000000000000, NULL);
INSERT INTO public.entries VALUES (15, 2, -3.000000000000000000, 94.250000000000000000);
INSERT INTO public.entries VALUES (15, 6, 3.000000000000000000, NULL);
INSERT INTO public.entries VALUES (16, 2, -1.750000000000000000, 92.500000000000000000);
INSERT INTO public.entries VALUES (16, 6, 1.750000000000000000, NULL);
INSERT INTO public.entries VALUES (17, 2, 1.750000000000000000, 94.250000000000000000);
INSERT INTO public.entries VALUES (17, 6, -1.750000000000000000, NULL);
INSERT INTO public.entries VALUES (18, 2, -1.000000000000000000, 93.250000000000000000);
INSERT INTO public.entries VALUES (18, 6, 1.000000000000000000, NULL);
INSERT INTO public.entries VALUES (19, 2, -1.000000000000000000, 92.250000000000000000);
INSERT INTO public.entries VALUES (19, 6, 1.000000000000000000, NULL);
INSERT INTO public.entries VALUES (20, 2, -1.000000000000000000, 91.250000000000000000);
INSERT INTO public.entries VALUES (20, 6, 1.000000000000000000, NULL);
INSERT INTO public.entries VALUES (21, 2, -1.000000000000000000, 90.250000000000000000);
INSERT INTO public.entries VALUES (21, 6, 1.000000000000000000, NULL);
INSERT INTO public.entries VALUES (23, 2, 1.000000000000000000, 91.250000000000000000);
INSERT INTO public.entries VALUES (23, 6, -1.000000000000000000, NULL);
INSERT INTO public.interventions OVERRIDING SYSTEM VALUE VALUES (1, '01a223b9-d039-7145-a3d4-1ffefcca57ac', 'LuckyMonaco', 'closed', 'close', 'ann', '2026-11-28 19:55:09.78048+00', 'by hand');
INSERT INTO public.interventions OVERRIDING SYSTEM VALUE VALUES (2, '01a223b9-d039-7145-a3d4-1fffc7b57c9d', 'LuckyMonaco', 'closed settled', 'close', 'ann', '2026-11-28 19:55:09.805468+00', 'by hand');
INSERT INTO public.interventions OVERRIDING SYSTEM VALUE VALUES (3, '01a223b9-d039-7145-a3d4-200085173c09', 'LuckyMonaco', 'closed, then returned', 'close', 'ann', '2026-11-28 19:55:09.80984+00', 'by hand');
INSERT INTO public.interventions OVERRIDING SYSTEM VALUE VALUES (4, '01a223b9-d039-7145-a3d4-200181c9d475', 'LuckyMonaco', 'closed by another', 'close', 'ann', '2026-11-28 19:55:09.828638+00', 'by hand');
INSERT INTO public.interventions OVERRIDING SYSTEM VALUE VALUES (5, '01a223b9-d039-7145-a3d4-20028a057733', 'LuckyMonaco', 'closed unreadable', 'close', 'ann', '2026-11-28 19:55:09.846921+00', 'by hand');
INSERT INTO public.interventions OVERRIDING SYSTEM VALUE VALUES (6, '01a223b9-d039-7145-a3d4-200356e7e4d5', 'LuckyMonaco', 'closed unknown', 'close', 'ann', '2026-11-28 19:55:09.854506+00', 'by hand');
INSERT INTO public.late_bets OVERRIDING SYSTEM VALUE VALUES (1, 'LuckyMonaco', 'never', 'alice', 'EUR', 9.000000000000000000, '2026-11-28 19:55:08.62522+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-2004a3e3fad5', 'LuckyMonaco', 'parked', '{"request_id":"01a223b9-d039-7145-a3d4-2004a3e3fad5","received_at":"2026-11-28T19:55:09.753488Z","received_from":"192.0.2.1","provider":"LuckyMonaco","dialect":"lucky-monaco-v4","request":{"user_id":"alice","provider_id":"LuckyMonaco","game_name":"tumblefortune","game_id":"Im_60_tumblefortune","currency":"EUR","reference":"parked","uuid":"00000000000000000000000000000000","session_id":"session-1"},"body":"{\"as\": \"sent\"}"}', 'parked', 'no outcome in time', 0, NULL, '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-2005868d6a1c', 'LuckyMonaco', 'dead', '{"request_id":"01a223b9-d039-7145-a3d4-2005868d6a1c","received_at":"2026-11-28T19:55:09.753514Z","received_from":"192.0.2.1","provider":"LuckyMonaco","dialect":"lucky-monaco-v4","request":{"user_id":"alice","provider_id":"LuckyMonaco","game_name":"tumblefortune","game_id":"Im_60_tumblefortune","currency":"EUR","reference":"dead","uuid":"00000000000000000000000000000000","session_id":"session-1"},"body":"{\"as\": \"sent\"}"}', 'dead', 'content', 20, 'x', '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-1ffefcca57ac', 'LuckyMonaco', 'closed', '{"request_id":"01a223b9-d039-7145-a3d4-1ffefcca57ac","received_at":"2026-11-28T19:55:09.753176Z","received_from":"192.0.2.1","provider":"LuckyMonaco","dialect":"lucky-monaco-v4","request":{"user_id":"alice","provider_id":"LuckyMonaco","game_name":"tumblefortune","game_id":"Im_60_tumblefortune","currency":"EUR","reference":"closed","uuid":"00000000000000000000000000000000","session_id":"session-1"},"body":"{\"as\": \"sent\"}"}', 'closed', 'no outcome in time', 0, NULL, '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-1fffc7b57c9d', 'LuckyMonaco', 'closed settled', '{"request_id":"01a223b9-d039-7145-a3d4-1fffc7b57c9d","received_at":"2026-11-28T19:55:09.753229Z","received_from":"192.0.2.1","provider":"LuckyMonaco","dialect":"lucky-monaco-v4","request":{"user_id":"alice","provider_id":"LuckyMonaco","game_name":"tumblefortune","game_id":"Im_60_tumblefortune","currency":"EUR","reference":"closed settled","uuid":"00000000000000000000000000000000","session_id":"session-1"},"body":"{\"as\": \"sent\"}"}', 'closed', 'no outcome in time', 0, NULL, '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-200085173c09', 'LuckyMonaco', 'closed, then returned', '{"request_id":"01a223b9-d039-7145-a3d4-200085173c09","received_at":"2026-11-28T19:55:09.753249Z","received_from":"192.0.2.1","provider":"LuckyMonaco","dialect":"lucky-monaco-v4","request":{"user_id":"alice","provider_id":"LuckyMonaco","game_name":"tumblefortune","game_id":"Im_60_tumblefortune","currency":"EUR","reference":"closed, then returned","uuid":"00000000000000000000000000000000","session_id":"session-1"},"body":"{\"as\": \"sent\"}"}', 'closed', 'no outcome in time', 0, NULL, '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-200181c9d475', 'LuckyMonaco', 'closed by another', '{"request_id":"01a223b9-d039-7145-a3d4-200181c9d475","received_at":"2026-11-28T19:55:09.753270Z","received_from":"192.0.2.1","provider":"LuckyMonaco","dialect":"lucky-monaco-v4","request":{"user_id":"mallory","provider_id":"LuckyMonaco","game_name":"tumblefortune","game_id":"Im_60_tumblefortune","currency":"EUR","reference":"closed by another","uuid":"00000000000000000000000000000000","session_id":"session-1"},"body":"{\"as\": \"sent\"}"}', 'closed', 'no outcome in time', 0, NULL, '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-200356e7e4d5', 'LuckyMonaco', 'closed unknown', '{"request_id":"01a223b9-d039-7145-a3d4-200356e7e4d5","received_at":"2026-11-28T19:55:09.753312Z","received_from":"192.0.2.1","provider":"LuckyMonaco","dialect":"lucky-monaco-v4","request":{"user_id":"alice","provider_id":"LuckyMonaco","game_name":"tumblefortune","game_id":"Im_60_tumblefortune","currency":"EUR","reference":"closed unknown","uuid":"00000000000000000000000000000000","session_id":"session-1"},"body":"{\"as\": \"sent\"}"}', 'closed', 'no outcome in time', 0, NULL, '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parked VALUES ('01a223b9-d039-7145-a3d4-20028a057733', 'LuckyMonaco', 'closed unreadable', 'no JSON', 'closed', 'no outcome in time', 0, NULL, '2026-11-28 19:55:09.756408+00', '2026-11-28 19:55:09.756408+00');
INSERT INTO public.parkings VALUES ('01a223b9-cdaa-73fb-835a-eba2ed827002', 'LuckyMonaco', 'swept', 'no outcome in time', 1, NULL, '2026-11-28 19:55:09.099738+00', '2026-11-28 19:55:09.19041+00');
INSERT INTO public.players VALUES ('bob', '2026-11-28 19:55:09.921471+00');
INSERT INTO public.requests VALUES ('01a223b9-cb23-70fa-90f8-56b96f68b88b', 'LuckyMonaco', 'returned', 'alice', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:08.451652+00', '192.0.2.1', '{"as": "sent"}', 'reversed', '2026-11-28 19:55:08.455327+00');
INSERT INTO public.requests VALUES ('01a223b9-cb87-7330-a5df-ab4ad885cb68', 'LuckyMonaco', 'returned', 'alice', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:08.551663+00', '192.0.2.1', '{"as": "sent"}', 'reversed', '2026-11-28 19:55:08.552088+00');
INSERT INTO public.requests VALUES ('01a223b9-cbaa-776a-aea9-ca637327495e', 'LuckyMonaco', 'never', 'alice', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:08.587002+00', '192.0.2.1', '{"as": "sent"}', 'no_bet', '2026-11-28 19:55:08.587463+00');
INSERT INTO public.requests VALUES ('01a223b9-cbff-774a-bae1-925f58538a5f', 'LuckyMonaco', 'settled', 'alice', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:08.671123+00', '192.0.2.1', '{"as": "sent"}', 'settled', '2026-11-28 19:55:08.674399+00');
INSERT INTO public.requests VALUES ('01a223b9-cc21-7661-a408-9ce3ceb1a3b4', 'LuckyMonaco', 'too much', 'alice', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:08.705828+00', '192.0.2.1', '{"as": "sent"}', 'bet_refused', '2026-11-28 19:55:08.706289+00');
INSERT INTO public.requests VALUES ('01a223b9-cc44-70aa-bd77-248733701bd6', 'LuckyMonaco', 'bobs', 'mallory', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:08.740118+00', '192.0.2.1', '{"as": "sent"}', 'mismatch', '2026-11-28 19:55:08.740562+00');
INSERT INTO public.requests VALUES ('01a223b9-cc5a-738a-b5a6-e389dcf4a2bd', 'LuckyMonaco', 'bobs', 'bob', 'USD', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:08.762516+00', '192.0.2.1', '{"as": "sent"}', 'reversed', '2026-11-28 19:55:08.762969+00');
INSERT INTO public.requests VALUES ('01a223b9-cdaa-73fb-835a-eba2ed827002', 'LuckyMonaco', 'swept', 'alice', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:09.098936+00', '192.0.2.1', '{"as": "sent"}', 'reversed', '2026-11-28 19:55:09.19041+00');
INSERT INTO public.requests VALUES ('01a223b9-d0ba-724d-8eb5-305e8d414489', 'LuckyMonaco', 'closed, then returned', 'alice', 'EUR', '00000000000000000000000000000000', 'lucky-monaco-v4', '2026-11-28 19:55:09.882797+00', '192.0.2.1', '{"as": "sent"}', 'reversed', '2026-11-28 19:55:09.883248+00');
INSERT INTO public.transfers VALUES (1, 'deposit', NULL, '2026-11-28 19:55:06.921287+00');
INSERT INTO public.transfers VALUES (2, 'deposit', NULL, '2026-11-28 19:55:07.158676+00');
INSERT INTO public.transfers VALUES (3, 'deposit', NULL, '2026-11-28 19:55:07.283759+00');
INSERT INTO public.transfers VALUES (4, 'bet', 1, '2026-11-28 19:55:07.489318+00');
INSERT INTO public.transfers VALUES (5, 'bet', 2, '2026-11-28 19:55:07.627565+00');
INSERT INTO public.transfers VALUES (6, 'bet', 3, '2026-11-28 19:55:07.706533+00');
INSERT INTO public.transfers VALUES (7, 'bet', 4, '2026-11-28 19:55:07.843905+00');
INSERT INTO public.transfers VALUES (9, 'bet', 6, '2026-11-28 19:55:08.18619+00');
INSERT INTO public.transfers VALUES (10, 'bet', 7, '2026-11-28 19:55:08.251653+00');
INSERT INTO public.transfers VALUES (11, 'bet', 8, '2026-11-28 19:55:08.324643+00');
INSERT INTO public.transfers VALUES (12, 'win', 3, '2026-11-28 19:55:08.393657+00');
INSERT INTO public.transfers VALUES (13, 'reversal', 1, '2026-11-28 19:55:08.455327+00');
INSERT INTO public.transfers VALUES (14, 'reversal', 8, '2026-11-28 19:55:08.762969+00');
INSERT INTO public.transfers VALUES (15, 'bet', 11, '2026-11-28 19:55:08.779357+00');
INSERT INTO public.transfers VALUES (16, 'bet', 12, '2026-11-28 19:55:08.983858+00');
INSERT INTO public.transfers VALUES (17, 'reversal', 12, '2026-11-28 19:55:09.19041+00');
INSERT INTO public.transfers VALUES (18, 'bet', 13, '2026-11-28 19:55:09.29703+00');
INSERT INTO public.transfers VALUES (19, 'bet', 14, '2026-11-28 19:55:09.415632+00');
INSERT INTO public.transfers VALUES (20, 'bet', 15, '2026-11-28 19:55:09.54895+00');
INSERT INTO public.transfers VALUES (21, 'bet', 16, '2026-11-28 19:55:09.633984+00');
INSERT INTO public.transfers VALUES (22, 'win', 13, '2026-11-28 19:55:09.695305+00');
INSERT INTO public.transfers VALUES (23, 'reversal', 14, '2026-11-28 19:55:09.883248+00');
INSERT INTO public.wins VALUES ('LuckyMonaco', 'settled', 'settled', 12.000000000000000000, NULL, 12, '2026-11-28 19:55:08.393657+00');
INSERT INTO public.wins VALUES ('LuckyMonaco', 'closed settled', 'closed settled', 0.000000000000000000, NULL, 22, '2026-11-28 19:55:09.695305+00');
SELECT pg_catalog.setval('public.accounts_id_seq', 7, true);
SELECT pg_catalog.setval('public.bets_id_seq', 16, true);
SELECT pg_catalog.setval('public.interventions_id_seq', 6, true);
SELECT pg_catalog.setval('public.late_bets_id_seq', 1, true);
SELECT pg_catalog.setval('public.transfers_id_seq', 23, true);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_owner_currency_kind_key UNIQUE (owner, currency, kind);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.answers
    ADD CONSTRAINT answers_pkey PRIMARY KEY (request_id);
ALTER TABLE ONLY public.bets
    ADD CONSTRAINT bets_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.bets
    ADD CONSTRAINT bets_reference_provider_key UNIQUE (reference, provider);
ALTER TABLE ONLY public.deposits
    ADD CONSTRAINT deposits_pkey PRIMARY KEY (reference);
ALTER TABLE ONLY public.deposits
    ADD CONSTRAINT deposits_transfer_id_key UNIQUE (transfer_id);
ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (transfer_id, account_id);
ALTER TABLE ONLY public.interventions
    ADD CONSTRAINT interventions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.late_bets
    ADD CONSTRAINT late_bets_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.late_bets
    ADD CONSTRAINT late_bets_reference_provider_user_id_currency_amount_key UNIQUE (reference, provider, user_id, currency, amount);
ALTER TABLE ONLY public.parked
    ADD CONSTRAINT parked_pkey PRIMARY KEY (request_id);
ALTER TABLE ONLY public.parkings
    ADD CONSTRAINT parkings_pkey PRIMARY KEY (request_id);
ALTER TABLE ONLY public.players
    ADD CONSTRAINT players_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.requests
    ADD CONSTRAINT requests_pkey PRIMARY KEY (request_id);
ALTER TABLE ONLY public.transfers
    ADD CONSTRAINT transfers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.wins
    ADD CONSTRAINT wins_pkey PRIMARY KEY (reference, provider);
ALTER TABLE ONLY public.wins
    ADD CONSTRAINT wins_transfer_id_key UNIQUE (transfer_id);
CREATE INDEX answers_answered_at_idx ON public.answers USING brin (answered_at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX answers_shared_request_id_idx ON public.answers USING btree (shared_request_id) WHERE (shared_request_id IS NOT NULL);
CREATE INDEX answers_uuid_idx ON public.answers USING btree (uuid) WHERE (shared_request_id IS NOT NULL);
CREATE INDEX bets_user_id_id_idx ON public.bets USING btree (user_id, id);
CREATE INDEX interventions_reference_idx ON public.interventions USING btree (reference);
CREATE UNIQUE INDEX one_reversal_per_bet ON public.transfers USING btree (bet_id) WHERE (kind = 'reversal'::text);
CREATE UNIQUE INDEX one_stake_per_bet ON public.transfers USING btree (bet_id) WHERE (kind = 'bet'::text);
CREATE INDEX parked_next_try_at_idx ON public.parked USING btree (next_try_at) WHERE (state = 'parked'::text);
CREATE INDEX parked_reference_idx ON public.parked USING btree (reference);
CREATE INDEX parkings_decided_at_idx ON public.parkings USING brin (decided_at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX parkings_reference_idx ON public.parkings USING btree (reference);
CREATE INDEX requests_decided_at_idx ON public.requests USING brin (decided_at) WITH (pages_per_range='32', autosummarize='on');
CREATE INDEX requests_reference_idx ON public.requests USING btree (reference);
CREATE INDEX requests_user_id_received_at_idx ON public.requests USING btree (user_id, received_at);
CREATE INDEX requests_uuid_idx ON public.requests USING btree (uuid);
CREATE INDEX wins_bet_reference_idx ON public.wins USING btree (bet_reference);
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.deposits FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.entries FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.interventions FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.late_bets FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.transfers FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.wins FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER as_it_came BEFORE UPDATE ON public.parkings FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER as_it_came BEFORE UPDATE ON public.requests FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER double_entry AFTER INSERT ON public.entries REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION public.require_balanced_transfers();
CREATE TRIGGER first_decision_is_final BEFORE UPDATE ON public.bets FOR EACH ROW WHEN (((old.outcome IS NOT NULL) OR ((old.state = ANY (ARRAY['refused'::text, 'settled'::text])) AND (new.state <> old.state)) OR (((((old.provider IS DISTINCT FROM new.provider) OR (old.reference IS DISTINCT FROM new.reference)) OR (old.user_id IS DISTINCT FROM new.user_id)) OR (old.currency IS DISTINCT FROM new.currency)) OR (old.amount IS DISTINCT FROM new.amount)))) EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER kept_for_ever BEFORE DELETE OR TRUNCATE ON public.bets FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO unbet_receiver;
GRANT USAGE ON SCHEMA public TO unbet_worker;
GRANT USAGE ON SCHEMA public TO unbet_operator;
GRANT USAGE ON SCHEMA public TO unbet_console;
GRANT USAGE ON SCHEMA public TO unbet_retention;
REVOKE ALL ON FUNCTION public.refuse_change() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.require_balanced_transfers() FROM PUBLIC;
GRANT SELECT ON TABLE public.accounts TO unbet_worker;
GRANT SELECT ON TABLE public.accounts TO unbet_operator;
GRANT SELECT ON TABLE public.accounts TO unbet_console;
GRANT INSERT(owner) ON TABLE public.accounts TO unbet_operator;
GRANT INSERT(currency) ON TABLE public.accounts TO unbet_operator;
GRANT INSERT(kind) ON TABLE public.accounts TO unbet_operator;
GRANT UPDATE(balance) ON TABLE public.accounts TO unbet_worker;
GRANT INSERT(balance),UPDATE(balance) ON TABLE public.accounts TO unbet_operator;
GRANT SELECT ON TABLE public.alembic_version TO unbet_receiver;
GRANT SELECT ON TABLE public.alembic_version TO unbet_worker;
GRANT SELECT ON TABLE public.alembic_version TO unbet_operator;
GRANT SELECT ON TABLE public.alembic_version TO unbet_console;
GRANT SELECT ON TABLE public.alembic_version TO unbet_retention;
GRANT SELECT ON TABLE public.answers TO unbet_operator;
GRANT SELECT ON TABLE public.answers TO unbet_console;
GRANT DELETE ON TABLE public.answers TO unbet_retention;
GRANT SELECT(request_id),INSERT(request_id) ON TABLE public.answers TO unbet_receiver;
GRANT SELECT(request_id) ON TABLE public.answers TO unbet_retention;
GRANT INSERT(shared_request_id) ON TABLE public.answers TO unbet_receiver;
GRANT INSERT(uuid) ON TABLE public.answers TO unbet_receiver;
GRANT INSERT(received_at) ON TABLE public.answers TO unbet_receiver;
GRANT INSERT(received_from) ON TABLE public.answers TO unbet_receiver;
GRANT INSERT(outcome) ON TABLE public.answers TO unbet_receiver;
GRANT INSERT(code) ON TABLE public.answers TO unbet_receiver;
GRANT INSERT(seconds) ON TABLE public.answers TO unbet_receiver;
GRANT SELECT(answered_at) ON TABLE public.answers TO unbet_retention;
GRANT SELECT ON TABLE public.bets TO unbet_worker;
GRANT SELECT ON TABLE public.bets TO unbet_operator;
GRANT SELECT ON TABLE public.bets TO unbet_console;
GRANT SELECT(provider) ON TABLE public.bets TO unbet_receiver;
GRANT INSERT(provider) ON TABLE public.bets TO unbet_worker;
GRANT INSERT(provider) ON TABLE public.bets TO unbet_operator;
GRANT SELECT(reference) ON TABLE public.bets TO unbet_receiver;
GRANT INSERT(reference) ON TABLE public.bets TO unbet_worker;
GRANT INSERT(reference) ON TABLE public.bets TO unbet_operator;
GRANT SELECT(state) ON TABLE public.bets TO unbet_receiver;
GRANT INSERT(state),UPDATE(state) ON TABLE public.bets TO unbet_worker;
GRANT INSERT(state),UPDATE(state) ON TABLE public.bets TO unbet_operator;
GRANT SELECT(user_id) ON TABLE public.bets TO unbet_receiver;
GRANT INSERT(user_id) ON TABLE public.bets TO unbet_worker;
GRANT INSERT(user_id) ON TABLE public.bets TO unbet_operator;
GRANT SELECT(currency) ON TABLE public.bets TO unbet_receiver;
GRANT INSERT(currency) ON TABLE public.bets TO unbet_worker;
GRANT INSERT(currency) ON TABLE public.bets TO unbet_operator;
GRANT INSERT(amount) ON TABLE public.bets TO unbet_operator;
GRANT UPDATE(refusal) ON TABLE public.bets TO unbet_operator;
GRANT SELECT(outcome) ON TABLE public.bets TO unbet_receiver;
GRANT INSERT(outcome),UPDATE(outcome) ON TABLE public.bets TO unbet_worker;
GRANT INSERT(cancelled_at),UPDATE(cancelled_at) ON TABLE public.bets TO unbet_worker;
GRANT INSERT(cancel_request_id),UPDATE(cancel_request_id) ON TABLE public.bets TO unbet_worker;
GRANT SELECT(reversal_id) ON TABLE public.bets TO unbet_receiver;
GRANT UPDATE(reversal_id) ON TABLE public.bets TO unbet_worker;
GRANT SELECT(cash_after) ON TABLE public.bets TO unbet_receiver;
GRANT INSERT(cash_after),UPDATE(cash_after) ON TABLE public.bets TO unbet_worker;
GRANT SELECT ON TABLE public.deposits TO unbet_operator;
GRANT SELECT ON TABLE public.deposits TO unbet_console;
GRANT INSERT(reference) ON TABLE public.deposits TO unbet_operator;
GRANT INSERT(user_id) ON TABLE public.deposits TO unbet_operator;
GRANT INSERT(currency) ON TABLE public.deposits TO unbet_operator;
GRANT INSERT(kind) ON TABLE public.deposits TO unbet_operator;
GRANT INSERT(amount) ON TABLE public.deposits TO unbet_operator;
GRANT INSERT(transfer_id) ON TABLE public.deposits TO unbet_operator;
GRANT SELECT ON TABLE public.entries TO unbet_worker;
GRANT SELECT ON TABLE public.entries TO unbet_operator;
GRANT SELECT ON TABLE public.entries TO unbet_console;
GRANT INSERT(transfer_id) ON TABLE public.entries TO unbet_worker;
GRANT INSERT(transfer_id) ON TABLE public.entries TO unbet_operator;
GRANT INSERT(account_id) ON TABLE public.entries TO unbet_worker;
GRANT INSERT(account_id) ON TABLE public.entries TO unbet_operator;
GRANT INSERT(amount) ON TABLE public.entries TO unbet_worker;
GRANT INSERT(amount) ON TABLE public.entries TO unbet_operator;
GRANT INSERT(balance_after) ON TABLE public.entries TO unbet_worker;
GRANT INSERT(balance_after) ON TABLE public.entries TO unbet_operator;
GRANT SELECT ON TABLE public.interventions TO unbet_operator;
GRANT SELECT ON TABLE public.interventions TO unbet_console;
GRANT INSERT(request_id) ON TABLE public.interventions TO unbet_operator;
GRANT INSERT(request_id) ON TABLE public.interventions TO unbet_console;
GRANT INSERT(provider) ON TABLE public.interventions TO unbet_operator;
GRANT INSERT(provider) ON TABLE public.interventions TO unbet_console;
GRANT INSERT(reference) ON TABLE public.interventions TO unbet_operator;
GRANT INSERT(reference) ON TABLE public.interventions TO unbet_console;
GRANT INSERT(action) ON TABLE public.interventions TO unbet_operator;
GRANT INSERT(action) ON TABLE public.interventions TO unbet_console;
GRANT INSERT(made_by) ON TABLE public.interventions TO unbet_operator;
GRANT INSERT(made_by) ON TABLE public.interventions TO unbet_console;
GRANT INSERT(reason) ON TABLE public.interventions TO unbet_operator;
GRANT INSERT(reason) ON TABLE public.interventions TO unbet_console;
GRANT SELECT ON TABLE public.late_bets TO unbet_operator;
GRANT SELECT ON TABLE public.late_bets TO unbet_console;
GRANT SELECT(id) ON TABLE public.late_bets TO unbet_receiver;
GRANT INSERT(provider) ON TABLE public.late_bets TO unbet_operator;
GRANT INSERT(reference) ON TABLE public.late_bets TO unbet_operator;
GRANT INSERT(user_id) ON TABLE public.late_bets TO unbet_operator;
GRANT INSERT(currency) ON TABLE public.late_bets TO unbet_operator;
GRANT INSERT(amount) ON TABLE public.late_bets TO unbet_operator;
GRANT SELECT,DELETE ON TABLE public.parked TO unbet_worker;
GRANT SELECT ON TABLE public.parked TO unbet_operator;
GRANT SELECT ON TABLE public.parked TO unbet_console;
GRANT SELECT(request_id),INSERT(request_id) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(request_id) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(request_id) ON TABLE public.parked TO unbet_operator;
GRANT INSERT(provider) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(provider) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(provider) ON TABLE public.parked TO unbet_operator;
GRANT INSERT(reference) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(reference) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(reference) ON TABLE public.parked TO unbet_operator;
GRANT INSERT(cancel) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(cancel) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(cancel) ON TABLE public.parked TO unbet_operator;
GRANT SELECT(state),INSERT(state) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(state),UPDATE(state) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(state),UPDATE(state) ON TABLE public.parked TO unbet_operator;
GRANT UPDATE(state) ON TABLE public.parked TO unbet_console;
GRANT INSERT(reason) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(reason),UPDATE(reason) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(reason) ON TABLE public.parked TO unbet_operator;
GRANT UPDATE(tries) ON TABLE public.parked TO unbet_worker;
GRANT UPDATE(tries) ON TABLE public.parked TO unbet_operator;
GRANT UPDATE(tries) ON TABLE public.parked TO unbet_console;
GRANT INSERT(last_error) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(last_error),UPDATE(last_error) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(last_error) ON TABLE public.parked TO unbet_operator;
GRANT SELECT(parked_at) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(next_try_at) ON TABLE public.parked TO unbet_receiver;
GRANT INSERT(next_try_at),UPDATE(next_try_at) ON TABLE public.parked TO unbet_worker;
GRANT INSERT(next_try_at),UPDATE(next_try_at) ON TABLE public.parked TO unbet_operator;
GRANT UPDATE(next_try_at) ON TABLE public.parked TO unbet_console;
GRANT SELECT ON TABLE public.parkings TO unbet_operator;
GRANT SELECT ON TABLE public.parkings TO unbet_console;
GRANT DELETE ON TABLE public.parkings TO unbet_retention;
GRANT SELECT(request_id),INSERT(request_id) ON TABLE public.parkings TO unbet_worker;
GRANT SELECT(request_id) ON TABLE public.parkings TO unbet_retention;
GRANT INSERT(provider) ON TABLE public.parkings TO unbet_worker;
GRANT INSERT(reference) ON TABLE public.parkings TO unbet_worker;
GRANT INSERT(reason) ON TABLE public.parkings TO unbet_worker;
GRANT INSERT(tries) ON TABLE public.parkings TO unbet_worker;
GRANT INSERT(last_error) ON TABLE public.parkings TO unbet_worker;
GRANT INSERT(parked_at) ON TABLE public.parkings TO unbet_worker;
GRANT SELECT(decided_at) ON TABLE public.parkings TO unbet_retention;
GRANT SELECT ON TABLE public.players TO unbet_operator;
GRANT SELECT ON TABLE public.players TO unbet_console;
GRANT INSERT(user_id) ON TABLE public.players TO unbet_operator;
GRANT INSERT(frozen_at),UPDATE(frozen_at) ON TABLE public.players TO unbet_operator;
GRANT SELECT ON TABLE public.requests TO unbet_operator;
GRANT SELECT ON TABLE public.requests TO unbet_console;
GRANT DELETE ON TABLE public.requests TO unbet_retention;
GRANT SELECT(request_id) ON TABLE public.requests TO unbet_receiver;
GRANT SELECT(request_id),INSERT(request_id) ON TABLE public.requests TO unbet_worker;
GRANT SELECT(request_id) ON TABLE public.requests TO unbet_retention;
GRANT INSERT(provider) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(reference) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(user_id) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(currency) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(uuid) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(dialect) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(received_at) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(received_from) ON TABLE public.requests TO unbet_worker;
GRANT INSERT(body) ON TABLE public.requests TO unbet_worker;
GRANT SELECT(outcome) ON TABLE public.requests TO unbet_receiver;
GRANT INSERT(outcome) ON TABLE public.requests TO unbet_worker;
GRANT SELECT(decided_at) ON TABLE public.requests TO unbet_retention;
GRANT SELECT ON TABLE public.transfers TO unbet_worker;
GRANT SELECT ON TABLE public.transfers TO unbet_operator;
GRANT SELECT ON TABLE public.transfers TO unbet_console;
GRANT INSERT(id) ON TABLE public.transfers TO unbet_operator;
GRANT INSERT(kind) ON TABLE public.transfers TO unbet_worker;
GRANT INSERT(kind) ON TABLE public.transfers TO unbet_operator;
GRANT INSERT(bet_id) ON TABLE public.transfers TO unbet_worker;
GRANT INSERT(bet_id) ON TABLE public.transfers TO unbet_operator;
GRANT USAGE ON SEQUENCE public.transfers_id_seq TO unbet_operator;
GRANT SELECT ON TABLE public.wins TO unbet_operator;
GRANT SELECT ON TABLE public.wins TO unbet_console;
GRANT INSERT(provider) ON TABLE public.wins TO unbet_operator;
GRANT INSERT(reference) ON TABLE public.wins TO unbet_operator;
GRANT INSERT(bet_reference) ON TABLE public.wins TO unbet_operator;
GRANT INSERT(amount) ON TABLE public.wins TO unbet_operator;
GRANT INSERT(refusal) ON TABLE public.wins TO unbet_operator;
GRANT INSERT(transfer_id) ON TABLE public.wins TO unbet_operator;
ALTER DEFAULT PRIVILEGES FOR ROLE unbet_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;
