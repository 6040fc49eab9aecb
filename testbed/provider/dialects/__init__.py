"""The dialects as the providers' documents have them (PROTOCOL, PROVIDERS): one file a provider,
found by being here, or by the entry point `testbed.dialects` of another package. They do not come
from the receiver, because they judge it."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Final, Literal

from testbed.provider.answers import Code
from testbed.provider.dialects.lucky_monaco import V4
from testbed.provider.dialects.port import SUCCESS, Case, Dialect, Fields, Request

__all__ = [
    "DIALECTS",
    "SUCCESS",
    "V4",
    "Case",
    "Code",
    "Dialect",
    "DialectName",
    "Fields",
    "Request",
]

_COMMON: Final = frozenset({"documents", "port", "signing"})
"""The files here that belong to no provider."""

ENTRY_POINT: Final = "testbed.dialects"
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
            raise ValueError(f"two dialects of {ENTRY_POINT} are called {dialect.name}")
    return found


DIALECTS: Final[Mapping[str, Dialect]] = _by_name(_dialects())

if TYPE_CHECKING:
    DialectName = str
else:
    DialectName = Literal[tuple(DIALECTS)]
    """One of `DIALECTS`; commands and logs refuse any other."""
