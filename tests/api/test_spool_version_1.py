"""A spool of the first version, which was lines of JSON without checksums."""

import json
from pathlib import Path

from tests.making import Operator, cancel_of, old_form
from tests.system.processes import System
from tests.system.watching import PLAYER, metric, placed, spooled, wait_until_cancelled
from tests.waiting import until


def spool_of(system: System) -> Path:
    return Path(system.environment["UNBET_SPOOL_DIR"])


def test_a_spool_of_version_1_is_brought_along_and_what_is_damaged_is_kept_and_told(
    idle_system: System, operator: Operator
) -> None:
    operator.deposit("1000.00", **PLAYER)
    references = placed(operator, 3)
    cancels = [old_form(cancel_of(reference, **PLAYER)) for reference in references]
    lines = [json.dumps(cancel, separators=(",", ":")) for cancel in cancels]
    spool_of(idle_system).mkdir()
    torn = f"{lines[0]}\n{lines[1][:200]}{lines[2]}\n{lines[1][:300]}\n"
    (spool_of(idle_system) / "0a1b.spool").write_text(torn)
    idle_system.start_receiver()
    idle_system.start_sweep()
    wait_until_cancelled(operator, references[0], references[2])
    until(lambda: (spool_of(idle_system) / "0a1b.spool.damaged").exists(), "it is not kept")
    assert (spool_of(idle_system) / "0a1b.spool.damaged").read_text() == torn
    assert metric(idle_system, "unbet_spool_damaged_total") == 2
    assert metric(idle_system, 'unbet_spool_kept_files{reason="damaged"}') == 1
    assert metric(idle_system, "unbet_spool_bytes") == 0
    assert spooled(idle_system) == 2
