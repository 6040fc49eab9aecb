"""The OpenAPI document of the operator's side is kept by hand: it is valid, and says what the
adapter sends and takes."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from examples.wallet_http.app import document_of
from examples.wallet_http.cancels import Verdict
from tests.making import batch_of, cancel_of
from tests.wallets.service import settings_of
from unbet.core.outcomes import Outcome
from unbet.wallets.http.calls import UNCLEAR
from unbet.wallets.http.request import body_of, headers_of, items_of, key_of
from unbet.wallets.http.response import NOT_NOW, read
from unbet.wallets.http.settings import MAX_TOGETHER
from unbet.wallets.http.settings import key_of as key_of_secret
from unbet.wallets.port import Decided, Undecided

FILE = Path(__file__).parents[2] / "docs/wallet-openapi.json"
DOCUMENT: dict[str, Any] = json.loads(FILE.read_bytes())
POST = DOCUMENT["paths"]["/cancels"]["post"]
ASKED = POST["requestBody"]["content"]["application/json"]
TOLD = POST["responses"]["200"]["content"]["application/json"]
ORDINARY = {"content-type", "accept", "accept-encoding", "user-agent"}
CANCEL = cancel_of("r1")
ITEMS = items_of([CANCEL])

OURS = {Outcome.PARKED, Outcome.CLOSED, Outcome.BATCH_REFUSED}
"""What no wallet says."""


def is_valid(schema: dict[str, Any], instance: object) -> bool:
    whole = schema | {"components": DOCUMENT["components"]}
    return bool(jsonschema_rs.validator_for(whole, validate_formats=True).is_valid(instance))


def verdict(**fields: Any) -> list[dict[str, Any]]:
    return [{"request_id": str(CANCEL.request_id)} | fields]


def is_taken(answer: object) -> bool:
    """As a verdict, not as an ambiguity."""
    (found,) = read(ITEMS, 200, False, json.dumps(answer).encode())
    return isinstance(found, Decided) or found.why not in UNCLEAR


def test_it_is_valid_openapi() -> None:
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)


def test_what_is_sent_is_what_it_says() -> None:
    says_less = batch_of("r2", user_id=None, currency=None, amount="0.000000000000000001")
    long = cancel_of("\u20ac \U0001f3b2" * 85, user_id="\u00e4" * 255, uuid="u" * 255)
    of_round = cancel_of("r3").model_copy(update={"of_round": True})
    items = items_of([CANCEL, long, *says_less, of_round])
    body = json.loads(body_of(items, dry_run=True))
    assert is_valid(ASKED["schema"], body)
    assert {name for one in body for name in one} == set(
        DOCUMENT["components"]["schemas"]["Cancel"]["properties"]
    )
    assert ASKED["schema"]["maxItems"] == MAX_TOGETHER
    (example,) = ASKED["example"]
    named = cancel_of(example["reference"], provider=example["provider"])
    assert example["key"] == key_of(named)


@pytest.mark.parametrize("count", [1, 2])
def test_the_headers_are_those_that_it_says(count: int) -> None:
    keys = [key_of_secret(one) for one in settings_of("http://wallet").secrets] * count
    sent = headers_of(ITEMS, body_of(ITEMS), keys)
    told = {one["name"].lower(): one["schema"]["pattern"] for one in POST["parameters"]}
    assert sent.keys() - ORDINARY == told.keys()
    for name, pattern in told.items():
        assert re.search(pattern, sent[name]), name
    for one in POST["parameters"]:
        assert re.search(one["schema"]["pattern"], one["example"])


def test_every_example_is_taken() -> None:
    for shown in TOLD["examples"].values():
        (answer,) = shown["value"]
        named = answer | {"request_id": str(CANCEL.request_id)}
        assert is_valid(TOLD["schema"], [answer])
        assert is_taken([named]), shown


@pytest.mark.parametrize(
    ("fields", "good"),
    [
        *(({"outcome": one.value}, one not in OURS) for one in Outcome),
        ({"outcome": "REVERSED"}, False),
        ({"outcome": "reversed", "cash": None, "replayed": None, "undecided": None}, True),
        ({"outcome": "reversed", "cash": "-1.5", "more": 1}, True),
        ({"outcome": "reversed", "cash": 1.5}, False),
        ({"outcome": "reversed", "cash": "1e5"}, False),
        ({"outcome": "reversed", "replayed": 1}, False),
        ({"undecided": "busy"}, True),
        ({"undecided": "rejected", "outcome": None, "detail": "why"}, True),
        ({"undecided": "away"}, False),
        ({"undecided": "ambiguous"}, False),
        ({"undecided": "busy", "outcome": "no_bet"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_it_and_the_adapter_agree_on_what_a_verdict_is(fields: dict[str, Any], good: bool) -> None:
    assert is_valid(TOLD["schema"], verdict(**fields)) is good
    assert is_taken(verdict(**fields)) is good


@pytest.mark.parametrize("status", range(200, 600))
def test_a_status_that_it_does_not_name_is_no_answer(status: int) -> None:
    (found,) = read(ITEMS, status, True, b"[]")
    assert isinstance(found, Undecided)
    named = str(status) in POST["responses"] and status != 200
    assert (found.why not in UNCLEAR) is named is (status in NOT_NOW)


@pytest.mark.parametrize("cash", [None, "0", "1E-18", "1E+19", "12345678901234567890.5"])
def test_the_examples_answers_are_what_it_says(cash: str | None) -> None:
    amount = None if cash is None else Decimal(cash)
    answer = [document_of(Verdict(str(CANCEL.request_id), "reversed", False, amount))]
    assert is_valid(TOLD["schema"], answer)
    (found,) = read(ITEMS, 200, False, json.dumps(answer).encode())
    assert isinstance(found, Decided)
    assert found.decision.cash == amount
