"""What each provider asks, and how it is told: one file a provider, found by being here, or by the
entry point `unbet.dialects` of another package."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final, Literal

from unbet.dialects.port import Dialect

_COMMON: Final = frozenset(
    {"answers", "auth", "body", "codecs", "examples", "faults", "openapi", "port", "raw"}
)
"""The files here that belong to no provider."""

ENTRY_POINT: Final = "unbet.dialects"
"""The group of entry points that name a `Dialect` of another package."""


def _dialects() -> Iterator[Dialect]:
    for file in iter_modules(__path__):
        if file.name not in _COMMON:
            names = vars(import_module(f"{__name__}.{file.name}"))
            yield from (value for value in names.values() if isinstance(value, Dialect))
    for entry in entry_points(group=ENTRY_POINT):
        try:
            dialect = entry.load()
        except Exception as error:
            error.add_note(f"This is the entry point {entry.value} of {ENTRY_POINT}.")
            raise
        if not isinstance(dialect, Dialect):
            raise TypeError(f"the entry point {entry.value} of {ENTRY_POINT} is no Dialect")
        yield dialect


def _by_name(dialects: Iterator[Dialect]) -> dict[str, Dialect]:
    found: dict[str, Dialect] = {}
    for dialect in dialects:
        if found.setdefault(dialect.name, dialect) is not dialect:
            raise ValueError(f"two dialects are called {dialect.name}")
    return found


DIALECTS: Final[Mapping[str, Dialect]] = _by_name(_dialects())
"""The forms of requests and answers that the receiver speaks."""

if TYPE_CHECKING:
    DialectName = str
else:
    DialectName = Literal[tuple(DIALECTS)]
    """One of `DIALECTS`; settings and commands refuse any other."""
