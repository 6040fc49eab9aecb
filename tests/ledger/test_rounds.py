"""What a round of the sweep counts, and says of what it met."""

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from tests.counting import counted
from tests.ledger.deciding import sweep_of
from tests.making import Operator, cancel_of
from unbet.journal.parking import park
from unbet.journal.sweeping import MAX_TRIES


def keep(engine: Engine, *references: str, change: str | None = None) -> None:
    """Parks cancels of them, and changes the rows."""
    with engine.begin() as connection:
        park(connection, [cancel_of(r, uuid=f"uuid-{r}") for r in references], reason="test")
        if change:
            connection.execute(text(f"UPDATE unbet.parked SET {change}"))


def test_a_finished_round_is_counted(engine: Engine) -> None:
    before = counted("unbet_sweep_rounds_total")
    sweep_of(engine).round()
    assert counted("unbet_sweep_rounds_total") == before + 1


def test_what_a_round_decides_is_counted_and_what_it_holds_is_not(operator: Operator) -> None:
    operator.deposit("1.00")
    operator.bet("r1", "1.00")
    keep(operator.engine, "r1", "unknown")
    before = counted("unbet_swept_total")
    sweep_of(operator.engine, hold_unknown=True).round()
    assert counted("unbet_swept_total") == before + 1


@pytest.mark.parametrize(
    ("change", "error", "uuid"),
    [
        (f"tries = {MAX_TRIES}", "what applied it ended each time", "uuid-r1"),
        ("cancel = replace(cancel, 'dialect', 'tongue')", "cannot be read: 2 faults", "uuid-r1"),
        ('cancel = \'{"request": {"uuid": 5}}\'', "cannot be read", None),
        ("cancel = '{\"uuid\": 5}'", "cannot be read", None),
        ("cancel = '[]'", "cannot be read", None),
        ("cancel = 'no JSON'", "cannot be read: 1 faults", None),
        ("cancel = repeat('[', 100000)", "cannot be read: 1 faults", None),
    ],
)
def test_what_dies_is_counted_and_has_a_line_that_names_it(
    engine: Engine, change: str, error: str, uuid: str | None
) -> None:
    keep(engine, "r1", change=change)
    before = counted("unbet_dead_total")
    with capture_logs() as lines:
        sweep_of(engine).round()
    assert counted("unbet_dead_total") == before + 1
    (line,) = lines
    assert (line["event"], line["reference"], line["uuid"]) == ("dead", "r1", uuid)
    assert line["request_id"]
    assert error in line["error"]


def test_after_one_that_cannot_be_read_a_round_goes_on(operator: Operator) -> None:
    keep(operator.engine, "unreadable", change="cancel = '{}', tries = 1")
    keep(operator.engine, "r1")
    with operator.engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET tries = 1, next_try_at = parked_at"))
    sweep = sweep_of(operator.engine)
    sweep.round()
    assert sweep.decided == 1
