"""The Celery application: `celery --app worker.app worker`."""

import threading
import time
from typing import Final, NoReturn

import structlog
from celery import Celery, signals
from sqlalchemy.exc import DBAPIError

from unbet.broker import redis_server, transport
from unbet.database.deployment import DeploymentError
from unbet.database.engine import UnsafeDatabaseError, require_durability, require_room
from unbet.database.faults import first_line
from unbet.database.migrate import SchemaError, require_schema
from unbet.database.start_check import check_database
from unbet.runtime import exposition, logs
from unbet.runtime.gc_tuning import collect_rarely
from unbet.runtime.settings import SettingsError, settings, warn_of_unknown_names
from worker import program
from worker.apart import keep_apart
from worker.connections import deployment, identity, keys

START_LIMIT_S: Final = 30.0
"""How long a starting worker waits for its database and its Redis."""

log = structlog.get_logger("worker")

app = Celery("unbet", config_source="celeryconfig", include=["worker.tasks"])
program.prepare()


def _check_dependencies(**_: object) -> None:
    """Refuse to work where a promise could not be kept; `SystemExit` passes Celery's handlers."""
    warn_of_unknown_names()
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            keys()
            _check_database()
            with redis_server.connect(settings().redis_url) as client:
                for warning in redis_server.check(client):
                    log.warning(warning)
            break
        except (
            *(UnsafeDatabaseError, SchemaError, DeploymentError),
            *(SettingsError, redis_server.UnsafeBrokerError),
        ) as error:
            _refuse(str(error))
        except (DBAPIError, *redis_server.AWAY) as error:
            if time.monotonic() > deadline:
                _refuse(first_line(error))
            log.warning("waiting for the database and Redis", error=first_line(error))
            time.sleep(1)
    transport.separate(app, deployment())


def _check_database() -> None:
    required = (require_durability, require_schema, require_room)
    for warning in check_database(settings().database_url, "worker", identity(), *required):
        log.warning(warning)


def _stay_apart(**_: object) -> None:
    threading.Thread(target=keep_apart, args=(deployment(),), name="apart", daemon=True).start()


def _refuse(why: str) -> NoReturn:
    logs.refuse(f"The worker does not start: {why}", settings().log_format)


def _begin_work(**_: object) -> None:
    collect_rarely()


def _show_metrics(**_: object) -> None:
    exposition.serve(settings().metrics_port, has_children=True)


signals.worker_init.connect(_check_dependencies)
signals.worker_ready.connect(_begin_work)
signals.worker_ready.connect(_show_metrics)
signals.worker_ready.connect(_stay_apart)
signals.worker_process_init.connect(_begin_work)
