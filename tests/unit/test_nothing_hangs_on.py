"""Fields on which nothing hangs: whatever is in them, no request is refused for it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.body import Reading, answer_to, parse_kept, raw_of, read
from unbet.dialects.examples import Example, document_of
from unbet.dialects.port import Dialect

ODD: list[Any] = [
    None,
    "",
    " ",
    7,
    -1,
    10**300,
    1.5,
    True,
    [],
    {},
    ["x"],
    {"x": "\ud800"},
    "\ud800",
]
ODD += ["x" * 256, "\0"]
MISSING = object()


def said(name: str, *path: str | int, value: object) -> dict[str, Any]:
    """An example of a request in JSON, with another value in that place."""
    document = document_of(DIALECTS[name], Example("bet-1", "u-1", "EUR", "P"))
    holder: Any = document
    for step in path[:-1]:
        holder = holder[step]
    if value is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return document


def reading_of(name: str, document: dict[str, Any]) -> Reading:
    """Of a request in JSON, signed by its sender."""
    dialect = DIALECTS[name]
    raw = raw_of(json.dumps(document).encode(), dialect)
    parsed = parse_kept(raw.body, "P", dialect)
    reading = read(raw, {}, "P", dialect)  # nobody has a key
    return reading._replace(
        document=json.loads(raw.body), parsed=parsed, reference=parsed.reference
    )


def answered(dialect: Dialect, reading: Reading) -> Any:
    """The answer to a success, as the provider reads it."""
    decision = Decision(request_id=uuid4(), outcome=Outcome.REVERSED, transfer_id=7)
    return json.loads(answer_to(dialect, reading, [decision])[1])


PLACES: list[tuple[str, tuple[str | int, ...]]] = [
    ("evolution", ("transaction", "id")),
    ("evolution", ("uuid",)),
    ("bgaming", ("actions", 0, "action_id")),
    ("gitslotpark", ("agentID",)),
    ("hub88", ("request_uuid",)),
    ("caleta", ("request_uuid",)),
    ("hub88", ("transaction_uuid",)),
]


@pytest.mark.parametrize(("name", "path"), PLACES)
@pytest.mark.parametrize("value", [*ODD, MISSING])
def test_whatever_is_in_it_the_request_is_taken_and_answered(
    name: str, path: tuple[str | int, ...], value: object
) -> None:
    document = said(name, *path, value=value) | ({"sign": "00"} if name == "gitslotpark" else {})
    reading = reading_of(name, document)
    assert reading.parsed is not None
    assert reading.reference == "bet-1"
    assert answered(DIALECTS[name], reading)


OWN_NAMES: dict[str, tuple[str | int, ...]] = {
    "evolution": ("transaction", "id"),
    "bgaming": ("actions", 0, "action_id"),
    "hub88": ("transaction_uuid",),
}


@pytest.mark.parametrize("name", OWN_NAMES)
@pytest.mark.parametrize(("value", "named"), [("c-1", "c-1"), (17, "17"), ("", None), (True, None)])
def test_a_request_is_named_as_it_says_if_it_does(
    name: str, value: object, named: str | None
) -> None:
    parsed = reading_of(name, said(name, *OWN_NAMES[name], value=value)).parsed
    assert parsed is not None
    assert [item.uuid for item in parsed.request.items] == [named]


REPEATED: dict[str, tuple[tuple[str | int, ...], Callable[[Any], Any]]] = {
    "evolution": (("uuid",), lambda answer: answer.get("uuid")),
    "hub88": (("request_uuid",), lambda answer: answer.get("request_uuid")),
    "bgaming": (
        ("actions", 0, "action_id"),
        lambda answer: answer["transactions"][0].get("action_id"),
    ),
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_text_or_a_whole_number_is_repeated_as_it_was_sent(name: str) -> None:
    path, repeated = REPEATED[name]
    for value in ("", "x", 7, -1, 10**200):
        reading = reading_of(name, said(name, *path, value=value))
        assert repeated(answered(DIALECTS[name], reading)) == value
    unwritable: list[Any] = ["\ud800", "x" * 256, 10**300, 1.5, [], {"x": 1}, None]
    for other in unwritable:
        reading = reading_of(name, said(name, *path, value=other))
        assert repeated(answered(DIALECTS[name], reading)) is None


@pytest.mark.parametrize("name", ["hub88", "caleta"])
def test_an_empty_player_is_none(name: str) -> None:
    parsed = reading_of(name, said(name, "user", value="")).parsed
    assert parsed is not None
    assert parsed.request.player is None


def test_another_provider_than_the_endpoints_is_none_of_pragmatics_business() -> None:
    for provider in ("P", "another", "", "x" * 300, None):
        named = "" if provider is None else f"&providerId={provider}"
        parsed = parse_kept(
            f"userId=u-1&reference=bet-1{named}".encode(), "P", DIALECTS["pragmatic"]
        )
        assert parsed.reference == "bet-1"


def test_a_number_that_would_fill_the_memory_is_not_written() -> None:
    reading = reading_of("evolution", said("evolution", "uuid", value="x"))
    for number in ("1e-999999999", "1e99999999999999999999"):
        body = json.dumps(said("evolution", "uuid", value=1)).replace(
            '"uuid": 1', f'"uuid": {number}'
        )
        raw = raw_of(body.encode(), DIALECTS["evolution"])
        document = DIALECTS["evolution"].codec.decode(raw)
        assert "uuid" not in answered(DIALECTS["evolution"], reading._replace(document=document))
