"""Write into docs/openapi.json what is made of the dialects: `python -m unbet.cli.openapi`. The
rest of that file, Lucky Monaco's part included, is kept by hand and stays as it stands."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from unbet.dialects import DIALECTS
from unbet.dialects.lucky_monaco import V1, V4
from unbet.dialects.openapi import Described, path_of, paths_of, security_schemes
from unbet.dialects.port import Dialect
from unbet.local.processes import ROOT
from unbet.runtime.endpoints import EndpointConfig

FILE: Final = ROOT / "docs" / "openapi.json"
BY_HAND: Final = frozenset({path_of(V4), path_of(V1)})
"""Paths of dialects that the file describes by hand."""

_WIDTH: Final = 100
_FIRST_PAGE: Final = '    "/healthz": {\n'
"""The made paths stand between those by hand and the pages."""
_MADE_PATH: Final = re.compile(
    rf'^    "/\{{secret\}}(?!({"|".join(re.escape(one.path) for one in (V4, V1))})")', re.MULTILINE
)
_SCHEMAS: Final = '    "schemas": {\n'
_MADE_SCHEMES: Final = re.compile(r'^    "securitySchemes": \{\n.*?^    \},\n', re.M | re.S)


def made(text: str) -> str:
    """`text` of the file with the part that is made of the dialects anew."""
    shared = json.loads(text)["components"]["responses"]
    dialects = [one for one in DIALECTS.values() if _is_made(one)]
    paths = paths_of(map(Described, dialects), shared)
    before, page, after = text.partition(_FIRST_PAGE)
    found = _MADE_PATH.search(before)
    kept = before[: found.start()] if found else before
    after = _MADE_SCHEMES.sub("", after)
    schemes = _members({"securitySchemes": security_schemes(dialects)})
    after = after.replace(_SCHEMAS, schemes + _SCHEMAS, 1)
    return kept + _members(paths) + page + after


def document_of(endpoints: Iterable[EndpointConfig]) -> dict[str, Any]:
    """The document of these endpoints alone, each with its own answers. Endpoints that answer alike
    stand there once."""
    document: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    components = document["components"]
    providers: dict[str, list[str]] = {}
    spoken: dict[str, Dialect] = {}
    for number, endpoint in enumerate(endpoints, 1):
        dialect = endpoint.spoken()
        alike = [key for key, one in spoken.items() if one == dialect]
        key = alike[0] if alike else str(number)
        spoken[key] = dialect
        providers.setdefault(key, []).append(endpoint.provider)
    made_ones = [
        Described(one, providers[key]) for key, one in spoken.items() if path_of(one) not in BY_HAND
    ]
    by_hand = {path_of(one): one.name for one in spoken.values() if path_of(one) in BY_HAND}
    document["paths"] = {path: document["paths"][path] for path in by_hand}
    document["paths"] |= paths_of(made_ones, components["responses"])
    prefixes = tuple(by_hand.values())
    schemas = components.pop("schemas").items()
    components["schemas"] = {name: one for name, one in schemas if name.startswith(prefixes)}
    components["securitySchemes"] = security_schemes(one.dialect for one in made_ones)
    document["tags"] = document["tags"][:1]
    return document


def _is_made(dialect: Dialect) -> bool:
    """Those of other packages belong into no file of ours."""
    is_ours = dialect.request.__module__.startswith("unbet.dialects.")
    return is_ours and path_of(dialect) not in BY_HAND


def _members(document: Mapping[str, Any]) -> str:
    """Members of an object of the second level, each followed by a comma."""
    return "".join(
        f"    {json.dumps(name)}: {_written(value, 4, len(name) + 8)},\n"
        for name, value in document.items()
    )


def _written(value: Any, indent: int, column: int) -> str:
    """JSON, on one line where it has room there."""
    flat = json.dumps(value, ensure_ascii=False)
    is_flat = not isinstance(value, dict | list) or not value
    if is_flat or (column + len(flat) <= _WIDTH and _depth(value) <= 2):
        return flat
    inner = indent + 2
    pad = " " * inner
    if isinstance(value, dict):
        opening, closing = "{", "}"
        lines = [
            f"{pad}{json.dumps(name)}: {_written(one, inner, inner + len(name) + 4)}"
            for name, one in value.items()
        ]
    else:
        opening, closing = "[", "]"
        lines = [pad + _written(one, inner, inner) for one in value]
    return opening + "\n" + ",\n".join(lines) + "\n" + " " * indent + closing


def _depth(value: Any) -> int:
    inner: Sequence[Any] = ()
    if isinstance(value, dict | list):
        inner = list(value.values()) if isinstance(value, dict) else value
        return 1 + max(map(_depth, inner), default=0)
    return 0


if __name__ == "__main__":
    FILE.write_text(made(FILE.read_text("utf-8")), "utf-8")
