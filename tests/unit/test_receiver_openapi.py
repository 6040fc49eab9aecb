"""What a receiver answers in each dialect is as the OpenAPI document says: after each decision, and
to what is malformed, not signed or from elsewhere."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

import jsonschema_rs
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api.receive import Receiver
from api.waits import Decided
from tests.openapi import DOCUMENT
from unbet.cli.openapi import BY_HAND
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.auth import Header, Member, Parameter
from unbet.dialects.examples import request_of
from unbet.dialects.openapi.answers import PROVIDER, example_document, request_schema
from unbet.dialects.openapi.operations import path_of
from unbet.dialects.port import Dialect
from unbet.dialects.raw import Document, RawRequest
from unbet.runtime.settings import Settings

MADE = [one for one in DIALECTS.values() if one.name not in BY_HAND]
EACH_MADE = pytest.mark.parametrize("dialect", MADE, ids=lambda dialect: dialect.name)
SECRET = "a-secret-for-tests-only"  # noqa: S105
RSA_KEY = (
    generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


def operation_of(dialect: Dialect) -> Any:
    return DOCUMENT["paths"][path_of(dialect)][dialect.method.lower()]


def validator_of(operation: Any, status: int, content_type: str) -> Any:
    response = operation["responses"][str(status)]
    return jsonschema_rs.validator_for(response["content"][content_type]["schema"])


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
    for outcome in frozenset(Outcome) - {Outcome.BATCH_REFUSED}:  # the wallet decides one bet
        tells = {} if outcome is Outcome.PARKED else {"currency": "EUR"}
        yield {"outcome": outcome, **tells}
        if outcome not in MISMATCHES | {Outcome.PARKED}:
            for cash in (Decimal("0E-18"), Decimal("98.75"), Decimal("1E+19")):
                yield {"outcome": outcome, **tells, "cash": cash, "transfer_id": 7}
        yield {"outcome": outcome, **tells, "replayed": True}
    yield None


def signed(dialect: Dialect, document: Document, key: str, *, rightly: bool) -> RawRequest:
    """The example with its signature, or with one that its provider has not made."""
    raw, auth = request_of(dialect, document, None), dialect.auth
    secret = auth.key(key)
    value = auth.signature(raw, document, secret) if rightly else "bm90IGEgc2lnbmF0dXJl"
    match auth.part:
        case Header(name=name, prefix=prefix):
            return raw._replace(headers=[(name.lower().encode(), f"{prefix}{value}".encode())])
        case Parameter(name=name):
            return raw._replace(query=f"{name}={value}".encode())
        case Member(name=name):
            return request_of(dialect, {**document, name: value}, None)
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
            "raw_path": f"/{SECRET}{raw.path}".encode(),
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

    wrong = dialect.unsigned
    for raw in (signed(dialect, document, key, rightly=False), request_of(dialect, {}, None)):
        assert await answered(raw) == (wrong.status, wrong.code)
    for name in request_schema(dialect)["required"]:
        if isinstance(dialect.auth.part, Member) and name == dialect.auth.part.name:
            continue
        malformed = {**document, name: [] if dialect.codec.name == "JSON" else " "}
        raw = signed(dialect, malformed, key, rightly=True)
        refused = (dialect.malformed.status, dialect.malformed.code)
        assert await answered(raw) == refused, name
    elsewhere = await answered(right, allowed_ips="203.0.113.0/24")
    assert elsewhere == (dialect.not_allowed.status, dialect.not_allowed.code)
