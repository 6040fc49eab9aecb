"""OpenAPI that is made of the dialects: it is what the file has, and its
examples are true.

(Over 250 lines: one document, looked at from all sides.)
"""

import json
from dataclasses import replace
from typing import Annotated, Any

import jsonschema_rs
import orjson
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from pydantic import BaseModel, Field
from typer.testing import CliRunner

from tests.fuzz.own import PLAYNGO_LIKE
from tests.openapi import DOCUMENT, FILE
from unbet.cli.main import build
from unbet.cli.openapi import BY_HAND, made, openapi_of
from unbet.core.fields import Reference, UserId
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.answers import Answer, CancelRequest, Item
from unbet.dialects.auth import URL_SECRET, Auth, BasicAuth, Header, Member, Parameter, Part
from unbet.dialects.lucky_monaco import V4
from unbet.dialects.openapi.answers import (
    example_answers,
    example_document,
    parse_example,
)
from unbet.dialects.openapi.operations import Described, path_of, paths_of, security_scheme
from unbet.dialects.port import Dialect
from unbet.dialects.raw import RawRequest
from unbet.runtime.endpoints import EndpointConfig

SHARED = DOCUMENT["components"]["responses"]
MADE = [one for one in DIALECTS.values() if one.name not in BY_HAND]
PATHS_BY_HAND = [path_of(DIALECTS[name]) for name in sorted(BY_HAND)]
EACH_MADE = pytest.mark.parametrize("dialect", MADE, ids=lambda dialect: dialect.name)
EACH_FORM = pytest.mark.parametrize(
    "dialect", [*MADE, PLAYNGO_LIKE], ids=lambda dialect: dialect.name
)
SECRET = "a-secret-for-tests-only"  # noqa: S105


def operation_of(dialect: Dialect) -> Any:
    item = paths_of([Described(dialect)], SHARED)[path_of(dialect)]
    return item[dialect.method.lower()]


def validator_of(operation: Any, status: int, content_type: str) -> Any:
    response = operation["responses"][str(status)]
    return jsonschema_rs.validator_for(response["content"][content_type]["schema"])


def test_the_file_is_what_the_dialects_say() -> None:
    assert made(DOCUMENT) == DOCUMENT, "run `make openapi`"
    dialects = {path_of(one) for one in DIALECTS.values()}
    assert {path for path in DOCUMENT["paths"] if "{secret}" in path} == dialects


def test_what_is_kept_by_hand_stays_and_what_is_made_is_made_anew() -> None:
    changed = json.loads(FILE.read_text())
    for path in PATHS_BY_HAND:
        changed["paths"][path]["post"]["summary"] = "by hand"
    changed["paths"]["/{secret}/rollback"] = {}
    changed["paths"]["/{secret}/gone"] = {}
    again = made(changed)
    assert {again["paths"][path]["post"]["summary"] for path in PATHS_BY_HAND} == {"by hand"}
    assert again["paths"]["/{secret}/rollback"] == DOCUMENT["paths"]["/{secret}/rollback"]
    assert again["paths"].keys() == DOCUMENT["paths"].keys()


@EACH_FORM
def test_an_operation_of_each_form_is_valid_openapi(dialect: Dialect) -> None:
    document = {
        **DOCUMENT,
        "paths": paths_of([Described(dialect)], SHARED),
        "components": {
            **DOCUMENT["components"],
            "securitySchemes": {dialect.name: security_scheme(dialect)}
            if security_scheme(dialect)
            else {},
        },
    }
    validate(document, cls=OpenAPIV31SpecValidator)


@EACH_FORM
def test_the_examples_of_answers_satisfy_their_schemas(dialect: Dialect) -> None:
    operation = operation_of(dialect)
    content_type = dialect.codec.content_type.decode()
    names = set()
    for one in example_answers(dialect):
        validator = validator_of(operation, one.answer.status, content_type)
        for body in one.bodies:
            validator.validate(dialect.codec.read_answer(body))
        shown = operation["responses"][str(one.answer.status)]["content"][content_type]["examples"]
        value = shown[one.name]["value"]
        as_sent = value if isinstance(value, str) else json.dumps(value)
        assert dialect.codec.read_answer(as_sent.encode()) == dialect.codec.read_answer(
            one.bodies[0]
        )
        names.add(one.name)
    for name in ("reversed", "no_bet", "settled", "parked", "malformed", "not_allowed"):
        assert name in names
    assert ("repeated" in names) is (dialect.repeated is not None)
    assert ("wrong_signature" in names) is dialect.auth.takes_keys


@EACH_FORM
def test_the_example_of_a_request_satisfies_its_schema_and_is_taken(dialect: Dialect) -> None:
    document = example_document(dialect)
    parse_example(dialect, document)
    operation = operation_of(dialect)
    if "requestBody" not in operation:
        examples = {one["name"]: one["example"] for one in operation["parameters"]}
        assert examples == {name: document[name] for name in examples}
        needed = {one["name"] for one in operation["parameters"] if one["required"]}
        assert needed == example_document(dialect, least=True).keys()
        return
    ((_, content),) = operation["requestBody"]["content"].items()
    value = content["example"]
    if isinstance(value, str):
        value = dialect.codec.decode(RawRequest(value.encode()))
    jsonschema_rs.validator_for(content["schema"]).validate(value)


