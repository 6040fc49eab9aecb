"""Reads `UNBET_LEDGER_TOKENS`: who may do what in the built-in ledger over HTTP."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Final

MIN_TOKEN_LENGTH: Final = 32
"""Characters: what a program that guesses does not reach."""

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,32}", re.ASCII)
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
"""What `Authorization: Bearer` can carry (RFC 6750)."""


class Right(StrEnum):
    """What a token may be good for."""

    BETS = "bets"
    """Bets and settlements."""
    MONEY = "money"
    """Deposits, withdrawals, bonus to cash."""
    CORRECT = "correct"
    """Corrections."""
    READ = "read"
    """Balances."""


@dataclass(frozen=True)
class LedgerToken:
    """One token. Several may have one name, while one replaces the other."""

    name: str
    """Whose it is, for logs."""
    rights: frozenset[Right]
    digest: bytes = field(repr=False)
    """SHA-256 of the token, which itself is not kept."""


def digest_of(token: bytes) -> bytes:
    """What a token is compared by. Of one length, so that comparing does not tell the length."""
    return sha256(token).digest()


def read_tokens(value: str) -> tuple[LedgerToken, ...]:
    """All of them, from `name:rights:token`, separated by commas. Raises `ValueError` that names
    one by its place, never by its content."""
    parts = filter(None, map(str.strip, value.split(",")))
    return tuple(_token(number, part) for number, part in enumerate(parts, 1))


def _token(number: int, part: str) -> LedgerToken:
    name, _, rest = part.partition(":")
    rights, is_whole, token = rest.partition(":")
    if not is_whole or not _NAME.fullmatch(name):
        raise ValueError(f"token {number}: expected name:rights:token")
    words = rights.split("+")
    if not set(words) <= {right.value for right in Right}:
        known = ", ".join(Right)
        raise ValueError(f"token {number}: expected rights out of {known}, joined by +")
    if len(token) < MIN_TOKEN_LENGTH or not _TOKEN.fullmatch(token):
        raise ValueError(
            f"token {number}: expected at least {MIN_TOKEN_LENGTH} characters out of "
            "A-Z a-z 0-9 - . _ ~ + /"
        )
    return LedgerToken(name, frozenset(map(Right, words)), digest_of(token.encode()))
