"""Forms that only our own pages can send: each carries a token made for the login that sees it."""

import secrets
import time
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from unbet.runtime.http import read_body

HOLDS_S: Final = 12 * 3600
"""A page may stay open for a shift."""

MAX_BODY_LENGTH: Final = 16 * 1024
"""Bytes of a form."""


class Tokens:
    """Makes tokens and knows them again; with a key of this process's own."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, user: str) -> str:
        """A token for a page that `user` is shown."""
        made_at = f"{time.monotonic():.0f}"
        return f"{made_at}.{self._sign(user, made_at)}"

    def holds(self, user: str, token: str) -> bool:
        """Whether `token` was made for `user`, and not too long ago."""
        made_at, _, signature = token.partition(".")
        if not compare_digest(self._sign(user, made_at).encode(), signature.encode()):
            return False
        return time.monotonic() - int(made_at) < HOLDS_S

    def _sign(self, user: str, made_at: str) -> str:
        return digest(self._key, f"{made_at} {user}".encode(errors="replace"), sha256).hex()


async def fields_of(request: Request) -> dict[str, str]:
    """What was filled in. Raises `UnreadableError`."""
    body = await read_body(request.receive, MAX_BODY_LENGTH)
    fields = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}
