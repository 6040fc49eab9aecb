"""Write into docs/openapi.json what is made of the dialects: `python -m unbet.cli.openapi`. The
rest of that file, Lucky Monaco's part included, is kept by hand and stays as it stands."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from unbet.dialects import DIALECTS
from unbet.dialects.lucky_monaco import V1, V4
from unbet.dialects.openapi.operations import Described, path_of, paths_of, security_schemes
from unbet.dialects.port import Dialect
from unbet.local.processes import ROOT
from unbet.runtime.endpoints import EndpointConfig

FILE: Final = ROOT / "docs" / "openapi.json"
BY_HAND: Final = frozenset({path_of(V4), path_of(V1)})
"""Paths of dialects that the file describes by hand."""


def made(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document`, the file's, with the part that is made of the dialects anew."""
    dialects = [one for one in DIALECTS.values() if _is_made(one)]
    components, paths = document["components"], document["paths"]
    pages = {path: item for path, item in paths.items() if not path.startswith("/{secret}")}
    by_hand = {path: paths[path] for path in paths if path in BY_HAND}
    schemes = {"securitySchemes": security_schemes(dialects)}
    return {
        **document,
        "paths": by_hand | paths_of(map(Described, dialects), components["responses"]) | pages,
        "components": components | schemes,
    }


def openapi_of(endpoints: Iterable[EndpointConfig]) -> dict[str, Any]:
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


def _text_of(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(_text_of(made(json.loads(FILE.read_text("utf-8")))), "utf-8")
