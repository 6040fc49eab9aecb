"""What Celery puts around a group, written by hand: what may lie on the queue."""

import base64
import json
import zlib
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from unbet.core.message import QUEUE

Envelope = dict[str, Any]


def envelope_of(message: str) -> Envelope:
    """As a receiver would send the task with this one argument."""
    tag = uuid4().hex
    return {
        "body": packed([[message], {}, {}]),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "unbet.cancel", "id": tag, "root_id": tag},
        "properties": {
            "correlation_id": tag,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": QUEUE},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": tag,
        },
    }


def packed(body: object) -> str:
    return base64.b64encode(json.dumps(body).encode()).decode()


def due_at(eta: object, message: str) -> str:
    """A message that is not to be worked on before then."""
    return _with_headers(eta=eta)(message)


def _with(**changes: object) -> Callable[[str], str]:
    return lambda message: json.dumps(envelope_of(message) | changes)


def _with_headers(**changes: object) -> Callable[[str], str]:
    def make(message: str) -> str:
        envelope = envelope_of(message)
        return json.dumps(envelope | {"headers": envelope["headers"] | changes})

    return make


def _with_properties(**changes: object) -> Callable[[str], str]:
    def make(message: str) -> str:
        envelope = envelope_of(message)
        return json.dumps(envelope | {"properties": envelope["properties"] | changes})

    return make


def _with_body(make_body: Callable[[str], object]) -> Callable[[str], str]:
    return lambda message: json.dumps(envelope_of(message) | {"body": packed(make_body(message))})


def _compressed(message: str) -> str:
    """As kombu itself would compress it, and read it."""
    envelope = envelope_of(message)
    body = zlib.compress(base64.b64decode(envelope["body"]))
    envelope["headers"]["compression"] = "application/x-gzip"
    return json.dumps(envelope | {"body": base64.b64encode(body).decode()})


def _nested(depth: int) -> Callable[[str], str]:
    """Some depth can be read, but not be written again; none of it is ours."""
    deep = "[" * depth + "]" * depth
    return lambda message: _with_headers(task="deep")(message)[:-1] + f', "deep": {deep}}}'


def _without(name: str) -> Callable[[str], str]:
    return lambda message: json.dumps(
        {key: value for key, value in envelope_of(message).items() if key != name}
    )


DUE: Final = (
    "soon",
    5,
    "3026-01-01T00:00:00+00:00",
    "0001-01-01T00:00:00+23:59",
    "2026-01-01T00:00:00",
)
"""What may be given for a moment, by some machine's clock."""

NOT_OURS: Final[dict[str, Callable[[str], str]]] = {
    # Made of a group that is signed: whatever is wrong with it, it is not the signature.
    "no JSON": lambda _: "garbage",
    "no Unicode": lambda _: "\udcff",
    "a number": lambda _: "5",
    "an empty envelope": lambda _: "{}",
    "a list": lambda message: f"[{json.dumps(envelope_of(message))}]",
    "a type that kombu makes": lambda _: '{"__type__": "uuid", "__value__": 5}',
    "nested deeply": lambda _: "[" * 100_000,
    **{f"nested {depth} deep": _nested(depth) for depth in range(900, 1000, 3)},
    "without properties": _without("properties"),
    "without headers": _without("headers"),
    "headers that are a list": _with(headers=["task"]),
    "without a tag": _with_properties(delivery_tag=None),
    "a tag that is a list": _with_properties(delivery_tag=[]),
    "a tag that has no UTF-8": _with_properties(delivery_tag="\ud800"),
    "from nowhere": _with_properties(delivery_info={}),
    "a body of no known encoding": _with_properties(body_encoding="rot13"),
    "a body that is no base64": _with(body="x"),
    "a body that is an object": _with(body={"a": 1}),
    "a body that is compressed": _compressed,
    "a body that is no JSON": _with(body=base64.b64encode(b"garbage").decode()),
    "a body that is nested deeply": _with(body=base64.b64encode(b"[" * 100_000).decode()),
    "a body that is an object inside": _with_body(lambda _: {"a": 1}),
    "a body of the first protocol": _with_body(lambda m: {"args": [m], "kwargs": {}}),
    "another content type": _with(**{"content-type": "text/plain"}),
    "a content type that is a list": _with(**{"content-type": []}),
    "a character set that is a list": _with(**{"content-encoding": ["x"]}),
    "no argument": _with_body(lambda _: [[], {}, {}]),
    "two arguments": _with_body(lambda m: [[m, m], {}, {}]),
    "a number as argument": _with_body(lambda _: [[123], {}, {}]),
    "a named argument": _with_body(lambda _: [[], {"message": {}}, {}]),
    "a task that comes after": _with_body(lambda m: [[m], {}, {"callbacks": [{"task": "x"}]}]),
    "an unknown task": _with_headers(task="unbet.pay"),
    "a task of Celery's": _with_headers(task="celery.map"),
    "a task that is a list": _with_headers(task=["unbet.cancel"]),
    "an id that is a list": _with_headers(id=[]),
    "a time limit that is a text": _with_headers(timelimit="x"),
    "a time limit of texts": _with_headers(timelimit=["a", "b"]),
    "expiring at no time": _with_headers(expires="soon"),
    "expired": _with_headers(expires="2026-01-01T00:00:00+00:00"),
    "retries that are a text": _with_headers(retries="x"),
}
