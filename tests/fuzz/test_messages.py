"""Whatever lies in Redis, a reader of it takes what was signed and is of this version's form, or
says that it is not; nothing else.

Each run tries the same ones; `make fuzz` tries half a million others.
"""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import fuzz_messages
from tests.fuzz.bodies import ODD_TEXTS
from tests.fuzz.messages import KINDS, READ, Found, Kind, Messages, judge, places, unpacked
from tests.making import KEYS
from unbet.core.wire import MessageError, SignatureError, decode_reply

SEED = 1
MESSAGES = 2000

short = settings(max_examples=150, derandomize=True, deadline=None)
any_text = st.text(max_size=60) | st.sampled_from(ODD_TEXTS)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)
kinds = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
changes = st.tuples(st.integers(0, 2000), st.integers(0, 2000), any_text)


def changed(genuine: str, change: tuple[int, int, str]) -> str:
    """Cut, repeated, or with something else in between."""
    start, end, piece = change
    return genuine[: start % len(genuine)] + piece + genuine[end % len(genuine) :]


@kinds
def test_messages_of_every_kind_keep_the_promises(kind: Kind) -> None:
    messages = Messages(kind, SEED)
    said: dict[str, set[str]] = {}
    for _ in range(MESSAGES):
        message = messages.next()
        said.setdefault(message.made, set()).add(judge(kind, message))
    assert said["forged"] == said["changed"] == {"not signed"}
    assert said["any body, signed"] == {"not a document"}
    assert READ in said["one value changed"], "none of them gets far"


@kinds
@short
@given(forged=any_text, change=changes)
def test_what_is_not_signed_is_not_read(
    kind: Kind, forged: str, change: tuple[int, int, str]
) -> None:
    assume(changed(kind.genuine, change) != kind.genuine)
    for message in (forged, changed(kind.genuine, change), f"{kind.purpose}:{forged}"):
        assert judge(kind, Found("forged", message)) == "not signed"


@kinds
@short
@given(value=anything)
def test_what_is_no_text_is_refused(kind: Kind, value: Any) -> None:
    with pytest.raises(SignatureError if isinstance(value, str) else MessageError):
        kind.decode(value, KEYS)


@short
@given(st.binary(max_size=200))
def test_bytes_that_are_no_reply_are_not_read(forged: bytes) -> None:
    with pytest.raises(SignatureError):
        decode_reply(forged, KEYS)


@kinds
@short
@given(content=any_text, change=changes)
def test_what_is_signed_but_no_document_is_refused(
    kind: Kind, content: str, change: tuple[int, int, str]
) -> None:
    with pytest.raises(MessageError):
        kind.decode(KEYS.sign(kind.purpose, content), KEYS)
    text = changed(kind.genuine.partition(":")[2], change)
    judge(kind, Found("changed, then signed", KEYS.sign(kind.purpose, text), unpacked(text)))


@kinds
@short
@given(document=anything)
def test_any_json_that_is_signed_is_refused(kind: Kind, document: Any) -> None:
    with pytest.raises(MessageError) as refused:
        kind.decode(kind.signed(json.dumps(document).encode()), KEYS)
    assert str(refused.value).encode()


@kinds
@short
@given(data=st.data())
def test_a_document_with_one_value_changed_is_refused_or_read_as_it_stands(
    kind: Kind, data: st.DataObject
) -> None:
    document = json.loads(unpacked(kind.genuine.partition(":")[2]))
    parent, key = data.draw(st.sampled_from(list(places(document))))
    parent[key] = data.draw(anything)
    written = json.dumps(document).encode()
    judge(kind, Found("one value changed", kind.signed(written), written))


def test_a_message_that_make_fuzz_finds_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_messages(20, SEED) == 0
    assert "20 messages and replies" in capsys.readouterr().out

    def careless(_kind: Kind, _message: Found) -> str:
        raise AssertionError("a promise is broken")

    first = Messages(KINDS[0], SEED).next()
    assert fuzz_messages(20, SEED, careless) == 1
    said = capsys.readouterr().out
    assert f"Found: a message ({first.made}) ends in AssertionError: a promise is broken" in said
    assert repr(first.content) in said
