"""A request, read and checked once, and what is asked in it; and the answer's body."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple, get_args
from uuid import UUID, uuid5

import uuid_utils.compat
from pydantic import BaseModel, TypeAdapter, ValidationError

from unbet.core.fields import CURRENCY_PATTERN
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.dialects import DIALECTS
from unbet.dialects.codecs import text_of
from unbet.dialects.port import MAX_ITEMS, Answer, AnswerContext, Asked, Dialect
from unbet.dialects.raw import BadRequestError, Document, RawRequest

MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes; a Cancel has about 300."""

_DERIVED: Final = UUID("c4b1e1a5-5d0c-4a57-9d7e-3c2f0a1b6e84")
"""The name space of the names that we give requests without one."""


class ParsedRequest(NamedTuple):
    """A valid request."""

    asked: Asked
    body: str
    """As it was sent; without a body its query."""

    @property
    def reference(self) -> str:
        """Of the first bet."""
        return self.asked.items[0].reference


class Reading(NamedTuple):
    """A request that was read, valid or not."""

    document: Document
    """What was sent, of whatever form."""
    parsed: ParsedRequest | None
    """None if it is refused: then the rest says why."""
    reference: str | None
    """If it was a valid one."""
    answer: Answer
    reason: str = ""
    """`signature` or `form`."""
    problem: str = ""
    """A sentence."""


def read(
    raw: RawRequest,
    values: Mapping[str, str],
    provider: str,
    dialect: Dialect,
    keys: Sequence[Any] = (),
) -> Reading:
    """What a request asks, if its provider has sent it. `values` are those in its path."""
    document: Document = {}
    refused: BadRequestError | None = None
    try:
        document = decode(raw, dialect)
        if values:
            document = {**document, **values}
    except BadRequestError as error:
        refused = error
    # What is wrong with the form is told to the provider only.
    if not dialect.auth.accepts(raw, document, keys):
        answer = dialect.wrong_signature or dialect.not_allowed
        problem = f"not signed by the provider: {dialect.auth}"
        return Reading(document, None, None, answer, "signature", problem)
    try:
        if refused is not None:
            raise refused
        parsed = parse(raw, document, provider, dialect)
    except BadRequestError as error:
        answer = dialect.refusal(str(error))
        return Reading(document, None, error.reference, answer, "form", str(error))
    kept = parsed._replace(body=dialect.auth.redacted(parsed.body, keys))
    return Reading(document, kept, parsed.reference, dialect.outcomes[Outcome.PARKED])


def kept_of(raw: RawRequest, dialect: Dialect) -> bytes:
    """What is kept of a request: that which its dialect reads."""
    return raw.query if dialect.method == "GET" else raw.body


def raw_of(kept: bytes, dialect: Dialect) -> RawRequest:
    """The request of which the body, or without one the query, was `kept`."""
    if dialect.method == "GET":
        return RawRequest(b"", query=kept, method="GET")
    return RawRequest(kept, method=dialect.method)


def parse_kept(kept: bytes, provider: str, dialect: Dialect) -> ParsedRequest:
    """As `parse`, of a request that is not signed any more."""
    raw = raw_of(kept, dialect)
    return parse(raw, decode(raw, dialect), provider, dialect)


def decode(raw: RawRequest, dialect: Dialect) -> Document:
    """What a request says, unchecked. Raises `BadRequestError`."""
    return dialect.codec.decode(raw, lambda name: name in _names())


def parse(raw: RawRequest, document: Document, provider: str, dialect: Dialect) -> ParsedRequest:
    """The request of which `decode` has made `document`. Raises `BadRequestError`.

    `provider` is the endpoint's; the request's, if the dialect has one, must be the same but for
    case (PROTOCOL, "The call").
    """
    values = _spelt(document, dialect)
    try:
        request: Any = dialect.request.model_validate(values)
    except ValidationError as error:
        raise BadRequestError(_describe(error), _valid_reference(values, dialect)) from None
    asked = dialect.asks(request)
    named = getattr(request, "provider_id", provider)
    if named.casefold() != provider.casefold():
        name = dialect.request.model_fields["provider_id"].alias
        raise BadRequestError(f"{name} is not this endpoint's", asked.items[0].reference)
    if len(asked.items) > MAX_ITEMS:
        raise BadRequestError(f"it asks for more than {MAX_ITEMS} bets")
    text = text_of(kept_of(raw, dialect))
    if "\0" in text:  # PostgreSQL stores none
        raise BadRequestError("the request has a NUL", asked.items[0].reference)
    return ParsedRequest(asked, text)


