"""What of a request is signed, and what is kept of one that has a secret."""

from typing import Any, Final

import pytest

from unbet.dialects.auth import (
    Auth,
    Header,
    Member,
    Parameter,
    Stamped,
    fields,
    raw_body,
    sorted_pairs,
    sorted_values,
)
from unbet.dialects.raw import RawRequest
from unbet.dialects.schemes import Hmac

SIGN: Final = Header("X-Sign")


def signed(body: bytes) -> RawRequest:
    """By a wrong signature."""
    return RawRequest(body, headers=[(b"x-sign", b"00")])


def test_what_is_signed() -> None:
    raw = RawRequest(b"b=2&a=%C3%BC&sign=x", b"q=1", "/cancel", [(b"x-time", b"17")])
    assert raw_body(raw, {}) == raw.body
    assert Stamped("X-Time")(raw, {}) == b"17/cancel?q=1" + raw.body
    assert Stamped("X-Time")(raw._replace(query=b"", headers=[]), {}) == b"/cancel" + raw.body
    assert fields("a", "b")(raw, {"b": "2", "a": "1", "c": "3"}) == b"12"
    assert fields("a", "b")(raw, {"a": 1}) == b""
    assert sorted_pairs(without="sign")(raw, {}) == "a=ü&b=2".encode()
    renamed = sorted_values(without=("z",), sorted_as={"b": "z0"})
    assert renamed(RawRequest(b"", b"z=1&b=2&c=3&a=4"), {}) == b"432"


@pytest.mark.parametrize(
    ("auth", "raw", "document"),
    [
        (Auth(SIGN, Hmac(), sorted_pairs(without="s")), signed(b"a=%ff"), {}),
        (Auth(SIGN, Hmac(), sorted_pairs(without="s")), signed(b"\xff"), {}),
        (Auth(SIGN, Hmac(), fields("a")), signed(b""), {"a": "\ud800"}),
    ],
)
def test_content_that_cannot_be_read_has_no_signature(
    auth: Auth, raw: RawRequest, document: dict[str, Any]
) -> None:
    assert not auth.accepts(raw, document, [b"key"])


@pytest.mark.parametrize(
    ("secret", "body", "kept"),
    [
        ("s-1", '{"secret":"s-1","x":1}', '{"secret":"[secret]","x":1}'),
        ("p/1", r'{"secret":"p\/1","x":1}', '{"secret":"[secret]","x":1}'),
        ('p"ü', r'{"secret":"p\"\u00fc","x":1}', '{"secret":"[secret]","x":1}'),
        ('p"ü', r'{"secret":"p\"ü","x":1}', '{"secret":"[secret]","x":1}'),
        ("a b+c/ü", "secret=a+b%2Bc%2F%C3%BC&x=1", "secret=[secret]&x=1"),
        ("a b+c/ü", "secret=a%20b%2bc/%c3%bc&x=1", "secret=[secret]&x=1"),
        ("<&>", "<c><secret>&lt;&amp;&gt;</secret></c>", "<c><secret>[secret]</secret></c>"),
    ],
)
def test_a_secret_in_what_is_kept_is_taken_out(secret: str, body: str, kept: str) -> None:
    assert Auth(Member("secret")).redacted(body, [b"another", secret.encode()]) == kept


def test_a_secret_in_a_query_that_is_kept_is_taken_out() -> None:
    auth = Auth(Parameter("token"))
    assert auth.redacted("token=s-1&bet=b", [b"s-1"]) == "token=[secret]&bet=b"


def test_a_signature_stays_in_what_is_kept() -> None:
    body = '{"sign":"00"}'
    assert Auth(Member("sign"), Hmac()).redacted(body, [b"00"]) == body
    assert Auth(Header("X-Key")).redacted('{"a":"s-1"}', [b"s-1"]) == '{"a":"s-1"}'
