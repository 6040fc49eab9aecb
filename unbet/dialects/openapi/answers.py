"""What a dialect's requests and answers look like, made of the dialect itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from unbet.core.message import Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.dialects.answers import Answer, AnswerContext, CancelRequest
from unbet.dialects.auth import Member
from unbet.dialects.body import ParsedRequest, decode, parse, render, to_json
from unbet.dialects.examples import Example, document_of, request_of, values_of
from unbet.dialects.port import MALFORMED, NOT_ALLOWED, REPEATED, UNPERSISTED, Dialect
from unbet.dialects.raw import BadRequestError, Document

PROVIDER: Final = "Provider"
KEY: Final = "demo-key"
"""What examples are signed with, where the scheme takes any text for a key."""

CURRENCY: Final = "EUR"
EXAMPLE: Final = Example("bet-1", "player-1", CURRENCY, PROVIDER, Decimal("1.25"), "request-1")
CASH: Final = Decimal("98.75")
TRANSFER: Final = 77

_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_ONE_TIME: Final = b"2026-01-05T10:00:00Z"
"""Each example has this time: they are made again and again, and must be the same."""


class ExampleAnswer(NamedTuple):
    """An answer, and what it can look like."""

    name: str
    """The outcome's, or what else has an answer."""
    answer: Answer
    bodies: tuple[bytes, ...]
    """With all that can be known first, then with less."""


def request_schema(dialect: Dialect) -> dict[str, Any]:
    """JSON Schema of the request's fields, those of the path and of the authentication included."""
    whole = dialect.request.model_json_schema(by_alias=True)
    schema: dict[str, Any] = _inlined(whole, whole.get("$defs", {}))
    schema.pop("title", None)
    schema.pop("description", None)
    part = dialect.auth.part
    if isinstance(part, Member) and part.name not in schema["properties"]:
        schema["properties"][part.name] = {"type": "string"}
        if not dialect.auth.is_optional:
            schema.setdefault("required", []).append(part.name)
    if isinstance(part, Member):
        schema["properties"][part.name]["description"] = str(dialect.auth)
    return schema


def example_document(
    dialect: Dialect, provider: str = PROVIDER, *, least: bool = False
) -> dict[str, Any]:
    """The dialect's example as JSON has it, or the least of it that is a request. Raises
    `ValueError` if the dialect does not take it."""
    document = document_of(dialect, replace(EXAMPLE, provider=provider))
    if least:
        document = _least(document, request_schema(dialect))
    _sign(dialect, document)
    try:
        parse_example(dialect, document, provider)
        read = _as_read(dialect, document)
    except BadRequestError as error:
        raise ValueError(f"{dialect.name}: its `example` is no request: {error}") from None
    plain: dict[str, Any] = orjson.loads(to_json(read))
    return plain


def _least(document: Any, schema: Mapping[str, Any]) -> Any:
    """`document` without what `schema` does not require."""
    match document:
        case dict():
            known, required = schema.get("properties", {}), schema.get("required", ())
            return {
                name: _least(document[name], known[name]) for name in document if name in required
            }
        case list():
            return [_least(one, schema.get("items", {})) for one in document]
    return document


def parse_example(dialect: Dialect, document: Document, provider: str = PROVIDER) -> ParsedRequest:
    """Raises `BadRequestError`."""
    sent = _as_read(dialect, document)
    return parse(request_of(dialect, document, None), sent, provider, dialect)


def _as_read(dialect: Dialect, document: Document) -> Document:
    """As the receiver reads it."""
    raw = request_of(dialect, document, None)
    return {**decode(raw, dialect), **values_of(dialect, document)}


def example_answers(dialect: Dialect, provider: str = PROVIDER) -> Iterator[ExampleAnswer]:
    """One for each outcome that such requests have, and for what is refused."""
    most, least = (example_document(dialect, provider, least=least) for least in (False, True))
    request = parse_example(dialect, most, provider).request
    documents = [_as_read(dialect, most), _as_read(dialect, least)]
    impossible = {
        Outcome.MISMATCH: request.player is None,
        Outcome.CURRENCY_MISMATCH: request.currency is None,
        Outcome.AMOUNT_MISMATCH: request.amount is None,
        # Without an answer of its own it has that of a bet which does not fit.
        Outcome.BATCH_REFUSED: Outcome.BATCH_REFUSED not in dialect.outcomes,
    }
    reference = request.items[0].reference
    answers = dialect.answers()
    for outcome in Outcome:
        answer = answers.pop(outcome)
        if not impossible.get(outcome):
            yield _decided(dialect, outcome, answer, documents, request)
        if outcome is Outcome.REVERSED and REPEATED in answers:
            again = answers.pop(REPEATED)
            yield _decided(dialect, outcome, again, documents, request, replayed=True)
    answers[MALFORMED] = dialect.refusal("a field is missing")
    for name, answer in answers.items():
        known = [] if name == NOT_ALLOWED else documents
        unread: list[Document] = [] if name == UNPERSISTED else [{}]
        contexts = [AnswerContext(answer, document=each) for each in [*known, *unread]]
        if name in (MALFORMED, UNPERSISTED):
            contexts = [AnswerContext(answer, reference, document=documents[0]), *contexts]
        yield ExampleAnswer(name, answer, _bodies(dialect, contexts))


def _decided(
    dialect: Dialect,
    outcome: Outcome,
    answer: Answer,
    documents: list[Document],
    request: CancelRequest,
    *,
    replayed: bool = False,
) -> ExampleAnswer:
    known: dict[str, Any] = {"currency": CURRENCY, "replayed": replayed}
    results = [{}] if outcome is Outcome.PARKED else [known]
    if outcome not in MISMATCHES | {Outcome.PARKED}:
        transfer = {"transfer_id": TRANSFER} if outcome is Outcome.REVERSED else {}
        results = [known | transfer | {"cash": CASH}, known | transfer]
        if outcome in (Outcome.NO_BET, Outcome.CLOSED) and request.currency is None:
            results.append({"replayed": replayed})
    contexts = [
        AnswerContext(
            answer, request.items[0].reference, decision, (decision,), document, knows_players
        )
        for document, each, knows_players in product(documents, results, (False, True))
        for decision in (Decision(request_id=UUID(int=0), outcome=outcome, **each),)
    ]
    name = REPEATED if replayed else outcome.value
    return ExampleAnswer(name, answer, _bodies(dialect, contexts))


def _bodies(dialect: Dialect, contexts: list[AnswerContext]) -> tuple[bytes, ...]:
    rendered = (_TIME.sub(_ONE_TIME, render(dialect, context)) for context in contexts)
    return tuple(dict.fromkeys(rendered))


def _sign(dialect: Dialect, document: dict[str, Any]) -> None:
    auth = dialect.auth
    if not isinstance(auth.part, Member):
        return
    document.pop(auth.part.name, None)
    try:
        signature = auth.signature(request_of(dialect, document, None), document, auth.key(KEY))
    except ValueError:  # a key of this scheme is no word
        signature = "the-signature"
    document[auth.part.name] = signature


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """`schema` without references and titles: a document of many dialects has no place for them."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _inlined(definitions[name], definitions)
    inlined = {
        key: {name: _inlined(one, definitions) for name, one in value.items()}
        if key == "properties"
        else _inlined(value, definitions)
        for key, value in schema.items()
        if key not in ("$defs", "title") or not isinstance(value, dict | str)
    }
    return {key: value for key, value in inlined.items() if key != "$defs"}
