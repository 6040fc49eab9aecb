"""Reads `UNBET_ENDPOINTS_FILE`: endpoints with their URLs' secrets by reference, so that a process
that needs no secret reads none."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from unbet.runtime.endpoints import (
    EndpointConfig,
    check_secret,
    require_agreement,
    valid_endpoint,
    without_duplicates,
)
from unbet.runtime.key_source import KeySource, read_text

MAX_FILE_BYTES: Final = 1024 * 1024
_LIST: Final = "endpoints"


class FileEndpoint(EndpointConfig):
    """One endpoint of the file."""

    secret: KeySource
    """Of its URL; only receivers read it."""


class EndpointsFile(BaseModel):
    """The file, but for the secrets."""

    model_config = ConfigDict(frozen=True)

    path: Path
    endpoints: tuple[FileEndpoint, ...]

    def by_secret(self) -> Mapping[str, EndpointConfig]:
        """Raises `ValueError` that names the endpoint by its place, never by its secret."""
        found: dict[str, EndpointConfig] = {}
        for number, endpoint in enumerate(self.endpoints, 1):
            try:
                secret = read_secret(endpoint.secret)
            except ValueError as error:
                raise ValueError(f"endpoint {number}: secret: {error}") from None
            if secret in found:
                first = list(found).index(secret) + 1
                raise ValueError(f"endpoint {number}: secret: it is that of endpoint {first}")
            found[secret] = endpoint
        return found


def read_secret(source: KeySource) -> str:
    """The secret of a URL. Raises `ValueError` that names the source."""
    secret = source.read()
    try:
        return check_secret(secret)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None


def read_endpoints_file(value: Any) -> Any:
    """The file of that path. Raises `ValueError` that names file, endpoint and field."""
    if not isinstance(value, str | Path):
        return value
    path = Path(value)
    # The value is not shown before it is known to be a name: it may be what belongs in the file.
    if path.suffix not in _PARSERS:
        raise ValueError("expected a file whose name ends in .toml or .json")
    try:
        return _read(path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _read(path: Path) -> EndpointsFile:
    listed = _listed(_PARSERS[path.suffix](read_text(path, MAX_FILE_BYTES)))
    context = {"directory": path.parent}
    endpoints = tuple(
        valid_endpoint(number, fields, FileEndpoint, context)
        for number, fields in enumerate(listed, 1)
    )
    require_agreement(endpoints)
    return EndpointsFile(path=path, endpoints=endpoints)


def _listed(document: Any) -> list[Any]:
    # Whoever puts UNBET_ENDPOINTS into a file has secrets for names: none is shown.
    if not isinstance(document, Mapping) or document.keys() != {_LIST}:
        raise ValueError(f"expected nothing but the list {_LIST}")
    listed = document[_LIST]
    if not isinstance(listed, list) or not listed:
        raise ValueError(f"{_LIST}: expected a list of at least one endpoint")
    return listed


def _toml(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # The rest of what it says may be a part of the file.
        place = re.search(r"line \d+, column \d+", str(error))
        raise ValueError(f"it is not TOML{f' ({place[0]})' if place else ''}") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=without_duplicates)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ValueError("it is not JSON") from None


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {".toml": _toml, ".json": _json}
