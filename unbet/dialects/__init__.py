"""What each provider asks, and how it is told: one file a provider, found by being here."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final, Literal

from unbet.dialects.port import Dialect

_COMMON: Final = frozenset({"body", "port"})
"""The files here that belong to no provider."""


def _dialects() -> Iterator[Dialect]:
    for file in iter_modules(__path__):
        if file.name not in _COMMON:
            names = vars(import_module(f"{__name__}.{file.name}"))
            yield from (value for value in names.values() if isinstance(value, Dialect))


DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in _dialects()}
"""The forms of requests and answers that the receiver speaks."""

if TYPE_CHECKING:
    DialectName = str
else:
    DialectName = Literal[tuple(DIALECTS)]
    """One of `DIALECTS`; settings and commands refuse any other."""
