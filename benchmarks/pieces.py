"""Measures the single pieces of a cancel's path, in one process, beside the alternatives."""

import io
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final
from uuid import uuid4

import orjson
import structlog
import uuid_utils.compat
from pydantic import BaseModel

from benchmarks import filling
from benchmarks.filling import PROVIDER, cancel_of
from unbet.core.message import Decision, Group, Reply
from unbet.core.outcomes import Outcome
from unbet.core.wire import (
    MIN_KEY_LENGTH,
    Keys,
    decode_group,
    decode_reply,
    encode_group,
    encode_reply,
)
from unbet.dialects.answers import AnswerContext
from unbet.dialects.body import parse_kept, render
from unbet.dialects.lucky_monaco import V4
from unbet.runtime import logs

SAMPLES: Final = 15
SAMPLE_S: Final = 0.02
GROUP: Final = 256


@dataclass(frozen=True)
class Piece:
    """One way to do one thing."""

    what: str
    way: str
    us: float
    """Microseconds of CPU for one cancel: the median of `SAMPLES`."""
    chosen: bool


class _Unchecked(BaseModel):
    """The same fields without lengths and patterns: what the checks cost."""

    userId: str  # noqa: N815 - as they are sent
    providerId: str  # noqa: N815
    gameName: str  # noqa: N815
    gameId: str  # noqa: N815
    currency: str
    reference: str
    uuid: str
    sessionId: str  # noqa: N815


def measure() -> Iterator[Piece]:
    """Each piece in turn."""
    cancels = tuple(
        map(cancel_of, filling.new_bets(filling.references(), GROUP, filling.players()))
    )
    one = cancels[0]
    body = one.body.encode()
    sent = orjson.loads(body)
    group = Group(version=4, deployment=uuid4(), reply_to="unbet:replies:nobody", cancels=cancels)
    reply = Reply(
        decisions=tuple(
            Decision(request_id=cancel.request_id, outcome=Outcome.REVERSED) for cancel in cancels
        )
    )
    keys = Keys(["x" * MIN_KEY_LENGTH])
    plain, packed = group.model_dump_json(), encode_group(group, keys)
    replied = encode_reply(reply, keys)
    success = AnswerContext(V4.answer_of(Outcome.REVERSED), one.reference)

    def piece(
        what: str, way: str, work: Callable[[], object], of: int = 1, *, chosen: bool = True
    ) -> Piece:
        us = median(_sample_us(work) for _ in range(SAMPLES))
        return Piece(what, way, round(us / of, 2), chosen)

    yield piece(
        "a body, all in all",
        "unbet.dialects.body.parse_kept",
        lambda: parse_kept(body, PROVIDER, V4),
    )
    yield piece(
        "its JSON",
        "json, duplicates refused",
        lambda: json.loads(body.decode(), object_pairs_hook=_without_duplicates),
    )
    yield piece("its JSON", "orjson, duplicates pass", lambda: orjson.loads(body), chosen=False)
    yield piece("its fields", "pydantic, checked", lambda: V4.request.model_validate(sent))
    yield piece(
        "its fields", "pydantic, types alone", lambda: _Unchecked.model_validate(sent), chosen=False
    )
    yield piece("an id", "uuid_utils uuid7", uuid_utils.compat.uuid7)
    yield piece("an id", "uuid uuid4", uuid4, chosen=False)
    yield piece("an answer", "orjson", lambda: render(V4, success))
    yield piece("a message", "packed", lambda: _quoted(encode_group(group, keys)), GROUP)
    yield piece("a message", "plain", lambda: _quoted(group.model_dump_json()), GROUP, chosen=False)
    yield piece("a message read", "packed", lambda: decode_group(packed, keys), GROUP)
    yield piece(
        "a message read", "plain", lambda: Group.model_validate_json(plain), GROUP, chosen=False
    )
    yield piece("a reply", "signed", lambda: encode_reply(reply, keys), GROUP)
    yield piece("a reply read", "checked", lambda: decode_reply(replied, keys), GROUP)
    with _logs_to_nowhere() as (ours, theirs):
        fields = {"request_id": str(one.request_id), "reference": one.reference, "code": 0}
        yield piece("a log line", "structlog, orjson", lambda: ours.info("answered", **fields))
        yield piece("a log line", "through logging", lambda: theirs.info("answered"), chosen=False)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _quoted(message: str) -> str:
    """As Celery and kombu put it into two more documents."""
    return json.dumps({"body": json.dumps([[message], {}, {}])})


@contextmanager
def _logs_to_nowhere() -> Iterator[tuple[structlog.typing.FilteringBoundLogger, logging.Logger]]:
    kept = sys.stderr
    sys.stderr = io.TextIOWrapper(io.BytesIO())
    try:
        logs.configure("json")
        yield structlog.get_logger("receiver"), logging.getLogger("library")
    finally:
        sys.stderr = kept


def _sample_us(work: Callable[[], object]) -> float:
    times, end = 0, time.perf_counter() + SAMPLE_S
    began = time.process_time()
    while not times or time.perf_counter() < end:
        work()
        times += 1
    return (time.process_time() - began) / times * 1e6
