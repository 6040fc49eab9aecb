"""Messages and replies made to break their reader, of several kinds, each judged: seeded, as the
bodies are."""

import base64
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

from tests.fuzz.bodies import Bodies
from tests.making import KEYS, cancel_of, old_message
from unbet.core.message import Decision, Group, Reply
from unbet.core.outcomes import Outcome
from unbet.core.wire import (
    MessageError,
    SignatureError,
    decode_group,
    decode_reply,
    encode_group,
    encode_reply,
)

GROUP: Final = Group(
    version=3,
    deployment=UUID(int=1),
    reply_to="unbet:replies:1",
    cancels=(cancel_of("r1"), cancel_of("r2")),
)
REPLY: Final = Reply(
    decisions=tuple(
        Decision(request_id=cancel.request_id, outcome=Outcome.REVERSED, cash=Decimal("1.50"))
        for cancel in GROUP.cancels
    )
)
OLDER: Final = old_message(cancel_of("r1"), cancel_of("r2"), reply_to="unbet:replies:1")
READ: Final = "read"
SPELLED: Final = {"request_id", "received_at", "transfer_id", "cash"}
"""Values that have several spellings."""


class Kind(NamedTuple):
    """A message or a reply."""

    name: str
    purpose: str
    """What it is signed for."""
    decode: Callable[[object, Any], Group | Reply]
    genuine: str

    def signed(self, document: bytes) -> str:
        """What a process of ours would make of `document`."""
        if self.purpose == "unbet group":
            return KEYS.sign(self.purpose, base64.b64encode(zlib.compress(document)).decode())
        return KEYS.sign(self.purpose, document.decode(errors="replace"))


KINDS: Final = (
    Kind("message", "unbet group", decode_group, encode_group(GROUP, KEYS)),
    Kind("older message", "unbet group", decode_group, OLDER),
    Kind("reply", "unbet reply", decode_reply, encode_reply(REPLY, KEYS)),
)


class Found(NamedTuple):
    """What lies in Redis, and how it was made."""

    made: str
    content: object
    document: bytes | None = None
    """What was signed; nothing if it is not signed by us."""


def judge(kind: Kind, found: Found) -> str:
    """`READ`, or the name of the refusal. Raises `AssertionError` if what came out breaks a
    promise; whatever but the stated refusals the reader raises comes out of here as well."""
    try:
        read = kind.decode(found.content, KEYS)
    except SignatureError as error:
        problem = str(error)
        assert found.document is None, "it was signed"
        assert problem == "not signed by any of 1 keys", "it was looked at"
        return "not signed"
    except MessageError as error:
        problem = str(error)
        assert problem, "nothing is said"
        if found.document is None:
            assert not isinstance(found.content, str | bytes), "it was looked at"
        return "not a document"
    assert found.document is not None, "it was not signed"
    _require_same(json.loads(read.model_dump_json()), json.loads(found.document))
    if kind.name != "older message":  # that one is written no more
        again = kind.decode(kind.signed(read.model_dump_json().encode()), KEYS)
        assert again == read, "it does not stay what it is"
    return READ


def _require_same(read: Any, given: Any) -> None:
    """All that was given was read, as it stood, but for other spellings of ids, times, amounts."""
    if isinstance(read, dict):
        assert given.get("version", 1) == read.get("version", 1), "another version"
        given = _today(given)
        for name, value in given.items():
            if name in read and name not in SPELLED:
                _require_same(read[name], value)
            assert name in read, f"{name} is not known"
    elif isinstance(read, list):
        assert len(read) == len(given)
        for pair in zip(read, given, strict=True):
            _require_same(*pair)
    else:
        assert read == given, f"{given!r} was read as {read!r}"


def _today(given: dict[str, Any]) -> dict[str, Any]:
    """A cancel of version 1 or 2 as it is read; of its provider's fields these four are kept."""
    if "request" not in given:
        return given
    kept = {"user_id": "player", "currency": "currency", "reference": "reference", "uuid": "uuid"}
    request = {kept[name]: value for name, value in given["request"].items() if name in kept}
    return {name: value for name, value in given.items() if name != "request"} | request


class Messages:
    """As many as one asks for, of one kind; the same ones for the same seed."""

    def __init__(self, kind: Kind, seed: int) -> None:
        self._kind = kind
        self._random = Random(seed)
        self._bodies = Bodies(seed)
        self._document = (
            json.loads(unpacked(kind.genuine.partition(":")[2]) or b"")
            if (kind.purpose == "unbet group")
            else json.loads(kind.genuine.partition(":")[2])
        )
        self._makers: list[Callable[[], Found]] = [
            *(self._forged, self._any_value, self._changed),
            *(self._changed_then_signed, self._any_body_signed, self._one_value_changed),
        ]

    def next(self) -> Found:
        """One of any kind."""
        return self._random.choice(self._makers)()

    def _forged(self) -> Found:
        body = self._bodies.next().content
        text = body.decode(errors="replace")
        if self._kind.purpose == "unbet reply":  # Redis gives the receiver bytes
            return Found("forged", self._random.choice([body, text]))
        return Found("forged", self._random.choice([text, f"{self._kind.purpose}:{text}"]))

    def _any_value(self) -> Found:
        return Found("any JSON value", self._bodies.any_json(3))

    def _changed(self) -> Found:
        content = self._cut(self._kind.genuine)
        return Found("changed", content if content != self._kind.genuine else "")

    def _changed_then_signed(self) -> Found:
        text = self._cut(self._kind.genuine.partition(":")[2])
        return Found("changed, then signed", KEYS.sign(self._kind.purpose, text), unpacked(text))

    def _any_body_signed(self) -> Found:
        return self._signed("any body, signed", self._bodies.next().content)

    def _one_value_changed(self) -> Found:
        document = json.loads(json.dumps(self._document))
        parent, key = self._random.choice(list(places(document)))
        parent[key] = self._bodies.any_json(3)
        return self._signed("one value changed", json.dumps(document).encode())

    def _signed(self, made: str, document: bytes) -> Found:
        return Found(made, self._kind.signed(document), document)

    def _cut(self, text: str) -> str:
        """With a piece of it cut out, repeated, or replaced."""
        start, end = sorted(self._random.randrange(len(text) + 1) for _ in range(2))
        piece = self._random.choice(["", "A", "é", "\ud800", text[start:end], self._bodies.text()])
        return text[: self._random.choice([start, end])] + piece + text[end:]


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Each value's parent and key."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield document, key
        if isinstance(value, dict | list):
            yield from places(value)


def unpacked(text: str) -> bytes:
    """The document in the text that was signed; a reply's is that text itself."""
    with suppress(ValueError, zlib.error):
        return zlib.decompress(base64.b64decode(text, validate=True))
    return text.encode(errors="surrogatepass")
