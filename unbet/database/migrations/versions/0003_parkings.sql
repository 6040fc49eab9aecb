-- Why a cancel was answered 100 is asked afterwards, too: what has left `parked` is told here.

CREATE TABLE parkings (
    request_id uuid PRIMARY KEY,
    provider   text COLLATE "C" NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    reason     text NOT NULL,
    tries      integer NOT NULL,                 -- with the one that decided it
    last_error text,
    parked_at  timestamptz NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON parkings (reference);
CREATE INDEX ON parkings USING brin (decided_at) WITH (pages_per_range = 32, autosummarize = on);

-- As with requests: they may be removed once their time is up, never changed.
CREATE TRIGGER as_it_came BEFORE UPDATE ON parkings EXECUTE FUNCTION refuse_change();

-- The uuid of a request that shared another one's wait stands in its answer alone.
CREATE INDEX ON answers (uuid) WHERE shared_request_id IS NOT NULL;
