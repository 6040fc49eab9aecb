"""The Celery application: `celery --app worker.app worker`."""

import sys
import time
from typing import Final

import redis
import structlog
from billiard import pool
from celery import Celery, signals
from sqlalchemy.exc import DBAPIError

from contract import broker, exposition, logs
from contract.collecting import collect_rarely
from contract.settings import SettingsError, settings
from ledger.bounded import CALL_LIMIT_S, connect_within
from ledger.engine import UnsafeDatabaseError, require_durability, require_room
from ledger.faults import first_line
from ledger.migrate import SchemaError, require_schema
from ledger.pooling import require_own_sessions
from worker.connections import engine, keys

START_LIMIT_S: Final = 30.0
"""How long a starting worker waits for its database and its Redis."""

log = structlog.get_logger("worker")

CONSUMED_WITHIN_S: Final = 2.0
"""How long a child that ends may wait for the parent to take its results. In a stop under load it
sometimes waits for one that has been taken, and billiard has it do so for half a minute."""

app = Celery("unbet", config_source="celeryconfig", include=["worker.tasks"])

# All that a child which no longer waits can lose is an acknowledgement: what it was for is applied
# once more, which changes nothing.
pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = round(
    CONSUMED_WITHIN_S / pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL
)


def _configure_logs(**_: object) -> None:
    logs.configure(settings().log_format)


def _check_dependencies(**_: object) -> None:
    """Refuse to work where a promise could not be kept; `SystemExit` passes Celery's handlers."""
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            keys()
            with connect_within(engine(), CALL_LIMIT_S) as connection:
                require_durability(connection)
                require_schema(connection)
                require_room(connection)
            require_own_sessions(engine())
            with broker.connect(settings().redis_url) as client:
                for warning in broker.check(client):
                    log.warning(warning)
            break
        except (UnsafeDatabaseError, SchemaError, SettingsError, broker.UnsafeBrokerError) as error:
            sys.exit(f"The worker does not start: {error}")
        except (DBAPIError, redis.ConnectionError, redis.TimeoutError) as error:
            if time.monotonic() > deadline:
                sys.exit(f"The worker does not start: {first_line(error)}")
            log.warning("waiting for the database and Redis", error=first_line(error))
            time.sleep(1)
    # The children that do the work must not inherit this connection.
    engine().dispose()


def _begin_work(**_: object) -> None:
    collect_rarely()


def _show_metrics(**_: object) -> None:
    exposition.serve(settings().metrics_port, has_children=True)


signals.setup_logging.connect(_configure_logs)
signals.worker_init.connect(_check_dependencies)
signals.worker_ready.connect(_begin_work)
signals.worker_ready.connect(_show_metrics)
signals.worker_process_init.connect(_begin_work)
