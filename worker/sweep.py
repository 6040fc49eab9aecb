"""The sweep: `python -m worker.sweep` finishes parked cancels. It needs PostgreSQL only, so that it
works with the queue down; any number of them may run."""

import random
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to, require_durability, require_room
from unbet.database.faults import first_line
from unbet.database.migrate import require_schema
from unbet.runtime import exposition, logs
from unbet.runtime.settings import SweepSettings, read, warn_of_unknown_names
from unbet.start import check_database, starting
from worker.rounds import Sweep

EVERY_S: Final = 1.0
LONGEST_PAUSE_S: Final = 3.0
HEARTBEAT_S: Final = 60.0
STOP_LIMIT_S: Final = 10
"""A stop waits for the batch at hand this long; cut off, it is applied again by another sweep."""

log = structlog.get_logger("sweep")


def main() -> None:
    """Sweep until SIGTERM. A ledger that is away is waited for."""
    with starting("sweep"):
        chosen = read(SweepSettings)
    logs.configure(chosen.log_format)
    warn_of_unknown_names()
    stop = threading.Event()

    def end(_number: int, _frame: object) -> None:
        signal.alarm(STOP_LIMIT_S)
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    identity = Identity(chosen.deployment)
    engine = guard(connect_to(chosen.database_url, name="sweep", pool_size=1), identity)
    exposition.serve(chosen.metrics_port)
    sweep = Sweep(engine, hold_unknown=chosen.holds_unknown)
    keep_sweeping(sweep, partial(_require_a_safe_ledger, chosen, identity), stop)
    engine.dispose()


def keep_sweeping(sweep: Sweep, check: Callable[[], None], stop: threading.Event) -> None:
    """Rounds until `stop`, after one `check` of the ledger: about every second, at once while there
    is work."""
    checked, pause_s, next_heartbeat = False, EVERY_S, 0.0
    while not stop.is_set():
        try:
            if not checked:
                check()
                checked = True
                log.info("the sweep is ready")
            if time.monotonic() >= next_heartbeat:
                sweep.heartbeat()
                next_heartbeat = time.monotonic() + HEARTBEAT_S
            busy = sweep.round()
            pause_s = 0.0 if busy else EVERY_S
        except DBAPIError as error:
            pause_s = min(2 * max(pause_s, 0.1), LONGEST_PAUSE_S)
            log.warning("the ledger is away", error=first_line(error), again_in_s=pause_s)
        except Exception:
            # The outermost shell: a bug met by one cancel must not leave the others lying.
            pause_s = LONGEST_PAUSE_S
            log.exception("a round failed")
        if pause_s:
            stop.wait(random.uniform(0.75, 1.25) * pause_s)  # noqa: S311 - jitter, no secret


def _require_a_safe_ledger(chosen: SweepSettings, identity: Identity) -> None:
    required = (require_durability, require_schema, require_room)
    with starting("sweep"):
        check_database(chosen.database_url, "sweep", identity, *required)


if __name__ == "__main__":
    main()
