"""A wallet's own reference in the place of a transfer's number, for dialects that tell one."""

import re
from typing import Final

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_LARGEST: Final = 2**63 - 1


def number_of(wallet_ref: str | None) -> int | None:
    """The number that `wallet_ref` is, if a transfer could have it."""
    if wallet_ref is None or not _NUMBER.fullmatch(wallet_ref):
        return None
    number = int(wallet_ref)
    return number if number <= _LARGEST else None
