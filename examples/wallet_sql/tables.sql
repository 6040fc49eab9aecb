-- A casino's own tables, as they often are before anybody thinks of cancels: a balance with each user,
-- and one row for each bet. What is missing (the key, what a cancel was told) is added by unbet_cancel.sql.

CREATE TABLE public.users (
    id       text PRIMARY KEY,
    currency text NOT NULL,
    cash     numeric(38, 18) NOT NULL DEFAULT 0 CHECK (cash >= 0),
    bonus    numeric(38, 18) NOT NULL DEFAULT 0 CHECK (bonus >= 0),
    frozen   boolean NOT NULL DEFAULT false
);

CREATE TABLE public.transactions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider   text COLLATE "C" NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,  -- no foreign key: see unbet_cancel.sql
    currency   text NOT NULL,
    cash       numeric(38, 18) NOT NULL DEFAULT 0 CHECK (cash >= 0),   -- the stake's parts
    bonus      numeric(38, 18) NOT NULL DEFAULT 0 CHECK (bonus >= 0),
    win        numeric(38, 18) CHECK (win >= 0),
    status     text NOT NULL CHECK (status IN ('placed', 'refused', 'settled', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON public.transactions (user_id);
