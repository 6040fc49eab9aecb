"""The providers' protocols: one file each, or an entry point `unbet.dialects` of another
package."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from unbet.core.plugins import find_plugins
from unbet.dialects.port import Dialect

_COMMON: Final = frozenset(
    {"answers", "auth", "body", "codecs", "examples", "faults", "openapi", "port", "raw", "schemes"}
)
"""The files here that belong to no provider."""

ENTRY_POINT: Final = "unbet.dialects"
"""The group of entry points that name a `Dialect` of another package."""


DIALECTS: Final[Mapping[str, Dialect]] = find_plugins(
    Dialect, __name__, group=ENTRY_POINT, common=_COMMON
)
"""The forms of requests and answers that the receiver speaks."""

if TYPE_CHECKING:
    DialectName = str
else:
    DialectName = Literal[tuple(DIALECTS)]
    """One of `DIALECTS`; settings and commands refuse any other."""
