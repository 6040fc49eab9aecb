"""Whatever lies in Redis, a reader of it takes what was signed and is of this version's form, or
says that it is not; nothing else."""

import base64
import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from contract.message import (
    Decision,
    Group,
    MessageError,
    Reply,
    decode_group,
    decode_reply,
    encode_group,
    encode_reply,
)
from contract.outcomes import Outcome
from contract.signing import SignatureError
from tests.fuzz.bodies import ODD_TEXTS
from tests.making import KEYS, cancel_of

GROUP: Final = Group(reply_to="unbet:replies:1", cancels=(cancel_of("r1"), cancel_of("r2")))
REPLY: Final = Reply(
    decisions=tuple(
        Decision(request_id=cancel.request_id, outcome=Outcome.REVERSED, cash="1.50")
        for cancel in GROUP.cancels
    )
)

Decode = Callable[[Any, Any], Group | Reply]

short = settings(max_examples=150, derandomize=True, deadline=None)
any_text = st.text(max_size=60) | st.sampled_from(ODD_TEXTS)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)
kinds = pytest.mark.parametrize(
    ("decode", "purpose", "genuine"),
    [
        (decode_group, "unbet group", encode_group(GROUP, KEYS)),
        (decode_reply, "unbet reply", encode_reply(REPLY, KEYS)),
    ],
    ids=["message", "reply"],
)
changes = st.tuples(st.integers(0, 2000), st.integers(0, 2000), any_text)


def changed(genuine: str, change: tuple[int, int, str]) -> str:
    """Cut, repeated, or with something else in between."""
    start, end, piece = change
    return genuine[: start % len(genuine)] + piece + genuine[end % len(genuine) :]


def signed(purpose: str, document: bytes) -> str:
    packed = base64.b64encode(zlib.compress(document)).decode()
    return KEYS.sign(purpose, packed if purpose == "unbet group" else document.decode())


@kinds
@short
@given(forged=any_text, change=changes)
def test_what_is_not_signed_is_not_read(
    decode: Decode, purpose: str, genuine: str, forged: str, change: tuple[int, int, str]
) -> None:
    assume(changed(genuine, change) != genuine)
    for message in (forged, changed(genuine, change), f"{purpose}:{forged}"):
        with pytest.raises(SignatureError) as refused:
            decode(message, KEYS)
        assert str(refused.value) == "not signed by any of 1 keys"


@short
@given(st.binary(max_size=200))
def test_bytes_that_are_no_reply_are_not_read(forged: bytes) -> None:
    with pytest.raises(SignatureError):
        decode_reply(forged, KEYS)


@kinds
@short
@given(content=any_text, change=changes)
def test_what_is_signed_but_no_document_is_refused(
    decode: Decode, purpose: str, genuine: str, content: str, change: tuple[int, int, str]
) -> None:
    for document in (content, changed(genuine.partition(":")[2], change)):
        with suppress(MessageError):
            decode(KEYS.sign(purpose, document), KEYS)


@kinds
@short
@given(document=anything)
def test_any_json_that_is_signed_is_refused(
    decode: Decode, purpose: str, genuine: str, document: Any
) -> None:
    assert genuine
    with pytest.raises(MessageError) as refused:
        decode(signed(purpose, json.dumps(document).encode()), KEYS)
    assert str(refused.value).encode()


@kinds
@short
@given(data=st.data())
def test_a_document_with_one_value_changed_is_refused_or_read_as_it_stands(
    decode: Decode, purpose: str, genuine: str, data: st.DataObject
) -> None:
    document = json.loads(decode(genuine, KEYS).model_dump_json())
    parent, key = data.draw(st.sampled_from(list(_places(document))))
    parent[key] = data.draw(anything)
    with suppress(MessageError):
        read = decode(signed(purpose, json.dumps(document).encode()), KEYS)
        assert decode(signed(purpose, read.model_dump_json().encode()), KEYS) == read


def _places(document: Any) -> Any:
    """Each value's parent and key."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield document, key
        if isinstance(value, dict | list):
            yield from _places(value)
