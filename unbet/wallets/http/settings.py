"""What an operator says of their wallet service, checked once."""

import base64
import binascii
import math
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from unbet.wallets.port import Abilities, Memory

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what a secret begins with
MIN_SECRET_BYTES: Final = 24
MAX_SECRET_BYTES: Final = 64
MAX_TOGETHER: Final = 256
MAX_CALLS_AT_ONCE: Final = 64
MAX_CALL_S: Final = 60.0


@dataclass(frozen=True)
class HttpWalletSettings:
    """Raises `ValueError`, which says what is wrong."""

    url: str
    """What `/cancels` is appended to."""
    secrets: tuple[str, ...]
    """One, or two while one replaces the other: each signs, and the wallet needs to know one."""
    remembers: Memory = Memory.FOR_EVER
    remembers_s: float = math.inf
    closes_unknown: bool = False
    tells_cash: bool = False
    cancels_rounds: bool = False
    dry_run: bool = False
    """Each cancel says that nothing is to be decided; only for a wallet that knows of this."""
    max_together: int = 32
    """Cancels in one call."""
    calls_at_once: int = 8
    """Calls of one process; each has a connection."""
    connect_limit_s: float = 1.0
    call_limit_s: float = 1.4
    """One call takes no longer, and ends by the port's deadline in any case."""

    def __post_init__(self) -> None:
        _check_url(self.url)
        if not 1 <= len(self.secrets) <= 2:
            raise ValueError("the wallet's calls are signed with one secret, or with two")
        for secret in self.secrets:
            key_of(secret)
        _check_range("cancels in one call", self.max_together, 1, MAX_TOGETHER)
        _check_range("calls at once", self.calls_at_once, 1, MAX_CALLS_AT_ONCE)
        _check_range("the seconds of a call", self.call_limit_s, 0.1, MAX_CALL_S)
        _check_range("the seconds to connect", self.connect_limit_s, 0.05, self.call_limit_s)

    @property
    def endpoint(self) -> str:
        return self.url.rstrip("/") + "/cancels"

    @property
    def abilities(self) -> Abilities:
        return Abilities(
            remembers=self.remembers,
            remembers_s=self.remembers_s,
            closes_unknown=self.closes_unknown,
            tells_cash=self.tells_cash,
            finds=False,
            max_together=self.max_together,
            keeps_journal=False,
            cancels_rounds=self.cancels_rounds,
        )


def key_of(secret: str) -> bytes:
    """The bytes that sign. Raises `ValueError`, without the secret in it."""
    wanted = (
        f"a secret of the wallet is {SECRET_PREFIX!r} and {MIN_SECRET_BYTES} to "
        f"{MAX_SECRET_BYTES} bytes in base64"
    )
    if not secret.startswith(SECRET_PREFIX):
        raise ValueError(wanted)
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(wanted) from None
    if not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise ValueError(wanted)
    return key


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the wallet's URL is http:// or https:// and a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the wallet's URL has no user, no query and no fragment")


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: {value} is not from {least} to {most}")
