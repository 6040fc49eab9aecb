"""Which database error blames what: by SQLSTATE, whatever class the driver gives it."""

import psycopg
import pytest
from psycopg import errors
from sqlalchemy.exc import DBAPIError

from unbet.database.faults import _KEYS_BY_SEQUENCE as KEYS_BY_SEQUENCE
from unbet.database.faults import AWAY, Fault, fault_of
from unbet.database.sequences import TABLES


def fault(error: psycopg.Error) -> Fault:
    return fault_of(DBAPIError(None, None, error))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("40001 40P01 55006", Fault.TRANSIENT),
        ("08006 08P01 25P02 25P03 26000 57P05", Fault.SESSION),
        ("25006 57P01 57P02 57P03 57P04 53300 3D000 28P01", Fault.SERVER),
        ("55P03", Fault.LOCKED),
        ("57014", Fault.TIMED_OUT),
        ("22003 22P05 23502 23514 23001", Fault.CONTENT),
        ("42501 42P01 42703 42883 53100 53200 58030 XX000 XX001 XX002 2200H", Fault.DATABASE),
        ("23505 23503 54000 P0001 0A000", Fault.UNEXPECTED),
    ],
)
def test_a_state_says_who_is_to_blame(states: str, expected: Fault) -> None:
    said = {state: fault(errors.lookup(state)("no")) for state in states.split()}
    assert said == dict.fromkeys(states.split(), expected)


def test_what_the_tables_refuse_by_content_is_all_that_makes_a_cancel_dead() -> None:
    known = [value for value in vars(errors).values() if isinstance(value, type)]
    states = {s for error in known if isinstance(s := getattr(error, "sqlstate", None), str)}
    content = {state for state in states if fault(errors.lookup(state)("no")) is Fault.CONTENT}
    assert {state[:2] for state in content} == {"22", "23"}
    assert {state for state in content if state[:2] == "23"} == {"23001", "23502", "23514"}


@pytest.mark.parametrize("error", [psycopg.OperationalError, psycopg.InterfaceError])
def test_a_connection_that_cannot_be_made_or_is_lost_blames_no_work(
    error: type[psycopg.Error],
) -> None:
    assert fault(error("connection refused")) in AWAY


def test_each_key_that_a_sequence_fills_is_known() -> None:
    unique = {"deposits_transfer_id_key", "wins_transfer_id_key"}
    assert {f"{table.partition('.')[2]}_pkey" for table in TABLES} | {
        "entries_pkey"
    } | unique == KEYS_BY_SEQUENCE
