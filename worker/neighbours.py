"""Keeps deployments on one Redis apart: a thread of the worker announces its own deployment, tells
of its wallets, and moves what an older version has left on the queue without a name."""

import time
from typing import Final
from uuid import UUID

import structlog

from unbet.broker import redis_server
from unbet.broker.legacy_queue import OldQueue
from unbet.broker.presence import Presence
from unbet.broker.wallet_notices import NoticeBoard
from unbet.runtime.settings import WorkerSettings, read
from worker.connections import notice

INTERVAL_S: Final = 1.0

log = structlog.get_logger("worker")


def watch_neighbours(deployment: UUID) -> None:
    """Run for ever, in a thread of its own: no deadline, so not the loop of `retrying.py`."""
    presence = Presence(read(WorkerSettings).broker_url)
    old = OldQueue(deployment)
    board, wallets = NoticeBoard(read(WorkerSettings).broker_url), notice().model_dump_json()
    is_away = False
    while True:
        try:
            presence.note(deployment)
            board.look(deployment, wallets)
            with redis_server.connect(read(WorkerSettings).broker_url) as client:
                old.look(client, has_others=bool(presence.others))
            is_away = False
        except redis_server.AWAY as error:
            if not is_away:
                log.warning("Redis is away", error=str(error))
            is_away = True
        except Exception:
            # The outermost shell of a thread.
            log.exception("the old queue was not looked at")
        time.sleep(INTERVAL_S)
