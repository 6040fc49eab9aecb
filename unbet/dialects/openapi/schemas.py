"""JSON Schema of documents that were seen."""

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

_TYPES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    type(None): "null",
    list: "array",
    dict: "object",
}


def schema_of(documents: Sequence[Any], listed: Collection[str] = ()) -> dict[str, Any]:
    """What all of `documents` satisfy. Fields in `listed` have one of the values that were seen."""
    kinds = {_TYPES[type(document)] for document in documents}
    if "number" in kinds:
        kinds.discard("integer")
    schema: dict[str, Any] = {"type": next(iter(kinds)) if len(kinds) == 1 else sorted(kinds)}
    objects = [document for document in documents if isinstance(document, dict)]
    if objects:
        names = list(dict.fromkeys(name for one in objects for name in one))
        schema["properties"] = {
            name: _field(name, [one[name] for one in objects if name in one], listed)
            for name in names
        }
        schema["required"] = [name for name in names if all(name in one for one in objects)]
    items = [item for document in documents if isinstance(document, list) for item in document]
    if items:
        schema["items"] = schema_of(items)
    if kinds == {"string"} and all(_TIME.fullmatch(document) for document in documents):
        schema["format"] = "date-time"
    return schema


def _field(name: str, values: Sequence[Any], listed: Collection[str]) -> dict[str, Any]:
    schema = schema_of(values)
    return {**schema, "enum": list(dict.fromkeys(values))} if name in listed else schema
