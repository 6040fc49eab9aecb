"""A form and a query: what was sent becomes a document."""

from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from tests.unit.test_codecs import decoded, refusal
from unbet.core.fields import Reference
from unbet.dialects.body import Codec
from unbet.dialects.codecs import (
    FORM,
    QUERY,
    SentAmount,
    form,
    query,
)
from unbet.dialects.raw import MAX_FIELDS, RawRequest, bytes_sent, pairs_of


@pytest.mark.parametrize("codec", [FORM, QUERY], ids=lambda codec: codec.name)
def test_a_form_and_a_query_are_read_alike(codec: Codec) -> None:
    content = b"a=1+2%2B%C3%BC&b=&c&=d;e=%zz&" + "f=€".encode()
    read = {"a": "1 2+ü", "b": "", "c": "", "": "d;e=%zz", "f": "€"}
    assert decoded(codec, content) == read
    assert decoded(codec, b"") == {}


@pytest.mark.parametrize("codec", [FORM, QUERY], ids=lambda codec: codec.name)
@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"uuid=1&%75uid=2", "a field is given more than once"),
        (b"x=1&x=1&x=", "a field is given more than once"),
        (b"x=1&x=2", "a field is given more than once"),
        (b"a=1&" * MAX_FIELDS, "the form is not readable"),
    ],
)
def test_what_is_no_form_is_refused(codec: Codec, content: bytes, problem: str) -> None:
    assert refusal(codec, content) == problem


class Read(BaseModel):
    """What a dialect reads."""

    reference: Annotated[Reference, Field(alias="bet")]
    amount: SentAmount = None


@pytest.mark.parametrize("codec", [form(Read), query(Read), FORM, QUERY])
def test_what_is_twice_the_same_is_there_once(codec: Codec) -> None:
    read = decoded(codec, b"bet=1&x=2&bet=%31&x=2&amount=&amount=")
    assert read == {"bet": "1", "x": "2", "amount": ""}


@pytest.mark.parametrize("codec", [form(Read), query(Read)], ids=lambda codec: codec.name)
def test_only_what_is_read_must_not_be_there_twice_otherwise(codec: Codec) -> None:
    assert decoded(codec, b"bet=1&x=2&x=3&reference=a&reference=b")["bet"] == "1"
    for content in (b"bet=1&bet=2", b"amount=1&x=&amount="):
        assert refusal(codec, content) == "a field is given more than once"


@pytest.mark.parametrize("codec", [FORM, QUERY], ids=lambda codec: codec.name)
def test_another_charset_is_read_so_that_the_same_bytes_are_signed(codec: Codec) -> None:
    document = decoded(codec, b"a=K%E4se&%ff=%C3&b=%C3%BC")
    assert document["b"] == "ü"
    assert {bytes_sent(name): bytes_sent(value) for name, value in document.items()} == {
        b"a": b"K\xe4se",
        b"\xff": b"\xc3",
        b"b": b"\xc3\xbc",
    }


def test_a_form_that_is_not_utf8_is_refused() -> None:
    assert refusal(FORM, b"a=\xff") == "the body is not UTF-8"
    assert refusal(QUERY, b"a=\xff") == "the form is not readable"
    assert pairs_of(b"b=2&a=1&b=3") == [("b", "2"), ("a", "1"), ("b", "3")]


def test_a_get_is_read_from_its_query_whatever_its_body_says() -> None:
    raw = RawRequest(b"bet=of-the-body", b"bet=of-the-query", method="GET")
    assert QUERY.decode(raw) == {"bet": "of-the-query"}
