"""naive's queue and worker: one task per cancel, the result in Celery's Redis backend."""

import sys
from functools import cache

from celery import Celery, signals
from sqlalchemy import Engine

from benchmarks.baselines import TUNING
from unbet import connect_to, transact
from unbet.core.message import Cancel
from unbet.runtime import logs
from unbet.runtime.gc_tuning import tune_gc
from unbet.runtime.settings import ReceiverSettings, read
from unbet.wallets.ledger.reversal import reverse

app = Celery(
    "naive",
    broker=read(ReceiverSettings).broker_url,
    backend=read(ReceiverSettings).redis_url,
    # A task that was taken but not committed must not be lost with its worker.
    task_acks_late=True,
    task_default_queue="naive",
    worker_hijack_root_logger=False,
)


@cache
def engine() -> Engine:
    """One connection for each of the worker's threads."""
    threads = TUNING["NAIVE_WORKER_THREADS"]
    return connect_to(read(ReceiverSettings).database_url, name="naive", pool_size=threads)


@app.task  # type: ignore[untyped-decorator]
def cancel(document: str) -> str:
    """Reverse one cancel; the decision."""
    asked = [Cancel.model_validate_json(document)]
    return transact(engine(), lambda connection: reverse(connection, asked)[0].model_dump_json())


def _configure_logs(**_: object) -> None:
    logs.configure(read(ReceiverSettings).log_format)


def _say_so(**_: object) -> None:
    tune_gc()
    sys.stderr.write("naive ready\n")


signals.setup_logging.connect(_configure_logs)
signals.worker_ready.connect(_say_so)
