"""What each role may do in the database, and that nothing else is possible to it."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from tests.databases import url_as
from tests.ledger.rights import RIGHTS, rights_of
from tests.making import Operator, cancel_of
from unbet import connect_to
from unbet.database.migrate import SchemaError, migrate, require_schema
from unbet.database.roles import Role, apply_roles

DENIED: Final = "permission denied|must be owner"

As = Callable[[Role], Engine]


@pytest.fixture
def as_role(database_url: str) -> Iterator[As]:
    made: list[Engine] = []

    def connect(role: Role) -> Engine:
        made.append(connect_to(url_as(role, database_url), name="test"))
        return made[-1]

    yield connect
    for engine in made:
        engine.dispose()


def test_each_role_has_exactly_these_rights(engine: Engine) -> None:
    with engine.connect() as connection:
        assert rights_of(connection) == RIGHTS


def test_everything_belongs_to_the_owner(engine: Engine) -> None:
    owners = text("""
        SELECT DISTINCT owner::regrole::text
          FROM (SELECT relowner, relnamespace FROM pg_class
                UNION SELECT proowner, pronamespace FROM pg_proc
                UNION SELECT nspowner, oid FROM pg_namespace) AS ours (owner, schema)
         WHERE schema IN ('unbet'::regnamespace, 'unbet_ledger'::regnamespace)
    """)
    with engine.connect() as connection:
        assert connection.execute(owners).scalars().all() == [Role.OWNER]


def test_applying_the_roles_again_changes_nothing_and_takes_back_what_is_too_much(
    engine: Engine,
) -> None:
    with engine.begin() as connection:
        connection.execute(text("GRANT ALL ON unbet_ledger.entries TO unbet_receiver, PUBLIC"))
        connection.execute(
            text("GRANT UPDATE (balance) ON unbet_ledger.accounts TO unbet_receiver")
        )
        apply_roles(connection)
        apply_roles(connection)
        assert rights_of(connection) == RIGHTS


def test_what_is_not_ours_keeps_its_rights_and_its_owner(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("CREATE ROLE other_role"))
        connection.execute(text("CREATE TABLE public.entries (id integer)"))
        connection.execute(
            text("GRANT ALL ON public.entries TO other_role, unbet_receiver, PUBLIC")
        )
        connection.execute(text("GRANT CREATE ON SCHEMA public TO other_role"))
        before = rights_of(connection)
        owner = text("SELECT relowner FROM pg_class WHERE oid = 'public.entries'::regclass")
        owned_by = connection.execute(owner).scalar()
        apply_roles(connection)
        assert rights_of(connection) == before
        assert connection.execute(owner).scalar() == owned_by
        assert connection.execute(
            text("SELECT has_schema_privilege('other_role', 'public', 'CREATE')")
        ).scalar()
        connection.rollback()


REVERSALS: Final = [
    "INSERT INTO unbet_ledger.transfers (kind, bet_id) VALUES ('reversal', 1)",
    "INSERT INTO unbet_ledger.entries (transfer_id, account_id, amount) VALUES (1, 1, 1)",
    "UPDATE unbet_ledger.accounts SET balance = 1000",
    "UPDATE unbet_ledger.bets SET state = 'reversed', reversal_id = 1",
    "INSERT INTO unbet_ledger.bets (provider, reference, state, user_id, currency, outcome)"
    " VALUES ('LuckyMonaco', 'r9', 'tombstone', 'alice', 'EUR', 'no_bet')",
    "SELECT FROM unbet_ledger.bets FOR UPDATE",
    "SELECT nextval('unbet_ledger.transfers_id_seq')",
]
READING: Final = [
    "SELECT body FROM unbet.requests",
    "SELECT amount FROM unbet_ledger.bets",
    "SELECT cancel FROM unbet.parked",
]
REWRITING: Final = [
    "UPDATE unbet_ledger.entries SET amount = 1",
    "DELETE FROM unbet_ledger.entries",
    "DELETE FROM unbet_ledger.transfers",
    "DELETE FROM unbet_ledger.bets",
    "DELETE FROM unbet_ledger.operations",
    "UPDATE unbet_ledger.withdrawal_ends SET kind = 'release'",
    "DELETE FROM unbet_ledger.refused_operations",
    "DELETE FROM unbet.requests",
    "TRUNCATE unbet_ledger.entries",
    "UPDATE unbet.requests SET outcome = 'reversed'",
    "UPDATE unbet.answers SET code = 0",
]
SHAPING: Final = [
    "ALTER TABLE unbet_ledger.entries DISABLE TRIGGER ALL",
    "DROP TRIGGER append_only ON unbet_ledger.entries",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",
    "CREATE TABLE own (id integer)",
    "SET session_replication_role = replica",
    "SET ROLE unbet_owner",
    "UPDATE unbet.alembic_version SET version_num = '0'",
]


@pytest.mark.parametrize("statement", REVERSALS + READING + REWRITING + SHAPING)
def test_a_receiver_can_write_no_reversal_nor_read_or_change_what_is_there(
    as_role: As, statement: str
) -> None:
    refuses(as_role(Role.RECEIVER), statement)


STAKES: Final = [
    "INSERT INTO unbet_ledger.bets (provider, reference, state, user_id, currency, amount)"
    " VALUES ('LuckyMonaco', 'r9', 'placed', 'alice', 'EUR', 1)",
    "UPDATE unbet_ledger.bets SET amount = 1",
    "UPDATE unbet_ledger.bets SET refusal = NULL",
    "INSERT INTO unbet_ledger.accounts (owner, currency, kind, balance)"
    " VALUES ('bob', 'EUR', 'cash', 1)",
    "INSERT INTO unbet_ledger.transfers (id, kind, bet_id) VALUES (99, 'reversal', 1)",
    "INSERT INTO unbet_ledger.deposits VALUES ('d', 'bob', 'EUR', 'cash', 1, 99)",
    "INSERT INTO unbet_ledger.wins VALUES ('LuckyMonaco', 'w', 'r1', 1, NULL, 99)",
    "INSERT INTO unbet_ledger.operations (kind, reference, user_id, currency, balance_type, amount,"
    " transfer_id) VALUES ('withdrawal', 'o', 'bob', 'EUR', 'cash', -1, 99)",
    "INSERT INTO unbet_ledger.refused_operations VALUES ('withdrawal', 'o', 'player_frozen')",
    "INSERT INTO unbet_ledger.withdrawal_ends VALUES ('o', 'release', 99)",
    "UPDATE unbet_ledger.players SET frozen_at = NULL",
]


@pytest.mark.parametrize("statement", STAKES + READING[:1] + REWRITING + SHAPING)
def test_a_worker_can_reverse_only_and_change_nothing_that_has_happened(
    as_role: As, statement: str
) -> None:
    refuses(as_role(Role.WORKER), statement)


LOCKING: Final = "SELECT FROM unbet_ledger.bets FOR UPDATE"
"""Whoever closes a cancel locks its bet."""


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (role, statement)
        for role in (Role.CONSOLE, Role.RETENTION)
        for statement in (*REVERSALS, *STAKES, *SHAPING, "DELETE FROM unbet_ledger.entries")
        if (role, statement) != (Role.CONSOLE, LOCKING)
    ],
)
def test_console_and_retention_can_neither_move_money_nor_change_what_has_happened(
    as_role: As, role: Role, statement: str
) -> None:
    refuses(as_role(role), statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE unbet_ledger.bets SET reversal_id = 1", REVERSALS[4], *REWRITING]
)
def test_an_operator_can_change_nothing_that_has_happened(as_role: As, statement: str) -> None:
    refuses(as_role(Role.OPERATOR), statement)


def test_a_cancel_is_not_an_operators_to_decide(operator: Operator, as_role: As) -> None:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    for role in (Role.OPERATOR, Role.RECEIVER):
        with pytest.raises(ProgrammingError, match=DENIED):
            Operator(as_role(role)).cancel(cancel_of("r1"))
    assert operator.balance().cash == 6
    Operator(as_role(Role.WORKER)).cancel(cancel_of("r1"))
    assert operator.balance().cash == 10


def test_an_operator_takes_bets_and_gives_results(as_role: As) -> None:
    operator = Operator(as_role(Role.OPERATOR))
    operator.deposit("10.00", bonus=True)
    operator.deposit("1.00")
    assert operator.bet("r1", "4.00").status == "done"
    assert operator.bet("r2", "400.00").status == "refused"
    assert operator.settle("r1", "2.00").status == "done"
    operator.freeze()
    operator.unfreeze()
    assert operator.balance().cash == 2


def test_an_operator_withdraws_corrects_and_converts(as_role: As) -> None:
    operator = Operator(as_role(Role.OPERATOR))
    operator.deposit("10.00", bonus=True)
    assert operator.convert("b1", "6.00").status == "done"
    assert operator.correct("c1", "1.00").status == "done"
    for reference in ("w1", "w2"):
        assert operator.withdraw(reference, "2.00").status == "done"
    assert operator.withdraw("w3", "400.00").status == "refused"
    assert operator.complete("w1").status == "done"
    assert operator.release("w2").status == "done"
    assert operator.balance().cash == 5


def test_a_role_without_rights_is_told_what_to_do(engine: Engine, as_role: As) -> None:
    with engine.begin() as connection:
        connection.execute(text("REVOKE SELECT ON unbet.alembic_version FROM unbet_worker"))
    with (
        as_role(Role.WORKER).connect() as connection,
        pytest.raises(SchemaError, match=r"permission denied .* `unbet roles`"),
    ):
        require_schema(connection)


def test_what_a_later_migration_makes_is_the_owners_alone(as_role: As) -> None:
    with as_role(Role.OWNER).connect() as connection:
        migrate(connection)
        connection.execute(
            text("CREATE TABLE unbet.later (id bigint GENERATED ALWAYS AS IDENTITY)")
        )
        connection.execute(
            text("CREATE FUNCTION unbet.later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        )
        connection.execute(text("ALTER TABLE unbet_ledger.bets ADD COLUMN later integer"))
        owner = text("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'later'")
        assert connection.execute(owner).scalar() == Role.OWNER
        now = rights_of(connection)
        assert now.pop("unbet.later") == {}
        assert now.pop("unbet.later()") == {}
        assert now.pop("unbet.later_id_seq") == {}
        assert now == RIGHTS
        connection.rollback()


def refuses(engine: Engine, statement: str) -> None:
    with engine.connect() as connection, pytest.raises(ProgrammingError, match=DENIED):
        connection.execute(text(statement))
