"""The Celery application: `celery --app worker.app worker`."""

import threading
import time
from typing import Final

import structlog
from celery import Celery, signals

from unbet.broker import transport
from unbet.database.engine import require_durability, require_room
from unbet.database.faults import first_line
from unbet.database.migrate import require_schema
from unbet.journal.routes import require_routes
from unbet.runtime import exposition
from unbet.runtime.gc_tuning import tune_gc
from unbet.runtime.retrying import retry_until
from unbet.runtime.settings import WorkerSettings, read, warn_of_unknown_names
from unbet.start import AWAY, check_database, check_redis, refuse, starting
from unbet.wallets.chosen import required_of
from unbet.wallets.notice import log_wallets
from worker import program
from worker.connections import choice, deployment, identity, keys, notice, wallet
from worker.neighbours import watch_neighbours

START_LIMIT_S: Final = 30.0
"""How long a starting worker waits for its database and its Redis."""

MAX_START_PAUSE_S: Final = 1.0

log = structlog.get_logger("worker")

app = Celery("unbet", config_source="celeryconfig", include=["worker.tasks"])
program.prepare()


def _start(**_: object) -> None:
    """Refuse to work where a promise could not be kept. Only `SystemExit` ends a worker from here:
    Celery logs any other exception, and would have the worker begin unchecked."""
    try:
        _check_dependencies()
    except Exception as error:
        log.exception("the start failed")
        refuse("worker", f"{type(error).__name__}: {error}")


def _check_dependencies() -> None:
    warn_of_unknown_names()
    deadline = time.monotonic() + START_LIMIT_S
    with starting("worker"):
        keys()
        wallet()
        try:
            retry_until(
                deadline, _check_once, errors=AWAY, may_retry=_report, max_pause_s=MAX_START_PAUSE_S
            )
        except AWAY as error:
            refuse("worker", first_line(error))
    log_wallets(notice(), log)
    transport.separate(app, deployment())


def _check_once() -> None:
    """Raises one of `UNSAFE`, or one of `AWAY`."""
    chosen = read(WorkerSettings)
    required = required_of(*choice().distinct_routes())
    required = (require_durability, require_schema, require_room, *required)
    required = (*required, require_routes(choice()))
    check_database(chosen.database_url, "worker", identity(), *required)
    check_redis(chosen.redis_url, "worker")


def _report(error: Exception) -> bool:
    log.warning("waiting for the database and Redis", error=first_line(error))
    return True


def _watch_neighbours(**_: object) -> None:
    threading.Thread(
        target=watch_neighbours, args=(deployment(),), name="neighbours", daemon=True
    ).start()


def _begin_work(**_: object) -> None:
    tune_gc()


def _show_metrics(**_: object) -> None:
    exposition.serve(read(WorkerSettings).metrics_port, has_children=True)


signals.worker_init.connect(_start)
signals.worker_ready.connect(_begin_work)
signals.worker_ready.connect(_show_metrics)
signals.worker_ready.connect(_watch_neighbours)
signals.worker_process_init.connect(_begin_work)
