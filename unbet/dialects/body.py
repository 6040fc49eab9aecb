"""A request's body, parsed once; and the answer's body."""

import codecs
import json
from collections.abc import Sequence
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

from unbet.core.fields import Reference
from unbet.dialects import DIALECTS
from unbet.dialects.lucky_monaco import V4
from unbet.dialects.port import AnswerContext, Dialect, ParsedRequest

MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes; a Cancel has about 300."""

_NAMES: Final = frozenset[str]().union(
    *(each.fields.keys() | each.spellings.keys() for each in DIALECTS.values())
)
"""Only these are repeated to the sender, and to the log."""

_REFERENCE: Final = TypeAdapter[str](Reference)


class BadRequestError(Exception):
    """The body is no valid Cancel. The text names the field; `reference` is set if it was valid."""

    def __init__(self, problem: str, reference: str | None = None) -> None:
        super().__init__(problem)
        self.reference = reference


def parse(body: bytes, provider: str, dialect: Dialect = V4) -> ParsedRequest:
    """The request. Raises `BadRequestError`.

    `provider` is the endpoint's; the body's, if the dialect has one, must be the same but for case
    (PROTOCOL, "The call").
    """
    text = _decode(body)
    document = _load(text)
    fields = dialect.fields
    values = {ours: document[theirs] for theirs, ours in fields.items() if theirs in document}
    for spelling, name in dialect.spellings.items():
        if spelling in document:
            other = document[spelling]
            if values.setdefault(fields[name], other) != other:
                raise BadRequestError(f"{name} and {spelling} differ", _valid_reference(values))
    try:
        request: Any = dialect.request(**values)
    except ValidationError as error:
        raise BadRequestError(_describe(error, dialect), _valid_reference(values)) from None
    named = getattr(request, "provider_id", provider)
    if named.casefold() != provider.casefold():
        name = _theirs("provider_id", dialect)
        raise BadRequestError(f"{name} is not this endpoint's", request.reference)
    return ParsedRequest(request.reference, request.user_id, request.currency, request.uuid, text)


def render(dialect: Dialect, context: AnswerContext) -> bytes:
    """The answer as the provider reads it."""
    values = {name: field(context) for name, field in dialect.shape.items()}
    return orjson.dumps({name: value for name, value in values.items() if value is not None})


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequestError("the body is not UTF-8") from None


def _load(text: str) -> dict[str, Any]:
    try:
        document = json.loads(
            text.removeprefix(codecs.BOM_UTF8.decode()),
            object_pairs_hook=_Object,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    _require_single(document)
    if not isinstance(document, _Object):
        raise BadRequestError("the body is not a JSON object")
    return dict(document)


class _Object(list[tuple[str, Any]]):
    """An object of JSON, as it stands: a name may be there twice."""


def _require_single(document: Any) -> None:
    """Raise `BadRequestError` if a name is given more than once, in whatever object."""
    left = [document]
    while left:
        one = left.pop()
        if isinstance(one, _Object):
            if len(dict(one)) != len(one):
                twice = _given_twice(one)
                shown = twice if twice in _NAMES else "a field"
                raise BadRequestError(f"{shown} is given more than once")
            left += [value for _, value in one if isinstance(value, list)]
        elif isinstance(one, list):
            left += [value for value in one if isinstance(value, list)]


def _given_twice(pairs: Sequence[tuple[str, Any]]) -> str | None:
    # In one pass: a body has room for thousands of names, and everybody else waits meanwhile.
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _describe(error: ValidationError, dialect: Dialect) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    ours = str(fault["loc"][0])
    field = _theirs(ours, dialect)
    match fault["type"]:
        case "missing":
            return f"{field} is missing"
        case "string_type" | "string_unicode":
            return f"{field} is not a string"
        case "string_too_long":
            return f"{field} is longer than {fault['ctx']['max_length']} characters"
        case _ if ours == "currency":
            return f"{field} is not 3 or 4 letters or digits"
        case _:
            return f"{field} is blank or has a character that is not allowed"


def _theirs(ours: str, dialect: Dialect) -> str:
    return next(name for name, field in dialect.fields.items() if field == ours)


def _valid_reference(values: dict[str, Any]) -> str | None:
    """The reference if it alone is valid: only then is it echoed."""
    try:
        return _REFERENCE.validate_python(values.get("reference"))
    except ValidationError:
        return None
