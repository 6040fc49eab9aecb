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

_OURS: Final = "unbet.dialects."
FILE: Final = ROOT / "docs" / "openapi.json"
BY_HAND: Final = frozenset({V4.name, V1.name})
"""Dialects that the file describes by hand."""


def made(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document`, the file's, with the part that is made of the dialects anew."""
    # Those of other packages belong into no file of ours.
    ours = [one for one in DIALECTS.values() if one.request.__module__.startswith(_OURS)]
    by_hand, described = _by_hand(document, ours), [Described(one) for one in ours if _is_made(one)]
    pages = {
        path: item for path, item in document["paths"].items() if not path.startswith("/{secret}")
    }
    components = document["components"]
    schemes = {"securitySchemes": security_schemes(one.dialect for one in described)}
    return {
        **document,
        "paths": by_hand | paths_of(described, components["responses"], by_hand) | pages,
        "components": components | schemes,
    }


def openapi_of(endpoints: Iterable[EndpointConfig]) -> dict[str, Any]:
    """The document of these endpoints alone, each with its own answers. Endpoints that answer alike
    stand there once."""
    document: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    components = document["components"]
    described = _described(endpoints)
    by_hand = _by_hand(document, (one.dialect for one in described))
    made_ones = [one for one in described if _is_made(one.dialect)]
    names = tuple(one.dialect.name for one in described if not _is_made(one.dialect))
    schemas = components["schemas"].items()
    components["schemas"] = {name: one for name, one in schemas if name.startswith(names)}
    components["securitySchemes"] = security_schemes(one.dialect for one in made_ones)
    document["paths"] = by_hand | paths_of(made_ones, components["responses"], by_hand)
    document["tags"] = document["tags"][:1]
    return document


def _described(endpoints: Iterable[EndpointConfig]) -> list[Described]:
    """The dialects of `endpoints` with their answers, each once, and whose endpoints have it."""
    found: list[tuple[Dialect, list[str]]] = []
    for endpoint in endpoints:
        dialect = endpoint.configured_dialect()
        alike = [providers for one, providers in found if one == dialect]
        if alike:
            alike[0].append(endpoint.provider)
        else:
            found.append((dialect, [endpoint.provider]))
    return [Described(dialect, providers) for dialect, providers in found]


def _by_hand(document: Mapping[str, Any], dialects: Iterable[Dialect]) -> dict[str, Any]:
    """The path items of those of `dialects` that the file describes by hand."""
    paths = [path_of(one) for one in dialects if not _is_made(one)]
    return {path: document["paths"][path] for path in paths}


def _is_made(dialect: Dialect) -> bool:
    return dialect.name not in BY_HAND


def _text_of(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(_text_of(made(json.loads(FILE.read_text("utf-8")))), "utf-8")
