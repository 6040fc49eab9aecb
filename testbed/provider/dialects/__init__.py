"""The dialects as PROTOCOL and PROVIDERS have them: one file a provider, found by being here, or by
the entry point `testbed.dialects` of another package. They do not come from the receiver, because
they judge it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from testbed.provider.answers import Code
from testbed.provider.dialects.lucky_monaco import V4
from testbed.provider.dialects.port import SUCCESS, Case, Dialect, Fields, Request
from unbet.core.plugins import find_plugins

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


DIALECTS: Final[Mapping[str, Dialect]] = find_plugins(
    Dialect,  # type: ignore[type-abstract]  # of what is found each is concrete
    __name__,
    group=ENTRY_POINT,
    common=_COMMON,
)
for _dialect in DIALECTS.values():
    _dialect.check_codes()

if TYPE_CHECKING:
    DialectName = str
else:
    DialectName = Literal[tuple(DIALECTS)]
    """One of `DIALECTS`; commands and logs refuse any other."""
