"""The OpenAPI document: valid, kept, and with examples that are what they say."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from api.openapi import document, rendered
from tests.system.processes import EXAMPLE
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.body import parse, render
from unbet.dialects.port import Dialect, Said

KEPT = Path(__file__).parents[2] / "docs/openapi.json"
DOCUMENT = document()

CURRENCY = {"currency": "USD"}
CASH = CURRENCY | {"cash": Decimal("0E-18")}
TRANSFER = CURRENCY | {"cash": Decimal("1E+19"), "transfer_id": 7}

TOLD: dict[Outcome, list[dict[str, Any]]] = {
    Outcome.REVERSED: [TRANSFER, CASH, CURRENCY],
    Outcome.NO_BET: [CASH, CURRENCY],
    Outcome.BET_REFUSED: [CASH, CURRENCY],
    Outcome.SETTLED: [CASH, CURRENCY],
    Outcome.MISMATCH: [CURRENCY],
    Outcome.CURRENCY_MISMATCH: [CURRENCY],
    Outcome.PARKED: [{}],
}
"""What the ledger tells of each outcome."""


def validator_for(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.validator_for(schema | {"components": DOCUMENT["components"]})


def contents(within: Any) -> Iterator[dict[str, Any]]:
    """Everything in the document that has a schema and examples of it."""
    if isinstance(within, dict):
        if "schema" in within and within.keys() & {"example", "examples"}:
            yield within
        for value in within.values():
            yield from contents(value)


def test_it_is_valid_openapi() -> None:
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)


def test_the_kept_one_is_what_the_code_makes() -> None:
    assert KEPT.read_bytes() == rendered(), "`make openapi` writes it anew"


def test_every_example_is_valid() -> None:
    checked = 0
    for content in contents(DOCUMENT["paths"]):
        validator = validator_for(content["schema"])
        shown = content.get("examples", {"only": {"value": content.get("example")}})
        for name, example in shown.items():
            assert validator.is_valid(example["value"]), (name, example)
            checked += 1
    assert checked == 2 * (3 + len(Outcome) + 1) + 2


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_the_examples_of_requests_are_taken_the_providers_own_first(dialect: Dialect) -> None:
    body = DOCUMENT["paths"][f"/{{secret}}{dialect.path}"]["post"]["requestBody"]
    shown = body["content"]["application/json"]["examples"].values()
    first, *others = (example["value"] for example in shown)
    assert first.items() >= EXAMPLE.items()
    for example in (first, *others):
        parse(json.dumps(example).encode(), EXAMPLE["providerId"], dialect)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_answer_is_documented_and_not_with_a_field_less_or_more(dialect: Dialect) -> None:
    validator = validator_for({"$ref": f"#/components/schemas/{dialect.name}-answer"})
    refusal = dialect.refusal("uuid is missing")
    answers = [
        Said(dialect.answer_of(outcome), "r", Decision(request_id=uuid4(), outcome=outcome, **told))
        for outcome, tellings in TOLD.items()
        for told in tellings
    ]
    for said in (*answers, Said(refusal, "r"), Said(refusal)):
        body = json.loads(render(dialect, said))
        assert validator.is_valid(body), body
        assert not validator.is_valid(body | {"more": 1}), body
        for field in ("error", "description"):
            assert not validator.is_valid({k: v for k, v in body.items() if k != field}), body
    least = json.loads(render(dialect, answers[2]))
    for field in least:
        assert not validator.is_valid({k: v for k, v in least.items() if k != field}), field
