"""Signed documents: write access to Redis is no write access to money, nor to answers."""

import hmac
from collections.abc import Sequence
from typing import Final

SHORTEST_KEY: Final = 32
"""Characters."""

_DIGEST: Final = "sha256"
_SEPARATOR: Final = ":"


class SignatureError(Exception):
    """A document that none of the keys has signed for this purpose."""


class Keys:
    """The keys shared by receivers and workers: the first signs, all verify.

    To replace one, give the new one to all processes as a further key, then as the first one, then
    take the old one away.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("signing needs a key")
        self._keys = [key.encode() for key in keys]

    def sign(self, purpose: str, document: str) -> str:
        """`document` with its signature before it. What is signed for one `purpose` is not for
        another."""
        return f"{_mac(self._keys[0], purpose, document)}{_SEPARATOR}{document}"

    def verify(self, purpose: str, signed: str) -> str:
        """The document of `signed`. Raises `SignatureError`."""
        mac, _, document = signed.partition(_SEPARATOR)
        given = mac.encode(errors="replace")
        found = False
        for key in self._keys:
            found |= hmac.compare_digest(_mac(key, purpose, document).encode(), given)
        if not found:
            raise SignatureError(f"not signed by any of {len(self._keys)} keys")
        return document


def _mac(key: bytes, purpose: str, document: str) -> str:
    content = f"{purpose}\0{document}".encode(errors="surrogatepass")
    return hmac.digest(key, content, _DIGEST).hex()
