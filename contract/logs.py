"""Logs: one line per event; JSON for machines, colours for people.

Our own lines do not pass through Python's `logging`: at thousands of cancels a second that costs a
tenth of a receiver's time. What the libraries log is given the same form.
"""

import json
import logging
import os
import select
import stat
import sys
from contextlib import suppress
from typing import Any, Final

import orjson
import structlog

PATIENCE_MS: Final = 100
"""How long a line may wait for a reader, once; until that one reads again, lines do not wait."""


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
        shared.append(_on_one_line)
        ours = [theirs, _encode]
    structlog.configure(
        processors=[*shared, *ours],
        logger_factory=_Writer,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_standard_error)
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


class _StandardError:
    """Where lines go. One that cannot be written is lost, as with `logging`: a full disk, a log
    reader that has died, or one that has stopped reading must not stop a cancel on its way."""

    def __init__(self) -> None:
        self._patience_ms = PATIENCE_MS
        self._lost = 0

    def write(self, text: str) -> None:
        """As `logging` has it."""
        self.put(text.encode(errors="backslashreplace"))

    def flush(self) -> None:
        """Nothing is kept back."""

    def put(self, line: bytes) -> None:
        """Write `line`, unless nobody reads: then it is counted, and told once somebody does."""
        with suppress(OSError, ValueError):
            if not self._written(sys.stderr.fileno(), line):
                self._lost += 1
                self._patience_ms = 0
            elif self._lost:
                lost, self._lost, self._patience_ms = self._lost, 0, PATIENCE_MS
                structlog.get_logger("logs").error("nobody read the log", lines_lost=lost)

    def _written(self, file: int, line: bytes) -> bool:
        # A pipe takes pieces of this size at once or not at all; a file takes anything.
        piece = len(line) if stat.S_ISREG(os.fstat(file).st_mode) else select.PIPE_BUF
        readiness = select.poll()
        readiness.register(file, select.POLLOUT)
        for start in range(0, len(line), piece):
            if not readiness.poll(self._patience_ms):
                return False
            os.write(file, line[start : start + piece])
        return True


_standard_error = _StandardError()


class _Writer:
    """What structlog writes with."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def msg(self, line: bytes) -> None:
        _standard_error.put(line + b"\n")

    debug = info = warning = error = critical = exception = msg


def _json(event: Any, default: Any) -> bytes:
    try:
        return orjson.dumps(event, default=default)
    except TypeError:  # a text that is no Unicode, for instance
        return json.dumps(event, default=default).encode()


def _on_one_line(_logger: object, _method: str, event: Any) -> Any:
    """What a provider sends must not steer the terminal, nor look like a line of its own."""
    return {name: _plain(said) if isinstance(said, str) else said for name, said in event.items()}


def _plain(words: str) -> str:
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def _encode(_logger: object, _method: str, line: Any) -> bytes:
    return str(line).encode(errors="backslashreplace")
