"""A ledger of revision 0003, filled and with its roles, after `unbet migrate` and `unbet roles`.

(Over 250 lines: the rows of that one ledger are looked at from all sides.)
"""

import json
from decimal import Decimal
from typing import Final

import pytest
from sqlalchemy import Engine, text

from tests.ledger.deciding import sweep_of
from tests.ledger.older import rows_in
from tests.ledger.rights import RIGHTS, rights_of
from tests.making import Operator, cancel_of, note_answer
from unbet import Refusal, connect_to
from unbet.core.outcomes import Outcome
from unbet.database.deployment import Identity, guard, history, require_deployment
from unbet.database.migrate import SchemaError, migrate, require_schema
from unbet.database.roles import Role, apply_roles
from unbet.history.explain import explain
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.interventions import reopen_parked

ALICES_CASH: Final = Decimal("91.25")


@pytest.fixture
def migrated(old: Engine) -> Engine:
    with old.begin() as connection:
        migrate(connection)
        apply_roles(connection)
    return old


def test_every_row_is_there_afterwards(old: Engine) -> None:
    before = rows_in(old, ledger="public", journal="public")
    with old.begin() as connection:
        migrate(connection)
    after = rows_in(old, ledger="unbet_ledger", journal="unbet")
    # Closing has become a decision, which stands in the bet's row.
    closed = {line for line in after["bets"] if '"outcome": "closed"' in line}
    assert len(closed) == 3
    # Numbers stay what they are, beside the text that is written from now on.
    answers = [json.loads(line) for line in after["answers"]]
    former = [line | {"code": line.pop("numeric_code")} for line in answers]
    assert former == [json.loads(line) for line in before["answers"]]
    after["answers"] = before["answers"]
    after["bets"] = [line for line in after["bets"] if line not in closed]
    assert all(before.values()), "a kind of row is missing from the dump"
    assert set(after["bets"]) < set(before["bets"])
    assert {table: rows for table, rows in after.items() if table != "bets"} == {
        table: rows for table, rows in before.items() if table != "bets"
    }


def test_nothing_of_ours_is_left_in_public(migrated: Engine) -> None:
    with migrated.connect() as connection:
        ours = text("""
            SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        """)
        assert connection.execute(ours).scalars().all() == []


def test_roles_and_guards_are_those_of_a_new_database(migrated: Engine, engine: Engine) -> None:
    guards = text("""
        SELECT tgrelid::regclass::text, tgname, tgfoid::regproc::text, tgenabled FROM pg_trigger
        UNION ALL
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), 'c' FROM pg_constraint
         WHERE conrelid <> 0
        UNION ALL
        SELECT indrelid::regclass::text, pg_get_indexdef(indexrelid), '', 'i' FROM pg_index
         WHERE indrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND oid >= 16384)
        ORDER BY 1, 2
    """)
    with migrated.connect() as connection, engine.connect() as new:
        assert connection.execute(guards).all() == new.execute(guards).all()
        rights, expected = rights_of(connection), dict(RIGHTS)
        # What revision 0003 took from everybody is not given back: it may be the operator's wish.
        del rights["public"], expected["public"]
        assert rights == expected


def test_the_audit_finds_nothing_and_what_was_parked_is_decided(migrated: Engine) -> None:
    with migrated.begin() as connection:
        migrate(connection)  # again, which changes nothing
        [only] = history(connection)
    identity = Identity()
    with migrated.connect() as connection:
        assert require_deployment(connection, identity) == []
    assert identity.id == only.id
    url = migrated.url.render_as_string(hide_password=False)
    own = guard(connect_to(url, name="sweep"), identity)
    sweep_of(own).round()
    own.dispose()
    # That which was parked, and not the dead one.
    assert Operator(migrated).balance().cash == ALICES_CASH + Decimal("1.25")
    with migrated.connect() as connection:
        assert audit(connection).violations == ()


def test_its_players_can_withdraw(migrated: Engine) -> None:
    operator = Operator(migrated)
    assert operator.withdraw("w1", "1.25").status == "done"
    assert operator.complete("w1").status == "done"
    assert operator.balance().cash == ALICES_CASH - Decimal("1.25")
    with migrated.connect() as connection:
        assert audit(connection).violations == ()


def test_what_was_closed_binds(migrated: Engine) -> None:
    operator = Operator(migrated)
    outcomes = {
        reference: operator.cancel(cancel_of(reference))[0].outcome
        for reference in (
            "closed",
            "closed settled",
            "closed unknown",
            "closed, then returned",
            "closed by another",
            "closed unreadable",
            "stands",
        )
    }
    assert outcomes == {
        "closed": Outcome.CLOSED,
        "closed settled": Outcome.CLOSED,
        "closed unknown": Outcome.CLOSED,
        "closed, then returned": Outcome.REVERSED,
        "closed by another": Outcome.REVERSED,
        "closed unreadable": Outcome.REVERSED,
        "stands": Outcome.REVERSED,
    }
    assert operator.bet("closed unknown", "1.00").refusal is Refusal.CANCELLED
    assert operator.balance().cash == ALICES_CASH + 1 + 1 + 7
    with migrated.connect() as connection:
        assert audit(connection).violations == ()
        request_id = connection.execute(
            text("SELECT request_id FROM unbet.parked WHERE reference = 'closed'")
        ).scalar_one()
    with migrated.begin() as connection:
        assert reopen_parked(connection, request_id, made_by="bob", reason="after all")
    assert operator.cancel(cancel_of("closed"))[0].outcome is Outcome.REVERSED


