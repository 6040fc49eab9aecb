"""Start Flower, which shows the queue and changes nothing: `python -m unbet.console.flower`."""

import atexit
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
import tornado.web
from flower.app import Flower
from flower.inspector import Inspector
from flower.options import options
from flower.urls import settings as tornado_settings
from flower.views import BaseHandler
from flower.views.monitor import Metrics

from unbet.broker import redis_server, transport
from unbet.broker.presence import present
from unbet.runtime import logs
from unbet.runtime.endpoint_registry import UNKNOWN, WrongSecrets
from unbet.runtime.retrying import retry_until
from unbet.runtime.settings import FlowerSettings, SettingsError, read, warn_of_unknown_names
from unbet.start import starting

OPTIONS: Final = {
    "address": "127.0.0.1",  # whoever is to see it from elsewhere comes through a proxy with TLS
    "read_only": True,  # every control URL answers 403: nobody can stop a worker or send a task
    "persistent": True,  # what was shown before a restart is shown after it ...
    "state_save_interval": 30_000,  # milliseconds: ... and after a SIGKILL, but for the last ones
    "max_tasks": 10_000,  # groups, not cancels: memory and the file come to an end
    "max_workers": 100,
    # Seconds. Each start of a worker has a name of its own, and all would stay.
    "purge_offline_workers": 3_600,
    # What is looked for first: which references, with what outcome, on which worker.
    "tasks_columns": "name,args,state,result,received,runtime,worker,uuid",
}

PRESENT_LIMIT_S: Final = 60.0
"""How long Flower waits for a receiver or a worker to say in Redis which deployment this is."""

log = structlog.get_logger("flower")


class _NobodyPresentError(Exception):
    """No receiver or worker has noted itself in Redis yet."""


class _ClosedMetrics(Metrics):  # type: ignore[misc]
    """Flower's `/metrics`, which it leaves open, with the password of its pages."""

    get = tornado.web.authenticated(Metrics.get)


def _limited(user_of: Callable[[BaseHandler], Any], wrong: WrongSecrets) -> Any:
    """Flower's login `user_of`, but wrong ones are limited as the console's are: the right one is
    let in whatever others have tried."""

    def user(handler: BaseHandler) -> Any:
        try:
            return user_of(handler)
        except tornado.web.HTTPError:
            if "Authorization" not in handler.request.headers:  # a browser's first request
                raise
            address = handler.request.remote_ip or UNKNOWN
            if wrong.too_many(address):
                handler.set_status(429)
                handler.set_header("Retry-After", "60")
                raise tornado.web.Finish("Too many wrong logins. Wait a minute.") from None
            log.warning("wrong login", address=address)
            raise

    return user


class _WithoutArguments(Inspector):  # type: ignore[misc]
    """Flower's inspector. For tasks that wait, Celery tells the message itself instead of the
    references, and in it whoever can unpack it finds the players."""

    def _on_update(self, worker: str, method: str, response: Any) -> None:
        if method in ("reserved", "scheduled"):
            response = [_without_arguments(task) for task in response]
        super()._on_update(worker, method, response)


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    with starting("Flower"):
        chosen = read(FlowerSettings)
        logs.configure(chosen.log_format)
        window = _window(chosen)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    atexit.register(window.stop)  # this saves what it has seen
    window.start_http_server()
    with suppress(KeyboardInterrupt, SystemExit):
        window.start()


def _window(chosen: FlowerSettings) -> Flower:
    """Flower with its options set. Raises `SettingsError` if there is no password."""
    if chosen.flower_basic_auth is None:
        raise SettingsError(
            "UNBET_FLOWER_BASIC_AUTH is not set: without it everybody could look. "
            "Expected user:password."
        )
    warn_of_unknown_names()
    # What it keeps, Python's pickle reads again: nobody else may write there.
    os.umask(0o077)
    file: Path = chosen.flower_db
    file.parent.mkdir(parents=True, exist_ok=True)
    own = {
        "port": chosen.flower_port,
        "basic_auth": [chosen.flower_basic_auth.get_secret_value()],
        "db": str(file),
    }
    for name, value in (OPTIONS | own).items():
        setattr(options, name, value)
    from worker.app import app  # reads the settings as well, after they are known to be right

    transport.separate(app, _deployment(chosen))
    # All handlers are its children.
    BaseHandler.get_current_user = _limited(BaseHandler.get_current_user, WrongSecrets())
    window = Flower(capp=app, options=options, **tornado_settings)
    limit_s = options.inspect_timeout / 1000
    window.inspector = _WithoutArguments(window.io_loop, window.capp, limit_s)
    window.add_handlers(".*", [(r"/metrics", _ClosedMetrics)])
    return window


def _deployment(chosen: FlowerSettings) -> UUID:
    """The one that is at work on this Redis; Flower has no right to ask the database. Raises
    `SettingsError` if there is none, or more than one and no setting that says which."""
    if chosen.deployment is not None:
        return chosen.deployment

    def look() -> UUID:
        with redis_server.connect(chosen.broker_url) as client:
            found = present(client)
        if not found:
            raise _NobodyPresentError
        if len(found) > 1:
            raise SettingsError(
                f"UNBET_DEPLOYMENT is not set and {len(found)} deployments use this Redis: "
                f"{', '.join(map(str, found))}."
            )
        return found[0]

    def may_retry(error: Exception) -> bool:
        if not isinstance(error, _NobodyPresentError):
            log.warning("Redis is away", error=str(error))
        return True

    deadline, errors = time.monotonic() + PRESENT_LIMIT_S, (*redis_server.AWAY, _NobodyPresentError)
    try:
        return retry_until(deadline, look, errors=errors, may_retry=may_retry)
    except errors:
        raise SettingsError(
            "UNBET_DEPLOYMENT is not set and no receiver or worker is at work on this Redis."
        ) from None


def _without_arguments(task: dict[str, Any]) -> dict[str, Any]:
    # What is scheduled has the task one level further down.
    inner = {"request": _without_arguments(task["request"])} if "request" in task else {}
    return task | inner | {"args": "not shown"}


if __name__ == "__main__":
    main()
