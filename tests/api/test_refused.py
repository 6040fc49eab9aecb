"""What the ledger refuses by its content lies in nobody's way."""

from pathlib import Path

from sqlalchemy import text

from tests.making import cancel_of
from tests.operating import Operator
from tests.system.processes import System
from tests.system.watching import metric
from tests.waiting import until
from unbet.spool import Spool


def test_a_spooled_cancel_that_the_ledger_refuses_holds_up_no_other(
    idle_system: System, operator: Operator
) -> None:
    directory = Path(idle_system.environment["UNBET_SPOOL_DIR"])
    refused = cancel_of("refused").model_copy(update={"provider": "no\0name"})
    spool = Spool(directory)
    spool.append([cancel_of("before"), refused, cancel_of("behind")])
    spool.append([cancel_of("last")])
    spool.close()

    idle_system.environment["UNBET_ANSWER_DEADLINE_S"] = "4"
    idle_system.start_receiver()

    def parked() -> set[str]:
        with operator.engine.connect() as connection:
            return set(connection.execute(text("SELECT reference FROM unbet.parked")).scalars())

    whole = {"before", "behind", "last"}
    until(lambda: parked() == whole, "those behind it are not parked")
    until(lambda: metric(idle_system, "unbet_spool_damaged_total") == 1, "it is not counted")
    kept = 'unbet_spool_kept_files{reason="damaged"}'
    until(lambda: metric(idle_system, kept) == 1, "its file is not kept")
    assert '"reference":"refused"' in idle_system.said("receiver")
    assert (
        "1 files, 1 of them damaged." in idle_system.unbet("spool", "list", str(directory)).stdout
    )
    # The circuit breaker stays closed.
    assert idle_system.cancel(reference="live")["error"] == 100
    assert metric(idle_system, "unbet_spooled_total") == 0

    with operator.engine.begin() as connection:
        connection.execute(text("DELETE FROM unbet.parked"))
    replayed = idle_system.unbet("spool", "replay", str(directory))
    assert replayed.returncode == 1
    assert "1 refused, first refused: " in replayed.stdout
    assert "3 cancels of 1 files parked for the sweep." in replayed.stdout
    assert parked() == whole
