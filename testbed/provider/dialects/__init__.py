"""The dialects as the providers' documents have them (PROTOCOL, PROVIDERS): one file a provider,
found by being here. They do not come from the receiver, because they judge it."""

from collections.abc import Iterator, Mapping
from importlib import import_module
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


def _dialects() -> Iterator[Dialect]:
    for file in iter_modules(__path__):
        if file.name not in _COMMON:
            names = vars(import_module(f"{__name__}.{file.name}"))
            yield from (value for value in names.values() if isinstance(value, Dialect))


DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in _dialects()}

if TYPE_CHECKING:
    DialectName = str
else:
    DialectName = Literal[tuple(DIALECTS)]
    """One of `DIALECTS`; commands and logs refuse any other."""
