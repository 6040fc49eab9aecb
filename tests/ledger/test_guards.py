"""What the database itself refuses, whoever asks."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.making import Operator, cancel_of
from unbet import connect_to
from unbet.database.engine import UnsafeDatabaseError, require_durability
from unbet.database.migrate import SchemaError, migrate, require_schema
from unbet.database.sequences import TABLES


@pytest.fixture
def filled(operator: Operator) -> Operator:
    operator.deposit("10.00")
    operator.bet("r1", "4.00")
    operator.bet("r2", "4.00")
    operator.settle("r2", "1.00")
    operator.cancel(cancel_of("r1"), cancel_of("r3"))
    operator.bet("r3", "4.00")
    operator.withdraw("w1", "1.00")
    operator.release("w1")
    operator.withdraw("w2", "100.00")
    return operator


@pytest.mark.parametrize(
    "statement",
    [
        f"{verb} unbet_ledger.{table} {rest}"
        for table in (
            *("transfers", "entries", "deposits", "wins", "late_bets", "operations"),
            *("refused_operations", "withdrawal_ends"),
        )
        for verb, rest in (("UPDATE", "SET {column} = {column}"), ("DELETE FROM", ""))
    ]
    + [
        f"TRUNCATE unbet_ledger.{table}"
        for table in (
            *("transfers", "entries", "deposits", "wins", "bets", "operations"),
            *("refused_operations", "withdrawal_ends"),
        )
    ]
    + [
        "DELETE FROM unbet_ledger.bets",
        "UPDATE unbet_ledger.bets SET state = 'placed', reversal_id = NULL WHERE reference = 'r1'",
        "UPDATE unbet_ledger.bets SET outcome = NULL WHERE reference = 'r3'",
        "UPDATE unbet_ledger.bets SET state = 'placed' WHERE reference = 'r2'",
        "UPDATE unbet_ledger.bets SET amount = 5 WHERE reference = 'r2'",
        "UPDATE unbet_ledger.bets SET user_id = 'mallory' WHERE reference = 'r2'",
    ],
)
def test_what_has_happened_cannot_be_changed(filled: Operator, statement: str) -> None:
    kinds = ("ledger.transfers", "ledger.refused_operations", "ledger.withdrawal_ends")
    column = "kind" if any(table in statement for table in kinds) else "amount"
    with (
        filled.engine.connect() as connection,
        pytest.raises(DBAPIError, match="never changed or removed"),
    ):
        connection.execute(text(statement.format(column=column)))


def test_a_bet_cannot_have_two_reversals(filled: Operator) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match="one_reversal"):
        connection.execute(
            text("""
                INSERT INTO unbet_ledger.transfers (kind, bet_id)
                SELECT 'reversal', id FROM unbet_ledger.bets WHERE reference = 'r1'
            """)
        )


def test_a_reversal_has_no_place_for_another_reversal_as_its_target(filled: Operator) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match="of_a_bet"):
        connection.execute(
            text("INSERT INTO unbet_ledger.transfers (kind, bet_id) VALUES ('reversal', NULL)")
        )


def test_a_transfer_that_does_not_sum_to_zero_is_refused(filled: Operator) -> None:
    with filled.engine.connect() as connection, pytest.raises(DBAPIError, match="sum to zero"):
        connection.execute(
            text("""
                INSERT INTO unbet_ledger.entries
                SELECT 999, id, 1, 11 FROM unbet_ledger.accounts WHERE kind = 'cash'
            """)
        )


def test_bet_and_tombstone_cannot_stand_under_one_reference(filled: Operator) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match="provider_key"):
        connection.execute(
            text("""
                INSERT INTO unbet_ledger.bets
                       (provider, reference, state, user_id, currency, outcome)
                VALUES ('LuckyMonaco', 'r2', 'tombstone', 'alice', 'EUR', 'no_bet')
            """)
        )


def test_a_players_account_cannot_go_below_zero(filled: Operator) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match="no_player"):
        connection.execute(
            text("UPDATE unbet_ledger.accounts SET balance = -1 WHERE kind IN ('cash', 'held')")
        )


def test_a_withdrawal_cannot_have_two_ends(filled: Operator) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match="ends_pkey"):
        connection.execute(
            text("""
                INSERT INTO unbet_ledger.withdrawal_ends (reference, kind, transfer_id)
                VALUES ('w1', 'completion', 1000000)
            """)
        )


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("'withdrawal', 'w1', 'bob', 'EUR', 'cash', -1", "operations_pkey"),
        ("'withdrawal', 'w3', 'bob', 'EUR', 'cash', 1", "only_a_correction_adds"),
        ("'withdrawal', 'w3', 'bob', 'EUR', 'bonus', -1", "what_it_takes_from"),
        ("'conversion', 'w3', 'bob', 'EUR', 'cash', -1", "what_it_takes_from"),
        ("'correction', 'w3', 'bob', 'EUR', 'cash', 1", "has_a_reason_and_a_name"),
        ("'gift', 'w3', 'bob', 'EUR', 'bonus', -1", "kind_check"),
    ],
)
def test_an_operation_is_of_one_form(filled: Operator, values: str, constraint: str) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match=constraint):
        connection.execute(
            text(f"""
                INSERT INTO unbet_ledger.operations
                       (kind, reference, user_id, currency, balance_type, amount, transfer_id)
                VALUES ({values}, 1000000)
            """)
        )


@pytest.mark.parametrize("values", ["NULL, 'ann'", "'', 'ann'", "'why', NULL", "'why', ''"])
def test_a_correction_without_a_reason_or_a_name_is_refused(filled: Operator, values: str) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match="and_a_name"):
        connection.execute(
            text(f"""
                INSERT INTO unbet_ledger.operations
                       (kind, reference, user_id, currency, balance_type, amount, reason, made_by,
                        transfer_id)
                VALUES ('correction', 'c1', 'bob', 'EUR', 'cash', 1, {values}, 1000000)
            """)
        )


def test_the_houses_account_cannot_be_given_a_running_balance(filled: Operator) -> None:
    with filled.engine.connect() as connection, pytest.raises(IntegrityError, match="only_players"):
        connection.execute(
            text("UPDATE unbet_ledger.accounts SET balance = 0 WHERE kind = 'house'")
        )


def test_the_tables_that_a_sequence_fills_are_known(engine: Engine) -> None:
    query = """
        SELECT format('%s.%s', table_schema, table_name) FROM information_schema.columns
         WHERE table_schema IN ('unbet', 'unbet_ledger') AND is_identity = 'YES'
    """
    with engine.connect() as connection:
        filled = set(connection.execute(text(query)).scalars())
    # No cancel adds to the latter.
    assert filled == {*TABLES, "unbet.deployment"}


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        assert migrate(connection) == migrate(connection)
        require_schema(connection)


def test_a_database_without_the_schema_is_refused_with_a_sentence(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE unbet.alembic_version"))
        with pytest.raises(SchemaError, match="run `unbet migrate`"):
            require_schema(connection)


def test_a_server_that_may_forget_commits_is_refused(engine: Engine) -> None:
    unsafe = connect_to(
        engine.url.render_as_string(hide_password=False),
        name="test",
        limits={"synchronous_commit": "off"},
    )
    with unsafe.connect() as connection, pytest.raises(UnsafeDatabaseError, match="synchronous"):
        require_durability(connection)
    unsafe.dispose()
    with engine.connect() as connection:
        require_durability(connection)


def test_an_error_does_not_tell_the_values_of_its_statement(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError, match="division") as failed:
        connection.execute(text("SELECT 1 / 0, CAST(:player AS text)"), {"player": "a-player"})
    assert "a-player" not in str(failed.value)
