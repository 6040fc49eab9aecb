"""The body parser: what is accepted, and that every refusal names the field."""

import json
from typing import Any

import pytest

from tests.system.processes import EXAMPLE
from unbet.dialects.answers import CancelRequest, Item
from unbet.dialects.body import ParsedRequest, parse_kept
from unbet.dialects.lucky_monaco import V4
from unbet.dialects.raw import BadRequestError

MAX_LENGTHS = {
    "userId": 32,
    "providerId": 32,
    "gameName": 32,
    "gameId": 32,
    "reference": 36,
    "uuid": 36,
    "sessionId": 256,
}


def parse(raw: bytes, provider: str) -> ParsedRequest:
    return parse_kept(raw, provider, V4)


def body(**fields: Any) -> bytes:
    return json.dumps(EXAMPLE | fields).encode()


def refusal(raw: bytes) -> BadRequestError:
    with pytest.raises(BadRequestError) as refused:
        parse(raw, "LuckyMonaco")
    return refused.value


def test_the_seeds_example_is_parsed() -> None:
    parsed = parse(body(), "LuckyMonaco")
    item = Item("585c1306f89c56f5ecfc2f5d", "4a5d375ac1311b04fba2ea66d067b8e5")
    assert parsed == ParsedRequest(CancelRequest((item,), "123456", "USD"), body().decode())


def test_unknown_fields_are_kept_in_the_text_and_change_nothing() -> None:
    parsed = parse(body(roundId="r", bonusCode=None), "LuckyMonaco")
    assert parsed.request == parse(body(), "LuckyMonaco").request
    assert '"roundId"' in parsed.body


def test_the_other_spelling_and_a_bom_are_accepted() -> None:
    other = {k: v for k, v in EXAMPLE.items() if k != "gameName"} | {"gamename": "x"}
    read = parse(b"\xef\xbb\xbf" + json.dumps(other).encode(), "LuckyMonaco")
    assert read.reference == EXAMPLE["reference"]


@pytest.mark.parametrize("spelling", ["luckymonaco", "Luckymonaco", "LUCKYMONACO"])
def test_the_providers_case_says_nothing(spelling: str) -> None:
    assert parse(body(providerId=spelling), "LuckyMonaco").reference == EXAMPLE["reference"]


@pytest.mark.parametrize("field", [*MAX_LENGTHS, "currency"])
@pytest.mark.parametrize("value", [None, 5, 1.5, True, [], {}, "", "  ", "nul\x00", "\ud800"])
def test_a_wrong_value_is_refused_by_the_fields_name(field: str, value: Any) -> None:
    assert str(refusal(body(**{field: value}))).startswith(f"{field} is ")


@pytest.mark.parametrize("blank", ["\t", "\r", "\x85", "\xa0", "\u2003", "\u2028", "\u3000"])
def test_every_white_space_of_unicode_is_blank(blank: str) -> None:
    assert str(refusal(body(userId=blank * 2))).startswith("userId is blank")


@pytest.mark.parametrize("field", EXAMPLE)
def test_a_missing_field_is_named(field: str) -> None:
    without = {k: v for k, v in EXAMPLE.items() if k != field}
    assert str(refusal(json.dumps(without).encode())) == f"{field} is missing"


@pytest.mark.parametrize(("field", "longest"), MAX_LENGTHS.items())
def test_a_field_may_be_as_long_as_the_protocol_says_and_no_longer(
    field: str, longest: int
) -> None:
    provider = "p" * longest if field == "providerId" else "LuckyMonaco"
    parse(body(**{field: "p" * longest}), provider)
    said = str(refusal(body(**{field: "p" * (longest + 1)})))
    assert said == f"{field} is longer than {longest} characters"


@pytest.mark.parametrize("currency", ["US", "USDTX", "U$D", "ÜSD"])
def test_a_currency_has_three_or_four_letters_or_digits(currency: str) -> None:
    assert str(refusal(body(currency=currency))) == "currency is not 3 or 4 letters or digits"


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "the body is not JSON"),
        (b"{", "the body is not JSON"),
        (b"NaN", "the body is not JSON"),
        (b'{"a": Infinity}', "the body is not JSON"),
        (b"[" * 16_000, "the body is not JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "the body is not JSON"),
        (b"[]", "the body is not a JSON object"),
        (b'"text"', "the body is not a JSON object"),
        (b"null", "the body is not a JSON object"),
        (b"\xff\xfe{}", "the body is not UTF-8"),
        (b'{"userId": "a", "userId": "b"}', "userId is given more than once"),
        (b'{"x": {"y": 1, "y": 2}}', "a field is given more than once"),
    ],
)
def test_what_is_no_json_object_is_refused(raw: bytes, problem: str) -> None:
    assert str(refusal(raw)) == problem


def test_two_spellings_that_differ_are_refused() -> None:
    assert str(refusal(body(gamename="another"))) == "gameName and gamename differ"


def test_another_providers_id_is_refused() -> None:
    assert str(refusal(body(providerId="Another"))) == "providerId is not this endpoint's"


def test_a_refusal_echoes_the_reference_only_if_it_is_valid() -> None:
    assert refusal(body(userId="")).reference == EXAMPLE["reference"]
    assert refusal(body(userId="", reference="x" * 37)).reference is None
    assert refusal(b"{").reference is None
