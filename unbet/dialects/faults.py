"""What is wrong with a request that is refused, in words; and what of it may be repeated."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from unbet.core.fields import CURRENCY_PATTERN
from unbet.dialects.raw import GivenTwiceError

if TYPE_CHECKING:  # port.py imports what imports this file
    from unbet.dialects.port import Dialect


def describe(error: ValidationError) -> str:
    """The first fault, by the field's name."""
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


def valid_reference(values: Mapping[str, Any], dialect: "Dialect") -> str | None:
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


def twice(name: str, dialect: "Dialect") -> str:
    """What is wrong where `name` is there twice in one object."""
    shown = name if name in _names(dialect.request.__module__) else "a field"
    return f"{shown} is given more than once"


@cache
def _names(file: str) -> frozenset[str]:
    """Those of a provider, whose dialects share a file. Only these are repeated to the sender, and
    to the log."""
    from unbet.dialects import DIALECTS  # they are made of what is read here

    dialects = [one for one in DIALECTS.values() if one.request.__module__ == file]
    spellings = (one.spellings.keys() for one in dialects)
    return frozenset().union(*spellings, *(_names_in(one.request) for one in dialects))


def _names_in(model: type[BaseModel]) -> Iterator[str]:
    for ours, info in model.model_fields.items():
        yield info.alias or ours
        for part in (info.annotation, *get_args(info.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _names_in(part)


def given_twice(pairs: Sequence[tuple[str, Any]]) -> GivenTwiceError:
    """The refusal of an object in which a name is there twice."""
    # In one pass: a body has room for thousands of names, and everybody else waits meanwhile.
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return GivenTwiceError(name)
        seen.add(name)
    raise AssertionError("no name is given twice")
