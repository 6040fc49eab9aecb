"""OpenAPI that is made of the dialects: it is what the file has, its examples are true, and what a
receiver answers is as it says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, cast

import jsonschema_rs
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from pydantic import BaseModel, Field
from typer.testing import CliRunner

from api.receive import Receiver
from api.waits import Decided
from tests.fuzz.own import GROOVE_LIKE, PLAYNGO_LIKE
from tests.openapi import DOCUMENT, FILE
from unbet.cli.main import build
from unbet.cli.openapi import BY_HAND, document_of, made
from unbet.core.fields import Reference, UserId
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.auth import URL_SECRET, Auth, BasicAuth, Header, Member, Parameter, Part
from unbet.dialects.examples import (
    PROVIDER,
    example_answers,
    example_document,
    parse_example,
    raw_example,
)
from unbet.dialects.lucky_monaco import V4
from unbet.dialects.openapi import Described, path_of, paths_of, security_scheme
from unbet.dialects.port import Answer, Asked, Dialect, Item
from unbet.dialects.raw import Document, RawRequest
from unbet.runtime.endpoints import EndpointConfig
from unbet.runtime.settings import Settings

SHARED = DOCUMENT["components"]["responses"]
MADE = [one for one in DIALECTS.values() if path_of(one) not in BY_HAND]
EACH_MADE = pytest.mark.parametrize("dialect", MADE, ids=lambda dialect: dialect.name)
EACH_FORM = pytest.mark.parametrize(
    "dialect", [*MADE, GROOVE_LIKE, PLAYNGO_LIKE], ids=lambda dialect: dialect.name
)
SECRET = "a-secret-for-tests-only"  # noqa: S105
RSA_KEY = (
    generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


def operation_of(dialect: Dialect) -> Any:
    item = paths_of([Described(dialect)], SHARED)[path_of(dialect)]
    return item[dialect.method.lower()]


def validator_of(operation: Any, status: int, content_type: str) -> Any:
    response = operation["responses"][str(status)]
    return jsonschema_rs.validator_for(response["content"][content_type]["schema"])


def test_the_file_is_what_the_dialects_say() -> None:
    text = FILE.read_text()
    assert made(text) == text, "run `make openapi`"


def test_what_is_kept_by_hand_stays_as_it_stands() -> None:
    text = FILE.read_text()
    without = made(text.replace('"summary": "Cancel a bet (bgaming)"', '"summary": "another"'))
    assert without == text, "what is made is made anew"
    changed = text.replace("The provider's own example", "Another title")
    assert made(changed) == changed
    document = json.loads(text)
    assert document["paths"].keys() > BY_HAND
    dialects = {path_of(one) for one in DIALECTS.values()}
    assert {path for path in document["paths"] if "{secret}" in path} == dialects


def test_a_path_of_a_dialect_that_is_gone_is_taken_out() -> None:
    text = FILE.read_text()
    gone = '    "/{secret}/rollback": {'
    assert gone in text
    assert made(text.replace(gone, '    "/{secret}/gone": {}\n,' + gone)) == text


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
        assert examples == document
        return
    ((_, content),) = operation["requestBody"]["content"].items()
    value = content["example"]
    if isinstance(value, str):
        value = dialect.codec.decode(RawRequest(value.encode()), lambda _: False)
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


def _named(request: Named) -> Asked:
    return Asked((Item(request.reference),), request.player)


def test_a_value_in_the_path_is_a_parameter_and_no_field() -> None:
    dialect = replace(V4, path="/players/{player}/undo", request=Named, asks=_named, spellings={})
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
    """A request with a field that no example can be guessed of."""

    reference: Annotated[str, Field(pattern=r"^\d{4}-x$")]


def _picky(request: Picky) -> Asked:
    return Asked((Item(request.reference),), None)


def test_a_dialect_of_which_no_example_can_be_made_says_what_it_needs() -> None:
    dialect = replace(V4, request=Picky, asks=_picky, spellings={})
    with pytest.raises(ValueError, match="a field with `examples`"):
        example_document(dialect)

    class Shown(BaseModel):
        reference: Annotated[str, Field(pattern=r"^\d{4}-x$", examples=["1234-x"])]

    assert example_document(replace(dialect, request=Shown)) == {"reference": "1234-x"}


def test_endpoints_that_answer_alike_stand_there_once_and_others_apart() -> None:
    def endpoint(provider: str, **more: Any) -> EndpointConfig:
        keys = [{"env": "KEY"}]
        return EndpointConfig.model_validate(
            {"provider": provider, "dialect": "bgaming", "keys": keys, **more}
        )

    document = document_of(
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


def test_the_command_prints_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNBET_URL_SECRET", raising=False)
    endpoints = {SECRET: {"provider": "A", "dialect": "hub88", "keys": [{"env": "NOT_SET"}]}}
    monkeypatch.setenv("UNBET_ENDPOINTS", json.dumps(endpoints))
    printed = CliRunner().invoke(build(), ["endpoints", "openapi"])
    assert printed.exit_code == 0, printed.output
    assert SECRET not in printed.output
    assert list(json.loads(printed.output)["paths"]) == ["/{secret}/transaction/rollback"]


class Deciding:
    """Gives each cancel the next of its decisions."""

    def __init__(self) -> None:
        self.next: dict[str, Any] | None = {}

    async def decide(self, cancel: Cancel, _within_s: float) -> Decided:
        decision = Decision(request_id=cancel.request_id, **self.next) if self.next else None
        return Decided(decision, cancel.request_id)


class NoNotes:
    def add(self, _note: object) -> None:
        pass


def decisions() -> Iterator[dict[str, Any] | None]:
    """All that a wallet may tell; None for a cancel that is stored nowhere."""
    for outcome in Outcome:
        tells = {} if outcome is Outcome.PARKED else {"currency": "EUR"}
        yield {"outcome": outcome, **tells}
        if outcome not in MISMATCHES | {Outcome.PARKED}:
            for cash in (Decimal("0E-18"), Decimal("98.75"), Decimal("1E+19")):
                yield {"outcome": outcome, **tells, "cash": cash, "transfer_id": 7}
        yield {"outcome": outcome, **tells, "replayed": True}
    yield None


def signed(dialect: Dialect, document: Document, key: str, *, rightly: bool) -> RawRequest:
    """The example with its signature, or with one that its provider has not made."""
    raw, auth = raw_example(dialect, document), dialect.auth
    secret = auth.key(key)
    value = auth.signature(raw, document, secret) if rightly else "bm90IGEgc2lnbmF0dXJl"
    match auth.part:
        case Header(name=name, prefix=prefix):
            return raw._replace(headers=[(name.lower().encode(), f"{prefix}{value}".encode())])
        case Parameter(name=name):
            return raw._replace(query=f"{name}={value}".encode())
        case Member(name=name):
            return raw_example(dialect, {**document, name: value})
    raise AssertionError(auth)


@EACH_MADE
async def test_a_receiver_answers_as_documented(
    dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = RSA_KEY if "RSA" in str(dialect.auth) else "demo-key"
    monkeypatch.setenv("KEY_OF_TESTS", key)
    endpoint = {"provider": PROVIDER, "dialect": dialect.name, "keys": [{"env": "KEY_OF_TESTS"}]}
    settings: dict[str, Any] = {
        "database_url": "postgresql://localhost/unbet",
        "broker_url": "redis://localhost",
        "endpoints": {SECRET: endpoint},
    }
    deciding = Deciding()

    async def answered(raw: RawRequest, **more: Any) -> tuple[int, Any]:
        receiver = Receiver(
            Settings(**settings, **more), cast(Any, deciding), cast(Any, None), cast(Any, NoNotes())
        )
        sent: list[Any] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": raw.body}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": dialect.method,
            "path": f"/{SECRET}{raw.path}",
            "query_string": raw.query,
            "client": ("192.0.2.1", 1),
            "headers": raw.headers,
        }
        await receiver(scope, receive, send)
        status, body = sent[0]["status"], sent[1].get("body", b"")
        if status == 503 and dialect.unpersisted is None:
            return status, None
        content_type = dict(sent[0]["headers"])[b"content-type"].decode()
        document = dialect.codec.read_answer(body)
        validator = validator_of(operation, status, content_type)
        validator.validate(document)
        schema = operation["responses"][str(status)]["content"][content_type]["schema"]
        assert document.keys() <= schema["properties"].keys()
        return status, document.get(dialect.code_field)

    operation = operation_of(dialect)
    document = example_document(dialect, PROVIDER)
    right = signed(dialect, document, key, rightly=True)
    for told in decisions():
        deciding.next = told
        status, code = await answered(right)
        if told is None:
            continue
        answer = dialect.answer_of(told["outcome"], replayed=told.get("replayed", False))
        assert (status, code) in ((answer.status, answer.code), (answer.status, None))

    wrong = dialect.wrong_signature or dialect.not_allowed
    for raw in (signed(dialect, document, key, rightly=False), raw_example(dialect, {})):
        assert await answered(raw) == (wrong.status, wrong.code)
    for name in document:
        if isinstance(dialect.auth.part, Member) and name == dialect.auth.part.name:
            continue
        malformed = {**document, name: [] if dialect.codec.name == "JSON" else ""}
        raw = signed(dialect, malformed, key, rightly=True)
        refused = (dialect.malformed.status, dialect.malformed.code)
        assert await answered(raw) == refused, name
    elsewhere = await answered(right, allowed_ips="203.0.113.0/24")
    assert elsewhere == (dialect.not_allowed.status, dialect.not_allowed.code)


def test_the_examples_of_answers_are_rendered_by_the_dialect() -> None:
    shown = operation_of(DIALECTS["evolution"])["responses"]["200"]
    assert shown["content"]["application/json"]["examples"]["repeated"]["value"] == {
        "status": "BET_ALREADY_SETTLED",
        "balance": 98.75,
        "bonus": 0,
        "retransmission": True,
        "uuid": "uuid-1",
    }
    assert orjson.dumps(shown)
