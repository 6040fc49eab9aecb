"""The OpenAPI document is valid, and what is kept by hand in it says what the receiver's code
does."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from api.health import DEPENDENCIES
from api.protocol import HEAD_LIMIT_S, MAX_HEAD_LENGTH
from tests.openapi import DOCUMENT
from tests.system.processes import EXAMPLE
from unbet.core.message import Decision
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.answers import Answer, AnswerContext
from unbet.dialects.body import MAX_BODY_LENGTH, parse_kept, render
from unbet.dialects.lucky_monaco import OTHER_SPELLING, V1, V4
from unbet.dialects.port import Dialect
from unbet.runtime.endpoint_registry import MAX_WRONG, WINDOW_S
from unbet.runtime.endpoints import SEGMENT
from unbet.runtime.http import BODY_LIMIT_S
from unbet.runtime.settings import Settings

SCHEMAS = DOCUMENT["components"]["schemas"]
RESPONSES = DOCUMENT["components"]["responses"]

CURRENCY = {"currency": "USD"}
CASH = CURRENCY | {"cash": Decimal("0E-18")}
TRANSFER = CURRENCY | {"cash": Decimal("1E+19"), "transfer_id": 7}

TOLD: dict[Outcome, list[dict[str, Any]]] = {
    Outcome.REVERSED: [TRANSFER, CASH, CURRENCY],
    Outcome.NO_BET: [CASH, CURRENCY],
    Outcome.BET_REFUSED: [CASH, CURRENCY],
    Outcome.SETTLED: [CASH, CURRENCY],
    Outcome.CLOSED: [CASH, CURRENCY],
    Outcome.MISMATCH: [CURRENCY],
    Outcome.CURRENCY_MISMATCH: [CURRENCY],
    Outcome.PARKED: [{}],
}
"""What the ledger tells of each outcome, the most first."""

BY_HAND = {
    path: item
    for path, item in DOCUMENT["paths"].items()
    if "{secret}" not in path or path.endswith((V4.path, V1.path))
}

EACH_DIALECT = pytest.mark.parametrize("dialect", [V4, V1], ids=lambda dialect: dialect.name)


def validator_for(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.validator_for(schema | {"components": DOCUMENT["components"]})


def post(dialect: Dialect) -> Any:
    return DOCUMENT["paths"][f"/{{secret}}{dialect.path}"]["post"]


def examples(content: dict[str, Any]) -> dict[str, Any]:
    shown = content["content"]["application/json"]["examples"]
    return {name: example["value"] for name, example in shown.items()}


def contents(within: Any) -> Iterator[dict[str, Any]]:
    """Everything in the document that has a schema and examples of it."""
    if isinstance(within, dict):
        if "schema" in within and within.keys() & {"example", "examples"}:
            yield within
        for value in within.values():
            yield from contents(value)


def test_it_is_valid_openapi() -> None:
    validate(DOCUMENT, cls=OpenAPIV31SpecValidator)


def test_every_example_is_valid() -> None:
    checked = 0
    for content in contents(BY_HAND):
        validator = validator_for(content["schema"])
        shown = content.get("examples", {"only": {"value": content.get("example")}})
        for name, example in shown.items():
            assert validator.is_valid(example["value"]), (name, example)
            checked += 1
    assert checked == 2 * (3 + len(TOLD) + 1) + 2


def test_the_paths_are_those_of_the_dialects_and_the_pages() -> None:
    cancels = {f"/{{secret}}{dialect.path}" for dialect in DIALECTS.values()}
    assert DOCUMENT["paths"].keys() - cancels == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
    }


def test_its_limits_are_the_receivers() -> None:
    said = DOCUMENT["info"]["description"].replace("\n", " ")
    assert (
        f"a head of at most {MAX_HEAD_LENGTH // 1024} KiB, sent within {HEAD_LIMIT_S:g} s" in said
    )
    assert (
        f"a body of at most {MAX_BODY_LENGTH // 1024} KiB, sent within {BODY_LIMIT_S:g} s" in said
    )
    assert f" {BODY_LIMIT_S:g} seconds;" in RESPONSES["SlowBody"]["description"]
    assert f" {MAX_BODY_LENGTH} bytes;" in RESPONSES["LongBody"]["description"]
    guessing = RESPONSES["TooManyWrongSecrets"]["description"]
    assert guessing.startswith(f"More than {MAX_WRONG} wrong secrets")
    assert f"within {WINDOW_S:g} seconds" in guessing
    secret = DOCUMENT["components"]["parameters"]["secret"]["schema"]
    assert secret == {"type": "string", "pattern": f"^{SEGMENT}$"}


@pytest.mark.parametrize("status", ["200", "503"])
def test_readiness_names_what_a_receiver_depends_on(status: str) -> None:
    response = DOCUMENT["paths"]["/readyz"]["get"]["responses"][status]
    schema = response["content"]["application/json"]["schema"]
    told = ["deployment", "other_deployments", "dry_run", "wallets", "wallets_differ"]
    names = ["ready", *DEPENDENCIES, *told]
    assert list(schema["properties"]) == schema["required"] == names


@EACH_DIALECT
def test_a_requests_fields_have_the_parsers_limits(dialect: Dialect) -> None:
    model = dialect.request.model_json_schema()
    first_of = {**{name: name for name in model["properties"]}, OTHER_SPELLING: "gameName"}
    limits = {
        name: {key: value for key, value in model["properties"][first].items() if key != "title"}
        for name, first in first_of.items()
    }

    schema = SCHEMAS[f"{dialect.name}-cancel"]

    properties = {
        name: {key: value for key, value in field.items() if key != "description"}
        for name, field in schema["properties"].items()
    }
    assert properties == limits
    assert schema["required"] == [name for name in model["required"] if name != "gameName"]
    assert schema["anyOf"] == [{"required": ["gameName"]}, {"required": [OTHER_SPELLING]}]
    assert schema["additionalProperties"] is True


@EACH_DIALECT
def test_the_examples_of_requests_are_taken_the_providers_own_first(dialect: Dialect) -> None:
    first, *others = examples(post(dialect)["requestBody"]).values()
    assert first.items() >= EXAMPLE.items()
    for example in (first, *others):
        parse_kept(json.dumps(example).encode(), EXAMPLE["providerId"], dialect)


@EACH_DIALECT
def test_the_examples_of_answers_are_what_the_receiver_writes(dialect: Dialect) -> None:
    def answered(answer: Answer, decision: Decision | None = None) -> Any:
        return json.loads(render(dialect, AnswerContext(answer, EXAMPLE["reference"], decision)))

    written = {"refused": answered(dialect.refusal("uuid is missing"))}
    for outcome, (told, *_) in TOLD.items():
        shown = told | {"cash": Decimal("100.00")} if "cash" in told else told
        shown = shown | {"transfer_id": 4711} if "transfer_id" in told else shown
        decision = Decision(request_id=UUID(int=0), outcome=outcome, **shown)
        written[outcome.value] = answered(dialect.answer_of(outcome), decision)

    assert examples(post(dialect)["responses"]["200"]) == written
    assert TOLD.keys() == dialect.outcomes.keys()


@EACH_DIALECT
def test_the_table_has_every_code_with_its_description_and_the_deadline(dialect: Dialect) -> None:
    said = post(dialect)["description"]
    rows = {tuple(cell.strip() for cell in row.split("|")[1:3]) for row in said.splitlines()[5:]}
    answers = {(str(one.code), one.description) for one in dialect.outcomes.values()}
    assert rows == answers | {(str(dialect.malformed.code), "names the field")}
    deadline = Settings.model_fields["answer_deadline_s"].default
    assert f"within\n{deadline:g} seconds (`UNBET_ANSWER_DEADLINE_S`)" in said


@EACH_DIALECT
def test_every_answer_is_documented_and_not_with_a_field_less_or_more(dialect: Dialect) -> None:
    validator = validator_for({"$ref": f"#/components/schemas/{dialect.name}-answer"})
    refusal = dialect.refusal("uuid is missing")
    answers = [
        AnswerContext(
            dialect.answer_of(outcome), "r", Decision(request_id=uuid4(), outcome=outcome, **told)
        )
        for outcome, tellings in TOLD.items()
        for told in tellings
    ]
    for said in (*answers, AnswerContext(refusal, "r"), AnswerContext(refusal)):
        body = json.loads(render(dialect, said))
        assert validator.is_valid(body), body
        assert not validator.is_valid(body | {"more": 1}), body
        for field in ("error", "description"):
            assert not validator.is_valid({k: v for k, v in body.items() if k != field}), body
    least = json.loads(render(dialect, answers[2]))
    for field in least:
        assert not validator.is_valid({k: v for k, v in least.items() if k != field}), field


@EACH_DIALECT
def test_a_sender_that_is_not_allowed_is_answered_as_documented(dialect: Dialect) -> None:
    validator = validator_for({"$ref": f"#/components/schemas/{dialect.name}-not-allowed"})
    body = json.loads(render(dialect, AnswerContext(dialect.not_allowed)))
    assert validator.is_valid(body)
    assert not validator.is_valid(body | {"error": 0})
