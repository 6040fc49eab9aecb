"""Celery's worker program with our name, log lines and set of remote commands."""

import os
from typing import Any, Final

import structlog
from celery import signals
from celery.apps import worker as celery_program
from celery.utils.log import get_multiprocessing_logger
from celery.utils.nodenames import default_nodename
from celery.worker.control import Panel

from unbet.runtime import logs
from unbet.runtime.settings import WorkerSettings, read
from unbet.start import starting

READ_ONLY_COMMANDS: Final = frozenset(
    {
        *("ping", "heartbeat", "clock", "report", "stats", "conf"),
        *("active", "active_queues", "query_task", "registered", "reserved", "revoked"),
        *("scheduled", "enable_events", "disable_events"),
    }
)
"""The commands that stay, because they only read. Anybody who can write to Redis can send a
command, so none may end a worker or keep it from taking messages."""

log = structlog.get_logger("worker")


def _prepare(instance: Any, **_: object) -> None:
    with starting("worker"):
        logs.configure(read(WorkerSettings).log_format)
    if instance.hostname == default_nodename(None):  # no `--hostname`
        # Celery's own is one name for all workers of a machine.
        name, _at, host = instance.hostname.partition("@")
        instance.hostname = f"{name}-{os.getpid()}@{host}"
    instance.quiet = True  # Celery's banner is no log line
    log.info("starting", worker=instance.hostname)


def _configure_logs(**_: object) -> None:
    logs.configure(read(WorkerSettings).log_format)
    get_multiprocessing_logger().propagate = True  # billiard would print its lines as they are


def _say(words: str, _file: object = None) -> None:
    log.info(words.strip())


def prepare() -> None:
    """Adjust Celery's worker program in this process. Made for Celery 5.7:
    `tests/unit/test_broker.py` fails when another version has other commands."""
    signals.celeryd_init.connect(_prepare)
    signals.setup_logging.connect(_configure_logs)
    # It prints its lines about a stop.
    celery_program.safe_say = _say
    for command in Panel.data.keys() - READ_ONLY_COMMANDS:
        del Panel.data[command]
        Panel.meta.pop(command, None)  # a second name of a command has none
