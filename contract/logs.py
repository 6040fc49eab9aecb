"""Logs: one line per event; JSON for machines, colours for people.

Our own lines do not pass through Python's `logging`: at thousands of cancels a second that costs a
tenth of a receiver's time. What the libraries log is given the same form.
"""

import json
import logging
import sys
from contextlib import suppress
from typing import Any

import orjson
import structlog


def configure(log_format: str) -> None:
    """Send our records and the libraries' to standard error, in one form: `json` or `console`."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        shared.append(structlog.processors.format_exc_info)
        ours: list[structlog.typing.Processor] = [
            structlog.processors.JSONRenderer(serializer=_json)
        ]
        theirs: structlog.typing.Processor = structlog.processors.JSONRenderer()
    else:
        theirs = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The prettier one shows local variables: passwords and secrets.
            exception_formatter=structlog.dev.plain_traceback,
        )
        ours = [theirs, _encode]
    structlog.configure(
        processors=[*shared, *ours],
        logger_factory=_Writer,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, theirs],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # A line about each task's arrival, before it is handed on; its end has one, too.
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)


class _Writer:
    """Writes lines to standard error. A line that cannot be written is lost, as with `logging`: a
    full disk or a log reader that has died must not stop a cancel on its way."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self._logger = structlog.BytesLogger(sys.stderr.buffer)

    def msg(self, line: bytes) -> None:
        with suppress(OSError, ValueError):
            self._logger.msg(line)

    debug = info = warning = error = critical = exception = msg


def _json(event: Any, default: Any) -> bytes:
    try:
        return orjson.dumps(event, default=default)
    except TypeError:  # a text that is no Unicode, for instance
        return json.dumps(event, default=default).encode()


def _encode(_logger: object, _method: str, line: Any) -> bytes:
    return str(line).encode(errors="backslashreplace")
