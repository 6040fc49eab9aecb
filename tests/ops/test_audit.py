"""The audit: clean after whatever the ledger does, and blind to no violation.

(Over 250 lines: each of its checks has a test here.)
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, InternalError

from tests.ledger.rounds import cancel_round, place, round_bet
from tests.making import Operator, cancel_of
from tests.ops.conftest import Unbet
from tests.tiers import long
from unbet import Direction, connect_to
from unbet.database.engine import SCAN_SETTINGS
from unbet.wallets.ledger.audit import CHECKS, MAX_ROWS, Report, Step, audit


@dataclass(frozen=True)
class Tampering:
    """What somebody with the guards taken off does to the ledger, and which check finds it."""

    check: str
    statements: tuple[str, ...]


def read_tamperings() -> list[Tampering]:
    _, *parts = re.split(
        r"^-- check (\w+)$",
        Path(__file__).with_name("tamperings.sql").read_text("utf-8"),
        flags=re.MULTILINE,
    )
    return [
        Tampering(check, tuple(filter(str.strip, sql.split(";"))))
        for check, sql in zip(parts[::2], parts[1::2], strict=True)
    ]


TAMPERINGS: Final = read_tamperings()

VIEWS: Final = (
    """
    CREATE TEMP VIEW stakes AS
    SELECT transfers.id, reference
      FROM unbet_ledger.transfers JOIN unbet_ledger.bets ON bets.id = bet_id WHERE kind = 'bet'
    """,
    "CREATE TEMP VIEW reversals AS SELECT id FROM unbet_ledger.transfers WHERE kind = 'reversal'",
    "CREATE TEMP VIEW cash AS SELECT id FROM unbet_ledger.accounts WHERE kind = 'cash'",
    "CREATE TEMP VIEW house AS SELECT id FROM unbet_ledger.accounts WHERE kind = 'house'",
)


@pytest.fixture
def one_of_each(operator: Operator) -> None:
    """One bet of each kind, and of each operation; alice has cash and bonus in a hold with a stake
    from both."""
    operator.deposit("10.00")
    operator.deposit("5.00", bonus=True)
    operator.bet("reversed", "12.00")
    operator.cancel(cancel_of("reversed"))
    operator.bet("placed", "1.00")
    operator.bet("settled", "1.00")
    operator.settle("settled", "3.00")
    operator.cancel(cancel_of("settled"))
    operator.bet("refused", "1000.00")
    operator.cancel(cancel_of("never-came"), cancel_of("refused"))
    operator.settle("never-came", "3.00")
    for reference in ("held", "completed", "released"):
        operator.withdraw(reference, "1.00")
    operator.complete("completed")
    operator.release("released")
    operator.withdraw("too much", "1000.00")
    operator.correct("corrected", "2.00", Direction.DEBIT)
    operator.convert("converted", "0.50")
    cancel_round(operator, "R")
    place(operator, round_bet("in a cancelled round", "R"))


@pytest.fixture
def audited(database_url: str) -> Callable[[], Report]:
    def run() -> Report:
        url = database_url
        engine = connect_to(url, name="audit", limits=SCAN_SETTINGS)
        try:
            with engine.begin() as connection:
                return audit(connection)
        finally:
            engine.dispose()

    return run


def tamper(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        # Neither our triggers nor foreign keys; the next test can have the database as it is.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (*VIEWS, *statements):
            connection.execute(text(statement))


@pytest.mark.usefixtures("one_of_each")
def test_one_of_everything_is_in_order(audited: Callable[[], Report]) -> None:
    report = audited()

    assert report.violations == ()
    assert report.checked == {
        "transfers": 7 + 7,
        "entries": 14 + 2 + 14,
        "accounts": 4 + 2,
        "bets": 6,
        "wins": 2,
        "deposits": 2,
        "operations": 6,
        "withdrawal_ends": 2,
        "cancelled_rounds": 1,
    }


def test_every_check_has_its_tampering() -> None:
    assert {tampering.check for tampering in TAMPERINGS} == {check.name for check in CHECKS}


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.check)
def test_a_violation_put_in_by_hand_is_found(
    engine: Engine, audited: Callable[[], Report], tampering: Tampering
) -> None:
    tamper(engine, *tampering.statements)

    found = {violation.check: violation for violation in audited().violations}

    assert tampering.check in found
    assert found[tampering.check].count == len(found[tampering.check].rows) > 0


@pytest.mark.usefixtures("one_of_each")
def test_the_guards_refuse_what_the_audit_would_find(engine: Engine) -> None:
    with pytest.raises(DBAPIError, match="never changed or removed"), engine.begin() as connection:
        connection.execute(text("UPDATE unbet_ledger.entries SET amount = amount + 1"))


def test_many_rows_of_one_violation_are_counted_and_as_many_shown_as_asked_for(
    engine: Engine, operator: Operator, audited: Callable[[], Report], unbet: Unbet
) -> None:
    for _ in range(MAX_ROWS + 1):
        operator.deposit("1.00")
    tamper(engine, "DELETE FROM unbet_ledger.deposits")

    (violation,) = audited().violations

    assert (violation.count, len(violation.rows)) == (MAX_ROWS + 1, MAX_ROWS)
    (all_of_it,) = unbet("audit", "--rows", MAX_ROWS + 1, "--json").document["violations"]
    assert len(all_of_it["rows"]) == MAX_ROWS + 1


@pytest.mark.parametrize("seed", [0, *map(long, range(1, 3))])
def test_a_random_mix_of_operations_leaves_the_ledger_in_order(
    operator: Operator, audited: Callable[[], Report], seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(350):
        user = chance.choice(["alice", "bob"])
        reference = f"{chance.randrange(60)}"
        amount = chance.choice(["0", "1.00", "2.50", "7.123456789012345678"])
        round_id = f"R{chance.randrange(12)}"
        match chance.randrange(13):
            case 0:
                operator.deposit(amount.replace("0", "1", 1), user_id=user, reference=reference)
            case 1:
                operator.deposit("3.00", user_id=user, bonus=True)
            case 2 | 3:
                operator.bet(reference, amount, user_id=user)
            case 4:
                operator.settle(reference, amount)
            case 5:
                references = [reference, *(f"{chance.randrange(60)}" for _ in range(3))]
                operator.cancel(*(cancel_of(r, user_id=user) for r in references))
            case 6:
                chance.choice([operator.freeze, operator.unfreeze, operator.unfreeze])(user)
            case 7:
                operator.withdraw(reference, amount.replace("0", "1", 1), user_id=user)
            case 8:
                chance.choice([operator.complete, operator.release])(reference)
            case 9:
                direction = chance.choice(list(Direction))
                operator.correct(reference, "2.50", direction, user_id=user)
            case 10:
                operator.convert(reference, "2.50", user_id=user)
            case 11:
                place(operator, round_bet(reference, round_id, amount, user_id=user))
            case 12:
                cancel_round(operator, round_id, chance.choice([user, None]))

    report = audited()

    assert report.violations == ()
    assert min(report.checked.values()) > 0


@pytest.mark.usefixtures("one_of_each")
def test_the_audit_reads_one_snapshot_or_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(InternalError, match="must be called before any query"):
            audit(connection)


@pytest.mark.usefixtures("one_of_each")
def test_the_command_exits_with_0_and_this_document(unbet: Unbet) -> None:
    ran = unbet("audit", "--json")

    assert ran.status == 0
    assert ran.document["ok"] is True
    assert ran.document["violations"] == []
    assert ran.document["checked"]["bets"] == 6
    assert "Everything holds." in unbet("audit").out


@pytest.mark.usefixtures("one_of_each")
def test_the_command_exits_with_1_and_shows_the_rows(unbet: Unbet, engine: Engine) -> None:
    tamper(engine, "UPDATE unbet_ledger.accounts SET balance = balance + 1 WHERE kind = 'bonus'")

    ran = unbet("audit", "--json")

    assert ran.status == 1
    assert ran.document["ok"] is False
    violation = next(v for v in ran.document["violations"] if v["check"] == "balances_are_sums")
    assert violation["count"] == 1
    (row,) = violation["rows"]
    assert (row["owner"], row["kind"], row["balance"], row["sum"]) == (
        "alice",
        "bonus",
        "5.50",
        "4.50",
    )
    shown = unbet("audit")
    assert shown.status == 1
    assert "balances_are_sums" in shown.out
    assert "alice" in shown.out


@pytest.mark.usefixtures("one_of_each")
def test_each_step_is_said_with_the_rows_that_are_read(engine: Engine) -> None:
    steps: list[Step] = []
    with engine.connect() as connection:
        report = audit(connection, steps.append)

    counting = [step for step in steps if not step.number]
    checking = steps[len(counting) : -1]
    assert [step.doing for step in counting] == [f"counting {table}" for table in report.checked]
    assert [(step.number, step.doing) for step in checking] == [
        (number, check.name) for number, check in enumerate(CHECKS, 1)
    ]
    # The first check reads the entries and their accounts, the second the same.
    first = report.checked["entries"] + report.checked["accounts"]
    assert [step.rows for step in checking[:3]] == [0, first, 2 * first]
    assert steps[-1].rows == steps[-1].total == checking[0].total


@pytest.mark.usefixtures("one_of_each")
def test_a_terminal_shows_the_check_and_the_output_stays_the_document(unbet: Unbet) -> None:
    ran = unbet("audit", "--json", terminal=True)

    document = ran.document
    # All rows that it says to have read, at its last check.
    read = sum(check.rows(document["checked"]) for check in CHECKS)
    assert f"{read} rows" in ran.err
    assert f"{len(CHECKS)}/{len(CHECKS)} {CHECKS[-1].name}" in ran.err
    assert document["ok"] is True
    assert unbet("audit").err == ""


@pytest.mark.usefixtures("one_of_each")
def test_no_check_compares_each_row_with_each(engine: Engine) -> None:
    """Statistics older than the day's cancels make that look cheap: once, a check of 100,000
    reversals did not come to its end in ten minutes."""
    with engine.connect() as connection:
        assert audit(connection).ok
        for check in CHECKS:
            plan = connection.execute(text(f"EXPLAIN {check.query}")).scalars().all()
            assert not [line for line in plan if "Nested Loop" in line], check.name
