"""What a dialect's requests and answers look like, made of the dialect itself."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import product
from typing import Any, Final, NamedTuple
from uuid import UUID

from unbet.core.fields import CURRENCY_PATTERN
from unbet.core.message import Decision
from unbet.core.outcomes import MISMATCHES, Outcome
from unbet.dialects.answers import Answer, AnswerContext, Asked
from unbet.dialects.auth import Member
from unbet.dialects.body import ParsedRequest, decode, parse, render
from unbet.dialects.examples import request_of, values_of
from unbet.dialects.port import MALFORMED, NOT_ALLOWED, REPEATED, UNPERSISTED, Dialect
from unbet.dialects.raw import BadRequestError, Document

PROVIDER: Final = "Provider"
KEY: Final = "demo-key"
"""What examples are signed with, where the scheme takes any text for a key."""

CURRENCY: Final = "EUR"
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
    """What a valid request says, or the least that one can. Raises `ValueError` if the dialect does
    not take it: a field then needs `examples`."""
    schema = request_schema(dialect)
    document: dict[str, Any] = _example("", schema, least=least)
    info = dialect.request.model_fields.get("provider_id")
    if info is not None:
        document[info.alias or "provider_id"] = provider
    _sign(dialect, document)
    try:
        parse_example(dialect, document, provider)
    except BadRequestError as error:
        problem = f"{dialect.name}: its request needs a field with `examples`: {error}"
        raise ValueError(problem) from None
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
    asked = parse_example(dialect, most, provider).asked
    documents = [_as_read(dialect, most), _as_read(dialect, least)]
    impossible = {
        Outcome.MISMATCH: asked.player is None,
        Outcome.CURRENCY_MISMATCH: asked.currency is None,
        Outcome.AMOUNT_MISMATCH: asked.amount is None,
        # It has the answer of whatever does not fit.
        Outcome.BATCH_REFUSED: True,
    }
    reference = asked.items[0].reference
    answers = dialect.answers()
    for outcome in Outcome:
        answer = answers.pop(outcome)
        if not impossible.get(outcome):
            yield _decided(dialect, outcome, answer, documents, asked)
        if outcome is Outcome.REVERSED and REPEATED in answers:
            again = answers.pop(REPEATED)
            yield _decided(dialect, outcome, again, documents, asked, replayed=True)
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
    asked: Asked,
    *,
    replayed: bool = False,
) -> ExampleAnswer:
    known: dict[str, Any] = {"currency": CURRENCY, "replayed": replayed}
    told = [{}] if outcome is Outcome.PARKED else [known]
    if outcome not in MISMATCHES | {Outcome.PARKED}:
        transfer = {"transfer_id": TRANSFER} if outcome is Outcome.REVERSED else {}
        told = [known | transfer | {"cash": CASH}, known | transfer]
        if outcome in (Outcome.NO_BET, Outcome.CLOSED) and asked.currency is None:
            told.append({"replayed": replayed})
    contexts = [
        AnswerContext(
            answer, asked.items[0].reference, decision, (decision,), document, knows_players
        )
        for document, each, knows_players in product(documents, told, (False, True))
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


def _example(name: str, schema: Mapping[str, Any], *, least: bool) -> Any:
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "anyOf" in schema:
        return _example(name, schema["anyOf"][0], least=least)
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                field: _example(field, inner, least=least)
                for field, inner in schema.get("properties", {}).items()
                if field in required or not least
            }
        case "array":
            return [_example(name, schema.get("items", {}), least=least)]
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "number":
            return 1.25
        case "boolean":
            return True
        case _:
            if schema.get("pattern") == CURRENCY_PATTERN:
                return CURRENCY
            return f"{name}-1"[: schema.get("maxLength", 255)]


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
