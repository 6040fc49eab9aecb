-- For those who operate it: what a person has decided about a parked cancel, and ways to find things
-- by player, by the provider's uuid and by time.

-- A closed cancel is one that a person has given up for good, with a reason; it is kept all the same.
ALTER TABLE parked
    DROP CONSTRAINT parked_state_check,
    ADD CONSTRAINT parked_state_check CHECK (state IN ('parked', 'dead', 'closed'));

-- What people did to parked cancels. Not a part of `parked`: a cancel leaves that once it is decided.
CREATE TABLE interventions (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL,
    provider   text COLLATE "C" NOT NULL,
    reference  text COLLATE "C" NOT NULL,
    action     text COLLATE "C" NOT NULL CHECK (action IN ('retry', 'close')),
    made_by    text NOT NULL CHECK (made_by <> ''),  -- who said so, by the name they gave
    made_at    timestamptz NOT NULL DEFAULT now(),
    reason     text,
    CONSTRAINT a_close_has_a_reason CHECK (action <> 'close' OR reason <> '')
);
CREATE INDEX ON interventions (reference);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON interventions
    EXECUTE FUNCTION refuse_change();

CREATE INDEX ON bets (user_id, id);
CREATE INDEX ON requests (user_id, received_at);
CREATE INDEX ON requests (uuid);

-- Rows come in the order of time: a range of pages says from when to when, and costs next to nothing.
CREATE INDEX ON requests USING brin (decided_at) WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX ON answers USING brin (answered_at) WITH (pages_per_range = 32, autosummarize = on);