def cancels_of(
    parsed: ParsedRequest,
    *,
    provider: str,
    dialect: Dialect,
    received_at: datetime,
    received_from: str,
) -> list[Cancel]:
    """One for each bet that the request asks for, in its order. A provider that does not name its
    request has it named by us, always the same for the bet."""
    asked = parsed.asked
    ids = [uuid_utils.compat.uuid7() for _ in asked.items]
    return [
        Cancel(
            request_id=request_id,
            received_at=received_at,
            received_from=received_from,
            provider=provider,
            dialect=dialect.name,
            reference=item.reference,
            player=asked.player,
            currency=asked.currency,
            uuid=item.uuid or str(uuid5(_DERIVED, f"{provider}\0{item.reference}")),
            body=parsed.body,
            amount=asked.amount,
            batch=ids[0] if len(ids) > 1 else None,
            of_round=asked.of_round,
        )
        for request_id, item in zip(ids, asked.items, strict=True)
    ]


def render(dialect: Dialect, context: AnswerContext) -> bytes:
    """The answer as the provider reads it."""
    return dialect.codec.encode(dialect.document(context))


def _spelt(document: Document, dialect: Dialect) -> Document:
    """`document` with each name in its first spelling."""
    if not dialect.spellings:
        return document
    values = dict(document)
    for spelling, name in dialect.spellings.items():
        if spelling in document:
            other = document[spelling]
            if values.setdefault(name, other) != other:
                reference = _valid_reference(values, dialect)
                raise BadRequestError(f"{name} and {spelling} differ", reference)
    return values


def _describe(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    name = _path(fault["loc"])
    match fault["type"]:
        case "missing":
            return f"{name} is missing"
        case "string_type" | "string_unicode":
            return f"{name} is not a string"
        case "model_type" | "dict_type":
            return f"{name} is not an object"
        case "list_type" | "tuple_type":
            return f"{name} is not a list"
        case "too_short" | "too_long":
            return f"{name} has {fault['ctx']['actual_length']} items"
        case "string_too_long":
            return f"{name} is longer than {fault['ctx']['max_length']} characters"
        case "string_pattern_mismatch" if fault["ctx"]["pattern"] == CURRENCY_PATTERN:
            return f"{name} is not 3 or 4 letters or digits"
        case "string_pattern_mismatch":
            return f"{name} is blank or has a character that is not allowed"
        case "value_error":
            return f"{name}: {fault['ctx']['error']}"
        case _:
            return f"{name}: {fault['msg']}"


def _path(loc: Sequence[int | str]) -> str:
    """As `actions[0].action_id`."""
    parts = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in loc)
    return parts.removeprefix(".")


def _valid_reference(values: Mapping[str, Any], dialect: Dialect) -> str | None:
    """The reference if it alone is valid: only then is it echoed."""
    info = dialect.request.model_fields.get("reference")
    if info is None:
        return None
    try:
        return _adapter(dialect.request).validate_python(values.get(info.alias or "reference"))
    except ValidationError:
        return None


@cache
def _adapter(request: type[BaseModel]) -> TypeAdapter[str]:
    return TypeAdapter(request.model_fields["reference"].rebuild_annotation())


@cache
def _names() -> frozenset[str]:
    """Only these are repeated to the sender, and to the log."""
    spellings = (each.spellings.keys() for each in DIALECTS.values())
    return frozenset().union(*spellings, *(_names_in(each.request) for each in DIALECTS.values()))


def _names_in(model: type[BaseModel]) -> Iterator[str]:
    for ours, info in model.model_fields.items():
        yield info.alias or ours
        for part in (info.annotation, *get_args(info.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _names_in(part)
