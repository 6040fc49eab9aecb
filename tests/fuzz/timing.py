"""How long the reader takes over a request, compared with a plain one as long in the same run: what
takes quadratic time would keep everybody else waiting."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from tests.making import PROVIDER
from unbet.dialects.body import parse_kept
from unbet.dialects.examples import request_of
from unbet.dialects.openapi.answers import example_document
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError

MAX_RATIO: Final = 100
"""The slowest of those tried each time take a quarter of it; a body of nothing but empty objects,
which take linear time as well, four fifths."""
_REPETITIONS: Final = 7
_FIELDS: Final = 150
"""No more, since some forms allow 200."""
_STEP: Final = 256
"""Bytes: plain requests are made in lengths that are multiples of it."""

Read = Callable[[bytes, Dialect], object]


def read(content: bytes, dialect: Dialect) -> None:
    """As the receiver does, whatever comes of it."""
    with suppress(BadRequestError):
        parse_kept(content, PROVIDER, dialect)


class ReadingTimes:
    """Of a dialect's requests."""

    def __init__(self, dialect: Dialect, reader: Read = read) -> None:
        self._dialect = dialect
        self._reader = reader
        self._plain: dict[int, float] = {}

    def least(self, content: bytes) -> float:
        """Seconds of this thread's CPU. Another program, or a search for garbage, that comes in
        between makes a reading slower, never faster: so it is the least of several."""
        return min(self._once(content) for _ in range(_REPETITIONS))

    def of_plain(self, length: int) -> float:
        """The least of a plain request that is at least so many bytes long."""
        rounded = -(-length // _STEP) * _STEP
        if rounded not in self._plain:
            self._plain[rounded] = self.least(plain_request(self._dialect, rounded))
        return self._plain[rounded]

    def is_too_slow(self, content: bytes, seconds: float) -> bool:
        """Whether it is, which took `seconds` at first, and takes as long again."""
        limit = MAX_RATIO * self.of_plain(len(content))
        return seconds > limit and self.least(content) > limit

    def _once(self, content: bytes) -> float:
        started = time.thread_time()
        self._reader(content, self._dialect)
        return time.thread_time() - started


def plain_request(dialect: Dialect, length: int) -> bytes:
    """A valid request of about so many bytes: the dialect's example, filled up with fields that
    nobody knows."""
    empty = len(_written(dialect, {}))
    field = len(_written(dialect, _more(1, 1))) - empty
    count = min(_FIELDS, (length - empty) // field)
    if count < 1:
        return _written(dialect, {})
    missing = length - empty - count * field
    return _written(dialect, _more(count, 1 + -(-missing // count)))


def _more(count: int, size: int) -> dict[str, Any]:
    return {f"x{number:03}": "a" * size for number in range(count)}


def _written(dialect: Dialect, more: dict[str, Any]) -> bytes:
    raw = request_of(dialect, example_document(dialect, PROVIDER) | more, None)
    return raw.query if dialect.method == "GET" else raw.body
