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


def test_what_is_signed_are_the_bytes_that_were_sent() -> None:
    raw = RawRequest(
        b"b=K%E4se&a=%C3%BC", b"b=K%E4se&a=\xe4", "/p/\xc3\xa4", [(b"x-time", b"\xe4")]
    )
    assert Stamped("X-Time")(raw._replace(query=b""), {}) == b"\xe4/p/\xc3\xa4" + raw.body
    assert sorted_pairs(without="s")(raw, {}) == b"a=\xc3\xbc&b=K\xe4se"
    assert sorted_values(without=(), sorted_as={})(raw, {}) == b"\xe4K\xe4se"


def test_empty_fields_may_be_a_part_of_what_is_signed_or_not() -> None:
    raw = RawRequest(b"b=2&empty=&a=1&sign=x")
    assert sorted_pairs(without="sign")(raw, {}) == b"a=1&b=2&empty="
    assert sorted_pairs(without="sign", with_empty=False)(raw, {}) == b"a=1&b=2"


def test_a_signature_of_either_content_is_right_and_of_no_third_one() -> None:
    auth = Auth(SIGN, Hmac(), fields("a"), or_content=fields("b"))
    document = {"a": "1", "b": "2"}

    def accepts(content: bytes, *keys: bytes) -> bool:
        raw = RawRequest(b"", headers=[(b"x-sign", Hmac().sign(b"key", content).encode())])
        return auth.accepts(raw, document, keys)

    for keys in ((b"key", b"another"), (b"another", b"key")):
        assert accepts(b"1", *keys)
        assert accepts(b"2", *keys)
        assert not accepts(b"3", *keys)
    assert not accepts(b"1", b"another")
    assert auth.signature(RawRequest(b""), document, b"key") == Hmac().sign(b"key", b"1")


@pytest.mark.parametrize(
    ("auth", "raw", "document"),
    [
        (Auth(SIGN, Hmac(), sorted_pairs(without="s")), signed(b"a=1&" * 300), {}),
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


@pytest.mark.parametrize("keys", [("secret-1", "secret-1-new"), ("secret-1-new", "secret-1")])
def test_of_a_secret_that_begins_with_another_nothing_is_kept(keys: tuple[str, str]) -> None:
    kept = Auth(Member("secret")).redacted(
        "secret=secret-1-new&x=1", [key.encode() for key in keys]
    )
    assert kept == "secret=[secret]&x=1"


def test_a_secret_in_a_query_that_is_kept_is_taken_out() -> None:
    auth = Auth(Parameter("token"))
    assert auth.redacted("token=s-1&bet=b", [b"s-1"]) == "token=[secret]&bet=b"


def test_a_signature_stays_in_what_is_kept() -> None:
    body = '{"sign":"00"}'
    assert Auth(Member("sign"), Hmac()).redacted(body, [b"00"]) == body
    assert Auth(Header("X-Key")).redacted('{"a":"s-1"}', [b"s-1"]) == '{"a":"s-1"}'
