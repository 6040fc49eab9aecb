"""A request as a provider would send it, made of its dialect's example."""

import base64
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from unbet.dialects.auth import BasicAuth, Header, Member, Parameter, Stamped
from unbet.dialects.body import raw_of, without_none
from unbet.dialects.port import Dialect
from unbet.dialects.raw import Document, RawRequest

Sign = Callable[[RawRequest, Document], str]
"""What a request's signature is."""


@dataclass(frozen=True)
class Example:
    """What differs between requests."""

    reference: str
    player: str
    currency: str
    provider: str
    amount: Decimal | None = None
    """The bet's stake, in units of the currency; without one the request does not say it."""
    request: str = field(default_factory=lambda: str(uuid4()))
    """The request's own name."""


def document_of(dialect: Dialect, example: Example) -> dict[str, Any]:
    """What such a request says, but for its signature."""
    filled: dict[str, Any] = _filled(dialect.example, vars(example))
    return filled


def request_of(
    dialect: Dialect, document: Document, sign: Sign | None, *, under: str = ""
) -> RawRequest:
    """The request that says `document`, signed by `sign` if there is one. Its path begins with
    `under`, the endpoint's secret after a slash. Raises `ValueError` if the signature is in a part
    of another package's, and what `sign` raises."""
    raw, part = _written(dialect, document), dialect.auth.part
    raw = raw._replace(path=under + raw.path)
    if part is None or sign is None:
        return raw
    if isinstance(dialect.auth.content, Stamped):
        raw = _with_header(raw, dialect.auth.content.header, str(int(time.time())))
    match part:
        case Member():
            return _written(dialect, {**document, part.name: sign(raw, document)})
        case Parameter():
            pair = f"{part.name}={quote(sign(raw, document), safe='')}".encode()
            return raw._replace(query=b"&".join(filter(None, (raw.query, pair))))
        case Header():
            return _with_header(raw, part.name, part.prefix + sign(raw, document))
        case BasicAuth():
            encoded = base64.b64encode(sign(raw, document).encode()).decode()
            return _with_header(raw, "Authorization", f"Basic {encoded}")
    raise ValueError(f"{dialect.name} has no example of {part}")


def path_names(dialect: Dialect) -> list[str]:
    """The values of a request that its path has."""
    return re.findall(r"\{(\w+)\}", dialect.path)


def values_of(dialect: Dialect, document: Document) -> Mapping[str, str]:
    """What of `document` a request has in its path."""
    return {name: str(document[name]) for name in path_names(dialect)}


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    match template:
        case Mapping():
            filled = {name: _filled(inner, values) for name, inner in template.items()}
            return without_none(filled)
        case list() | tuple():
            return [_filled(inner, values) for inner in template]
        case str() if template.startswith("{") and template.endswith("}"):
            return values[template[1:-1]]
    return template


def _written(dialect: Dialect, document: Document) -> RawRequest:
    values = values_of(dialect, document)
    path = dialect.path
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    rest = {name: value for name, value in document.items() if name not in values}
    return raw_of(dialect.codec.write(rest), dialect)._replace(path=path)


def _with_header(raw: RawRequest, name: str, value: str) -> RawRequest:
    return raw._replace(headers=[*raw.headers, (name.lower().encode(), value.encode())])