def test_authentication_has_a_scheme_where_openapi_has_one() -> None:
    def scheme(part: Part | None) -> Any:
        auth = URL_SECRET if part is None else Auth(part)
        made_scheme = security_scheme(replace(V4, auth=auth))
        return made_scheme and {k: v for k, v in made_scheme.items() if k != "description"}

    assert scheme(None) is None
    assert scheme(Member("secret")) is None
    assert scheme(BasicAuth()) == {"type": "http", "scheme": "basic"}
    assert scheme(Header("X-Key")) == {"type": "apiKey", "in": "header", "name": "X-Key"}
    assert scheme(Parameter("token")) == {"type": "apiKey", "in": "query", "name": "token"}


def test_a_secret_in_the_body_is_a_field_of_the_request() -> None:
    dialect = replace(V4, auth=Auth(Member("password")))
    schema = operation_of(dialect)["requestBody"]["content"]["application/json"]["schema"]
    assert "password" in schema["required"]
    assert schema["properties"]["password"]["description"] == (
        "a shared secret in the field password"
    )


class Named(BaseModel):
    """A request whose player is in the path."""

    player: UserId
    reference: Annotated[Reference, Field(alias="bet")]


def _named(request: Named) -> CancelRequest:
    return CancelRequest((Item(request.reference),), request.player)


def test_a_value_in_the_path_is_a_parameter_and_no_field() -> None:
    dialect = replace(
        V4,
        path="/players/{player}/undo",
        request=Named,
        read_request=_named,
        spellings={},
        example={"player": "{player}", "bet": "{reference}"},
    )
    item = paths_of([Described(dialect)], SHARED)["/{secret}/players/{player}/undo"]
    assert [one.get("name") for one in item["parameters"]] == [None, "player"]
    schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert (list(schema["properties"]), schema["required"]) == (["bet"], ["bet"])


def test_a_status_that_openapi_does_not_know_is_the_default() -> None:
    settled = {Outcome.SETTLED: Answer(609, "closed", status=609)}
    responses = operation_of(replace(V4, outcomes={**V4.outcomes, **settled}))["responses"]
    assert "609" not in responses
    assert list(responses["default"]["content"]["application/json"]["examples"]) == ["settled"]


class Picky(BaseModel):
    """A request whose reference has a form of its own."""

    reference: Annotated[str, Field(pattern=r"^\d{4}-x$")]


def _picky(request: Picky) -> CancelRequest:
    return CancelRequest((Item(request.reference),), None)


def test_a_dialect_whose_example_it_does_not_take_is_described_by_nothing() -> None:
    dialect = replace(V4, request=Picky, read_request=_picky, spellings={})
    with pytest.raises(ValueError, match="its `example` is no request: reference is blank or"):
        example_document(dialect)

    right = {"reference": "1234-x", "more": {"amount": "{amount}"}}
    assert example_document(replace(dialect, example=right)) == {
        "reference": "1234-x",
        "more": {"amount": 1.25},
    }
    assert example_document(replace(dialect, example=right), least=True) == {"reference": "1234-x"}


def test_endpoints_that_answer_alike_stand_there_once_and_others_apart() -> None:
    def endpoint(provider: str, **more: Any) -> EndpointConfig:
        keys = [{"env": "KEY"}]
        return EndpointConfig.model_validate(
            {"provider": provider, "dialect": "bgaming", "keys": keys, **more}
        )

    document = openapi_of(
        [
            endpoint("A"),
            endpoint("B", answers={"settled": "200"}),
            endpoint("C"),
            EndpointConfig(provider="LuckyMonaco"),
        ]
    )
    validate(document, cls=OpenAPIV31SpecValidator)
    summaries = {path: item["post"]["summary"] for path, item in document["paths"].items()}
    assert summaries == {
        "/{secret}/V4/Cancel": "Cancel a bet (lucky-monaco-v4)",
        "/{secret}/rollback": "Cancel a bet (bgaming) for A, C",
        "/{secret}/rollback#2": "Cancel a bet (bgaming) for B",
    }
    assert document["paths"]["/{secret}/V4/Cancel"] == DOCUMENT["paths"]["/{secret}/V4/Cancel"]
    apart = document["paths"]["/{secret}/rollback#2"]["post"]["responses"]["200"]
    assert "settled" in apart["content"]["application/json"]["examples"]


def test_an_operators_dialect_at_a_path_that_is_described_by_hand_is_described_itself() -> None:
    own = replace(PLAYNGO_LIKE, path=V4.path)

    class Own(EndpointConfig):
        def configured_dialect(self) -> Dialect:
            return own

    endpoints = [Own(provider="Own"), EndpointConfig(provider="LuckyMonaco")]
    for some in (endpoints, endpoints[::-1], endpoints[:1]):
        paths = openapi_of(some)["paths"]
        summaries = [item["post"]["summary"] for item in paths.values()]
        assert "Cancel a bet (xml-of-tests) for Own" in summaries
        assert len(paths) == len(some)


def test_the_command_prints_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNBET_URL_SECRET", raising=False)
    endpoints = {SECRET: {"provider": "A", "dialect": "hub88", "keys": [{"env": "NOT_SET"}]}}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps(endpoints))
    printed = CliRunner().invoke(build(), ["endpoints", "openapi"])
    assert printed.exit_code == 0, printed.output
    assert SECRET not in printed.output
    assert list(json.loads(printed.output)["paths"]) == ["/{secret}/transaction/rollback"]


def test_the_examples_of_answers_are_rendered_by_the_dialect() -> None:
    shown = operation_of(DIALECTS["evolution"])["responses"]["200"]
    assert shown["content"]["application/json"]["examples"]["repeated"]["value"] == {
        "status": "BET_ALREADY_SETTLED",
        "balance": 98.75,
        "bonus": 0,
        "retransmission": True,
        "uuid": "request-1",
    }
    assert orjson.dumps(shown)
