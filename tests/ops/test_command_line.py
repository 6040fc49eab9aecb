"""The commands of a player's money, and what a person is told when one cannot be done.

(Over 250 lines: one table of exit statuses for all commands.)
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.making import Operator, cancel_of
from tests.ops.conftest import Ran, Unbet
from tests.waiting import until
from unbet.cli.people import login
from unbet.core.money import amount
from unbet.database.migrate import migrate

SCRIPT = Path(sys.executable).with_name("unbet")
NO_TEXT = os.fsdecode(b"r\xff")
CORRECTION = ("correct", "alice", "EUR", "1", "--direction", "credit", "--reason", "why")
BET = ("bet", "alice", "EUR", "4.00", "--reference", "r1")


def told(ran: Ran, status: int = 1) -> str:
    """What a failed command says: one line on standard error, nothing else."""
    assert (ran.status, ran.out) == (status, "")
    (line,) = ran.err.splitlines()
    return line


def test_the_balance_is_exactly_this_document(unbet: Unbet) -> None:
    unbet("deposit", "alice", "EUR", "10.00")
    unbet("deposit", "alice", "EUR", "0.123456789012345678", "--bonus")

    ran = unbet("balance", "alice", "EUR", "--json")

    assert ran.status == 0
    assert ran.out == (
        '{"user": "alice", "currency": "EUR", "cash": "10.00", "bonus": "0.123456789012345678", '
        '"held": "0.00"}\n'
    )


def test_the_balance_of_an_unknown_player_is_zero(unbet: Unbet) -> None:
    document = unbet("balance", "nobody", "EUR", "--json").document

    assert (document["cash"], document["bonus"]) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("10", "10.00"),
        ("17.5", "17.50"),
        ("17.500000000000000000", "17.50"),
        ("0E-18", "0.00"),
        ("0.123456789012345678", "0.123456789012345678"),
        ("1E+3", "1000.00"),
        ("-12345678901234567890.120000000000000001", "-12345678901234567890.120000000000000001"),
    ],
)
def test_amounts_are_shown_exactly_and_without_superfluous_zeros(value: str, shown: str) -> None:
    assert amount(Decimal(value)) == shown


def test_a_deposit_without_a_reference_shows_the_one_it_made(unbet: Unbet) -> None:
    reference = unbet("deposit", "alice", "EUR", "10.00", "--json").document["reference"]

    again = unbet("deposit", "alice", "EUR", "10.00", "--reference", reference, "--json")

    assert again.document["replayed"] is True
    assert unbet("balance", "alice", "EUR", "--json").document["cash"] == "10.00"


def test_a_deposit_in_conflict_exits_with_3(unbet: Unbet) -> None:
    assert unbet("deposit", "alice", "EUR", "10.00", "--reference", "d1").status == 0
    assert unbet("deposit", "alice", "EUR", "10.00", "--reference", "d1").status == 0
    assert unbet("deposit", "alice", "EUR", "11.00", "--reference", "d1").status == 3


def test_a_bet_exits_with_0_placed_or_replayed_and_3_in_conflict(unbet: Unbet) -> None:
    unbet("deposit", "alice", "EUR", "10.00")

    assert unbet(*BET).status == 0
    assert unbet(*BET).status == 0
    assert unbet("bet", "alice", "EUR", "5.00", "--reference", "r1").status == 3
    assert unbet("balance", "alice", "EUR", "--json").document["cash"] == "6.00"


def test_a_refused_bet_exits_with_3_and_says_why(unbet: Unbet) -> None:
    ran = unbet(*BET, "--json")

    assert ran.status == 3
    assert (ran.document["status"], ran.document["reason"]) == ("refused", "insufficient_funds")


def test_a_frozen_player_may_not_bet_until_unfrozen(unbet: Unbet) -> None:
    unbet("deposit", "alice", "EUR", "10.00")

    assert unbet("freeze", "alice", "--json").document == {"user": "alice", "frozen": True}
    assert unbet("bet", "alice", "EUR", "1", "--reference", "r1", "--json").document["reason"] == (
        "player_frozen"
    )
    assert unbet("unfreeze", "alice").status == 0
    assert unbet("bet", "alice", "EUR", "1", "--reference", "r2").status == 0


def test_a_settlement_pays_once_and_exits_with_3_when_refused(unbet: Unbet) -> None:
    unbet("deposit", "alice", "EUR", "10.00")
    unbet(*BET)

    assert unbet("settle", "--reference", "r1", "--win", "2.50").status == 0
    assert unbet("settle", "--reference", "r1", "--win", "2.50").status == 0
    assert unbet("settle", "--reference", "r1", "--win", "3.00").status == 3
    assert unbet("settle", "--reference", "unknown", "--win", "3.00").status == 3
    more = unbet("settle", "--reference", "r1", "--win-reference", "w2", "--win", "1")
    assert more.status == 0
    assert unbet("balance", "alice", "EUR", "--json").document["cash"] == "9.50"


def test_a_withdrawal_is_held_and_ends_once(unbet: Unbet) -> None:
    unbet("deposit", "alice", "EUR", "10.00")
    held = ("withdraw", "alice", "EUR", "7.00", "--reference", "w1")

    assert unbet(*held).out == "Withdrawal w1: done.\n"
    assert unbet(*held).out == "Withdrawal w1: done, as it was before.\n"
    assert unbet("balance", "alice", "EUR").out == (
        "cash 3.00 EUR, bonus 0.00 EUR, held 7.00 EUR\n"
    )
    assert unbet("complete-withdrawal", "w1").out == "Completion of w1: done.\n"
    ran = unbet("release-withdrawal", "w1", "--json")
    assert (ran.status, ran.document["reason"]) == (3, "withdrawal_completed")
    assert unbet("release-withdrawal", "w2", "--json").document["reason"] == "unknown_withdrawal"
    other = unbet("withdraw", "alice", "EUR", "1.00", "--json").document["reference"]
    assert unbet("release-withdrawal", other).status == 0
    assert unbet("balance", "alice", "EUR", "--json").document["cash"] == "3.00"


def test_a_correction_and_a_conversion_are_done_once(unbet: Unbet, engine: Engine) -> None:
    unbet("deposit", "alice", "EUR", "10.00", "--bonus")
    correction = (
        *("correct", "alice", "EUR", "2.00", "--direction", "debit", "--bonus"),
        *("--reason", "given twice", "--reference", "c1"),
    )

    assert [unbet(*correction).status for _ in range(2)] == [0, 0]
    assert unbet(*correction, "--by", "ann").status == 3
    conversion = ("convert-bonus", "alice", "EUR", "5.00", "--reference", "b1")
    assert [unbet(*conversion).status for _ in range(2)] == [0, 0]
    assert unbet("convert-bonus", "alice", "EUR", "5.00").status == 3
    document = unbet("balance", "alice", "EUR", "--json").document
    assert (document["cash"], document["bonus"]) == ("5.00", "3.00")
    with engine.connect() as connection:
        query = "SELECT made_by FROM unbet_ledger.operations WHERE reference = 'c1'"
        assert connection.execute(text(query)).scalar() == login()


def test_a_win_on_a_cancelled_bet_is_refused(unbet: Unbet, operator: Operator) -> None:
    unbet("deposit", "alice", "EUR", "10.00")
    unbet(*BET)
    operator.cancel(cancel_of("r1"))

    ran = unbet("settle", "--reference", "r1", "--win", "2.50", "--json")

    assert (ran.status, ran.document["reason"]) == (3, "cancelled")


def test_the_provider_is_that_of_the_environment(
    unbet: Unbet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBET_PROVIDER_ID", "OtherProvider")
    unbet("deposit", "alice", "EUR", "10.00")
    unbet(*BET)

    (history,) = unbet("explain", "r1", "--json").document["stories"]
    assert history["provider"] == "OtherProvider"


@pytest.mark.parametrize(
    ("command", "field"),
    [
        (("deposit", "alice", "EUR", "1,5"), "amount"),
        (("deposit", "alice", "EUR", "0"), "amount"),
        (("deposit", "alice", "EUR", "1.1234567890123456789"), "amount"),
        (("bet", "alice", "EUR", "1e3", "--reference", "r"), "amount"),
        (("bet", "alice", "euros", "1", "--reference", "r"), "currency"),
        (("bet", "alice", "EUR", "1", "--reference", "r" * 256), "reference"),
        (("bet", "alice", "EUR", "1", "--reference", "r", "--provider", ""), "provider"),
        (("settle", "--reference", "r", "--win", "NaN"), "win"),
        (("settle", "--reference", "r", "--win", "1", "--win-reference", ""), "win_reference"),
        (("freeze", " "), "user"),
        (("withdraw", "alice", "EUR", "0"), "amount"),
        (("complete-withdrawal", ""), "reference"),
        (("convert-bonus", "alice", "E", "1"), "currency"),
        ((*CORRECTION, "--reason", ""), "reason"),
        ((*CORRECTION, "--by", " "), "by"),
        (("balance", "a" * 256, "EUR"), "user"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_done(
    unbet: Unbet, command: tuple[str, ...], field: str
) -> None:
    assert told(unbet(*command)).startswith(f"unbet: {field}: ")


@pytest.mark.parametrize("command", [("nonsense",), ("deposit", "alice"), ("import", "no-file")])
def test_wrong_usage_exits_with_2(unbet: Unbet, command: tuple[str, ...]) -> None:
    ran = unbet(*command)

    assert (ran.status, ran.out) == (2, "")
    assert "Error: " in ran.err


@pytest.mark.parametrize(
    "command",
    [
        ("explain", NO_TEXT),
        ("explain", "r", "--provider", NO_TEXT),
        ("parked", "retry", "--reference", NO_TEXT),
        ("export", "--since", "2027-01-01", "--until", "2027-02-01", "--provider", NO_TEXT),
    ],
)
def test_an_argument_that_is_not_utf_8_is_shown_and_exits_with_2(
    unbet: Unbet, command: tuple[str, ...]
) -> None:
    ran = unbet(*command)

    assert (ran.status, ran.err) == (2, r"unbet: not UTF-8: 'r\udcff'" + "\n")


def test_output_that_cannot_show_a_letter_is_not_taken_for_a_wrong_argument(
    database_url: str,
) -> None:
    ran = subprocess.run(
        [SCRIPT, "freeze", "michał"],
        env={**os.environ, "UNBET_DATABASE_URL": database_url, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert ran.returncode == 1
    assert b"ordinal not in range" in ran.stderr


def test_a_database_that_cannot_be_reached_is_told_in_one_sentence(
    unbet: Unbet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBET_DATABASE_URL", "postgresql://unbet:hidden@127.0.0.1:1/unbet")

    problem = told(unbet("balance", "alice", "EUR"))

    assert "UNBET_DATABASE_URL cannot be reached" in problem
    assert "hidden" not in problem


@pytest.mark.parametrize("url", [None, "", "redis://127.0.0.1", "postgresql://127.0.0.1:x/unbet"])
def test_a_missing_or_wrong_address_names_the_variable(
    unbet: Unbet, monkeypatch: pytest.MonkeyPatch, url: str | None
) -> None:
    if url is None:
        monkeypatch.delenv("UNBET_DATABASE_URL")
    else:
        monkeypatch.setenv("UNBET_DATABASE_URL", url)

    assert told(unbet("audit")).startswith("unbet: UNBET_DATABASE_URL ")


def test_an_empty_database_is_refused_until_it_is_migrated(
    unbet: Unbet, engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNBET_DATABASE_URL", database_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA unbet, unbet_ledger CASCADE"))

    assert "run `unbet migrate`" in told(unbet("balance", "alice", "EUR"))
    assert unbet("migrate").status == 0
    assert unbet("migrate", "--json").document.keys() == {"revision"}
    assert unbet("balance", "alice", "EUR").status == 0


def test_a_migration_waits_for_another_one_to_end(engine: Engine, database_url: str) -> None:
    with engine.begin() as other:
        other.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        migrate(other)
        second = subprocess.Popen(
            [SCRIPT, "migrate"], env={**os.environ, "UNBET_DATABASE_URL": database_url}
        )
        until(lambda: has_waited_for_long(engine), "it did not wait")
    assert second.wait(timeout=20) == 0


def has_waited_for_long(engine: Engine) -> bool:
    """Longer than any other command waits for a lock."""
    query = text("""
        SELECT count(*) = 1 FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event = 'advisory'
           AND clock_timestamp() - query_start > interval '0.5 s'
    """)
    with engine.connect() as connection:
        return bool(connection.execute(query).scalar_one())


def test_what_the_database_refuses_is_told_without_the_statement(unbet: Unbet) -> None:
    unbet("deposit", "alice", "EUR", "99999999999999999999")

    problem = told(unbet("deposit", "alice", "EUR", "99999999999999999999"))

    assert problem == "unbet: the database refused: numeric field overflow"


def test_without_json_a_short_text_is_shown(unbet: Unbet) -> None:
    assert unbet("deposit", "alice", "EUR", "10", "--reference", "d1").out == "Deposit d1: done.\n"
    assert unbet(*BET).out == "Bet r1: done.\n"
    assert unbet(*BET).out == "Bet r1: done, as it was before.\n"
    assert unbet("balance", "alice", "EUR").out == "cash 6.00 EUR, bonus 0.00 EUR\n"


def test_ctrl_c_ends_an_import_quietly_with_130(
    database_url: str, new_lines: Callable[[int], bytes]
) -> None:
    running = subprocess.Popen(
        [SCRIPT, "import", "-"],
        env={**os.environ, "UNBET_DATABASE_URL": database_url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert running.stdin
        assert running.stdout
        running.stdin.write(new_lines(2000))
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["status"] == "done"

        running.send_signal(signal.SIGINT)

        _, err = running.communicate(timeout=20)
        assert (running.returncode, err) == (130, b"")
    finally:
        running.kill()
        running.wait()


@pytest.fixture
def new_lines() -> Callable[[int], bytes]:
    def make(count: int) -> bytes:
        deposit = {"op": "deposit", "user": "alice", "currency": "EUR", "amount": "1"}
        return b"".join(
            json.dumps({**deposit, "reference": f"d{number}"}).encode() + b"\n"
            for number in range(count)
        )

    return make
