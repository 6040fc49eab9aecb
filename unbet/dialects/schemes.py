"""Ways to sign a request, and how a signature is written."""

import base64
import binascii
import hashlib
import hmac
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

Form = Literal["hex", "HEX", "base64", "base64url"]
"""How bytes are written: hex digits (either case is accepted), base64, or base64 for URLs without
padding (padded it is accepted as well)."""

MIN_RSA_BITS: Final = 2048


class Scheme(Protocol):
    """A way to sign."""

    def key(self, text: str) -> Any:
        """A key as `verify` wants it. Raises `ValueError`."""
        ...

    def verify(self, key: Any, content: bytes, given: str) -> bool:
        """Whether `given` is a signature of `content`; of another form it is none. It takes the
        same time for a wrong one as for a right one."""
        ...

    def sign(self, key: Any, content: bytes) -> str:
        """Raises `ValueError` for a key that can only verify."""
        ...


@dataclass(frozen=True)
class _Keyed(ABC):
    """Whoever can verify can sign."""

    digest: str
    """By `hashlib`'s names."""
    form: Form = "hex"

    def key(self, text: str) -> bytes:
        if not text:
            raise ValueError("it is empty")
        return text.encode()

    def verify(self, key: bytes, content: bytes, given: str) -> bool:
        wanted = self.sign(key, content)
        if self.form in ("hex", "HEX"):
            wanted, given = wanted.lower(), given.lower()
        if self.form == "base64url" and len(given) % 4 == 0:
            wanted += "=" * (-len(wanted) % 4)
        return hmac.compare_digest(wanted.encode(), given.encode(errors="replace"))

    def sign(self, key: bytes, content: bytes) -> str:
        return written(self.digest_of(key, content), self.form)

    @abstractmethod
    def digest_of(self, key: bytes, content: bytes) -> bytes:
        """The signature's bytes."""


@dataclass(frozen=True)
class Hmac(_Keyed):
    """HMAC with `digest`."""

    digest: str = "sha256"

    def digest_of(self, key: bytes, content: bytes) -> bytes:
        return hmac.digest(key, content, self.digest)

    def __str__(self) -> str:
        return f"HMAC-{self.digest.upper()}"


@dataclass(frozen=True)
class DigestWithKey(_Keyed):
    """A digest of the content with the key after it."""

    digest: str = "md5"

    def digest_of(self, key: bytes, content: bytes) -> bytes:
        return hashlib.new(self.digest, content + key).digest()

    def __str__(self) -> str:
        return f"{self.digest.upper()} with the key"


@dataclass(frozen=True)
class RsaSha256:
    """RSA with SHA-256 and PKCS #1 v1.5. A key is PEM: the provider's public one, or a private one,
    which can sign as well."""

    form: Form = "base64"

    def key(self, text: str) -> RSAPublicKey | RSAPrivateKey:
        pem = text.encode()
        key: object
        try:
            if b"PRIVATE" in pem:
                key = load_pem_private_key(pem, password=None)
            else:
                key = load_pem_public_key(pem)
        except (ValueError, TypeError):
            raise ValueError("it is no RSA key in PEM") from None
        if not isinstance(key, RSAPublicKey | RSAPrivateKey):
            raise ValueError("it is no RSA key")
        if key.key_size < MIN_RSA_BITS:
            raise ValueError(f"it has less than {MIN_RSA_BITS} bits")
        return key

    def verify(self, key: RSAPublicKey | RSAPrivateKey, content: bytes, given: str) -> bool:
        public = key.public_key() if isinstance(key, RSAPrivateKey) else key
        try:
            public.verify(_read(given, self.form), content, PKCS1v15(), SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True

    def sign(self, key: RSAPublicKey | RSAPrivateKey, content: bytes) -> str:
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("only the provider's private key can sign")
        return written(key.sign(content, PKCS1v15(), SHA256()), self.form)

    def __str__(self) -> str:
        return "RSA-SHA256"


def bytes_of(key: Any) -> bytes:
    """The same for keys that verify the same: a shared one itself, or the public one of two."""
    if isinstance(key, bytes):
        return key
    public = key.public_key() if isinstance(key, RSAPrivateKey) else key
    encoded: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def written(raw: bytes, form: Form) -> str:
    """`raw` in that form."""
    match form:
        case "hex":
            return raw.hex()
        case "HEX":
            return raw.hex().upper()
        case "base64":
            return base64.b64encode(raw).decode()
        case "base64url":
            return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _read(text: str, form: Form) -> bytes:
    try:
        if form == "base64url":
            padded = text + "=" * (-len(text) % 4)
            return base64.b64decode(padded.encode(), altchars=b"-_", validate=True)
        return base64.b64decode(text.encode(), validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("not base64") from None
