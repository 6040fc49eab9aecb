"""Logs: one line per event; JSON for machines, colours for people.

Our own lines bypass Python's `logging`, which costs a tenth of a receiver's time at thousands of
cancels a second. The libraries' lines get the same form.
"""

import json
import logging
import os
import select
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import Any, Final, NoReturn

import orjson
import structlog
from structlog.processors import JSONRenderer, TimeStamper, add_log_level, format_exc_info
from structlog.typing import Processor

from unbet.core.text import plain

WRITE_WAIT_MS: Final = 100
"""How long a line may wait for a reader, once; until that one reads again, lines do not wait."""


def configure(log_format: str) -> None:
    """Send our records and the libraries' to standard error, in one form: `json` or `console`."""
    _standard_error.is_json = log_format == "json"
    named: list[Processor] = [structlog.stdlib.add_logger_name, add_log_level]
    stamped: list[Processor] = [*named, TimeStamper(fmt="iso", utc=True)]
    if log_format == "json":
        theirs: Processor = JSONRenderer()
        foreign: list[Processor] = [*stamped, format_exc_info]
        # orjson writes a moment in a tenth of the time.
        ours: list[Processor] = [*named, _now, format_exc_info, JSONRenderer(serializer=_json)]
    else:
        theirs = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The prettier one shows local variables: passwords and secrets.
            exception_formatter=structlog.dev.plain_traceback,
        )
        foreign = [*stamped, _on_one_line]
        ours = [*foreign, theirs, _encode]
    structlog.configure(
        processors=ours,
        logger_factory=_Writer,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_standard_error)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=foreign,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, theirs],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_the_end
    threading.excepthook = _log_the_end_of_a_thread
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # A line about each call to a wallet, several for a group.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # A line about each task's arrival, before it is handed on; its end has one, too.
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)


def refuse(reason: str) -> NoReturn:
    """End this process for the reason that `sentence` says."""
    if not _standard_error.is_json:
        sys.exit(reason)
    structlog.get_logger("start").critical(reason)
    sys.exit(1)


def _log_the_end(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        structlog.get_logger("end").critical("ended", exc_info=(kind, error, traceback))


def _log_the_end_of_a_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        name = ended.thread.name if ended.thread else "unknown"
        how = (ended.exc_type, ended.exc_value, ended.exc_traceback)
        structlog.get_logger("end").critical("a thread ended", thread=name, exc_info=how)


class _Held(threading.local):
    """The lines that a thread has not written yet, while it buffers them."""

    lines: list[bytes] | None = None


class _StandardError:
    """Where lines go. One that cannot be written is lost, as with `logging`: a full disk, a log
    reader that has died, or one that has stopped reading must not stop a cancel on its way."""

    def __init__(self) -> None:
        self.is_json = False
        self._write_wait_ms = WRITE_WAIT_MS
        self._lost = 0
        self._held = _Held()

    def write(self, text: str) -> None:
        """As `logging` has it."""
        self.put(text.encode(errors="backslashreplace"))

    def flush(self) -> None:
        """Nothing is kept back."""

    def put(self, line: bytes) -> None:
        """Write `line`, unless nobody reads: then it is counted, and told once somebody does."""
        if self._held.lines is None:
            self._write([line])
        else:
            self._held.lines.append(line)

    @contextmanager
    def buffered(self) -> Iterator[None]:
        """Write the lines of the block at its end, in few calls of the system."""
        lines: list[bytes] = []
        self._held.lines = lines
        try:
            yield
        finally:
            self._held.lines = None
            self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        with suppress(OSError, ValueError):
            file = sys.stderr.fileno()
            if _is_regular(file):
                os.write(file, b"".join(lines))
                return
            for piece in _pieces(lines, select.PIPE_BUF):
                if not self._written(file, piece):
                    self._lost += piece.count(b"\n")
                    self._write_wait_ms = 0
                elif self._lost:
                    lost, self._lost, self._write_wait_ms = self._lost, 0, WRITE_WAIT_MS
                    structlog.get_logger("logs").error("nobody read the log", lines_lost=lost)

    def _written(self, file: int, piece: bytes) -> bool:
        readiness = select.poll()
        readiness.register(file, select.POLLOUT)
        # A pipe takes that much at once or not at all.
        for start in range(0, len(piece), select.PIPE_BUF):
            if not readiness.poll(self._write_wait_ms):
                return False
            os.write(file, piece[start : start + select.PIPE_BUF])
        return True


@cache
def _is_regular(file: int) -> bool:
    """A file of a disk takes anything at once. Asked once: asking takes as long as writing."""
    return stat.S_ISREG(os.fstat(file).st_mode)


def _pieces(lines: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The lines joined into pieces of at most `most` bytes; a longer line is a piece of its own."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        if piece and size + len(line) > most:
            yield b"".join(piece)
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    if piece:
        yield b"".join(piece)


_standard_error = _StandardError()

buffered: Final = _standard_error.buffered
"""For a thread that logs many lines at once: `with buffered(): ...`."""


class _Writer:
    """What structlog writes with."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def msg(self, line: bytes) -> None:
        _standard_error.put(line + b"\n")

    debug = info = warning = error = critical = exception = msg


def _now(_logger: object, _method: str, event: Any) -> Any:
    event["timestamp"] = datetime.now(UTC)
    return event


def _json(event: Any, default: Any) -> bytes:
    try:
        return orjson.dumps(event, default=default, option=orjson.OPT_UTC_Z)
    except TypeError:  # a text that is no Unicode, for instance
        moment = event["timestamp"].isoformat().replace("+00:00", "Z")
        return json.dumps(event | {"timestamp": moment}, default=default).encode()


def _on_one_line(_logger: object, _method: str, event: Any) -> Any:
    """What a provider sends must not steer the terminal, nor look like a line of its own."""
    return {
        name: plain(value) if isinstance(value, str) else value for name, value in event.items()
    }


def _encode(_logger: object, _method: str, line: Any) -> bytes:
    return str(line).encode(errors="backslashreplace")