def test_an_owner_that_may_make_no_schema_is_enough_with_a_superuser_once(old: Engine) -> None:
    with old.connect() as connection:
        connection.execute(text("SET LOCAL ROLE unbet_owner"))
        with pytest.raises(SchemaError, match=r"permission denied .* once as the database's owner"):
            migrate(connection)
        connection.rollback()
    with old.begin() as connection:
        migrate(connection)
        owners = text("""
            SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname ~ '^unbet'
        """)
        assert dict(map(tuple, connection.execute(owners))) == {
            "unbet": Role.OWNER,
            "unbet_ledger": Role.OWNER,
        }


def test_until_then_a_process_is_refused_with_what_to_run(old: Engine) -> None:
    with old.connect() as connection, pytest.raises(SchemaError, match="run `unbet migrate`"):
        require_schema(connection)


def test_the_codes_of_former_answers_are_shown_beside_those_that_are_no_numbers(
    migrated: Engine,
) -> None:
    codes = text(
        "SELECT reference FROM unbet.answers JOIN unbet.requests USING (request_id) LIMIT 1"
    )
    with migrated.connect() as connection:
        reference = connection.execute(codes).scalars().first()
        assert reference is not None
        (history,) = explain(connection, reference)
    (former, *_) = [answer for one in history.requests for answer in one.answers]
    assert isinstance(former.code, int)
    cancel = cancel_of(reference)
    Operator(migrated).cancel(cancel)
    note_answer(migrated, cancel, "RS_OK", "0.1")
    with migrated.connect() as connection:
        (history,) = explain(connection, reference)
    assert [a.code for one in history.requests for a in one.answers][-1] == "RS_OK"


_BACK_TO_0008 = """
    DROP TABLE unbet_ledger.cancelled_rounds;
    DROP TRIGGER a_round_is_final ON unbet_ledger.bets;
    ALTER TABLE unbet_ledger.bets DROP COLUMN round_id;
    ALTER TABLE unbet.requests DROP COLUMN of_round;
    ALTER TABLE unbet.asked DROP COLUMN of_round, ADD PRIMARY KEY (reference, provider);
    ALTER TABLE unbet.parked DROP COLUMN of_round;
    DROP INDEX unbet.requests_batch_idx;
    ALTER TABLE unbet.requests DROP COLUMN batch, DROP COLUMN amount;
    ALTER TABLE unbet.parked DROP COLUMN batch;
    ALTER TABLE unbet_ledger.bets DROP CONSTRAINT a_bet_has_a_player_and_a_currency;
    ALTER TABLE unbet.answers DROP COLUMN code;
    ALTER TABLE unbet.answers RENAME COLUMN numeric_code TO code;
    UPDATE unbet.alembic_version SET version_num = '0008';
"""
_NOTE_OF_0008 = """
    INSERT INTO unbet.answers (request_id, shared_request_id, uuid, received_at, received_from,
                               outcome, code, seconds)
    SELECT *
      FROM json_to_recordset(CAST(:notes AS json))
               AS (request_id uuid, shared_request_id uuid, uuid text, received_at timestamptz,
                   received_from text, outcome text, code integer, seconds numeric)
"""


def test_a_receiver_of_the_version_before_goes_on_noting_answers(migrated: Engine) -> None:
    note = {
        "request_id": "019ac0de-0000-7000-8000-000000000001",
        "uuid": "u",
        "received_at": "2026-01-01T00:00:00Z",
        "received_from": "192.0.2.1",
        "code": 100,
        "seconds": 1,
    }
    with migrated.begin() as connection:
        connection.execute(text(_BACK_TO_0008))
        migrate(connection)
        # Not `unbet roles` yet.
        connection.execute(text("SET LOCAL ROLE unbet_receiver"))
        connection.execute(text(_NOTE_OF_0008), {"notes": json.dumps([note])})
        connection.execute(text("RESET ROLE"))
        noted = text("SELECT code FROM unbet.answers WHERE uuid = 'u'")
        assert connection.execute(noted).scalar_one() == "100"


def test_what_was_made_before_is_taken_by_the_migration(migrated: Engine) -> None:
    # On a large table the index is made while everything runs (docs/deployment.md).
    before = """
        ALTER TABLE unbet.requests ADD COLUMN batch uuid;
        CREATE INDEX requests_batch_idx ON unbet.requests (batch) WHERE batch IS NOT NULL;
        ALTER TABLE unbet_ledger.bets ADD COLUMN round_id text COLLATE "C";
        CREATE INDEX bets_round_idx ON unbet_ledger.bets (round_id, provider)
         WHERE round_id IS NOT NULL
    """
    with migrated.begin() as connection:
        connection.execute(text(_BACK_TO_0008 + before))
        migrate(connection)
        for like in ("%requests%(batch)%", "%bets%(round_id, provider)%"):
            indexes = text("SELECT count(*) FROM pg_indexes WHERE indexdef LIKE :like")
            assert connection.execute(indexes, {"like": like}).scalar() == 1


def test_tables_of_an_operator_in_public_stay_where_they_are(old: Engine) -> None:
    place = text("SELECT relnamespace::regnamespace FROM pg_class WHERE relname = 'orders'")
    with old.begin() as connection:
        connection.execute(text("CREATE TABLE public.orders (id integer)"))
        migrate(connection)
        assert connection.execute(place).scalar() == "public"
