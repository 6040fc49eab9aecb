"""How requests are signed: in a header over the body, in a field over the fields, or not at all but
by a secret that travels along."""

import base64
import hashlib
import hmac
import json
from abc import abstractmethod
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlencode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from testbed.provider.dialects.port import JSON, Alter, Dialect, Fields, Request, unaltered


def hmac_sha256(key: str, text: bytes) -> str:
    """In lower-case hex."""
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def md5_of(text: str) -> str:
    """In lower-case hex."""
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - the provider's choice


def rsa_sha256(key: str, text: bytes) -> str:
    """PKCS #1 v1.5 with the private key in PEM, in base64."""
    signed = private_key(key).sign(text, padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(signed).decode()


def new_rsa_key() -> str:
    """A private key in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_half(key: str) -> str:
    """Of a private key in PEM, in PEM."""
    return (
        private_key(key)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@lru_cache(maxsize=8)
def private_key(pem: str) -> rsa.RSAPrivateKey:
    """Raises `ValueError`."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the key is no private key in PEM") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("the key is no RSA key")
    return key


class SignedInHeader(Dialect):
    """The raw body is signed."""

    header: str

    @abstractmethod
    def sign(self, body: bytes, key: str) -> str:
        """The signature of a body."""

    def request(self, fields: Fields, key: str, alter: Alter = unaltered) -> Request:
        """As `Dialect`."""
        body = self.encode(fields)
        return self._sealed(body, alter(self.sign(body, key)))

    def raw(self, body: bytes, key: str) -> Request:
        """As `Dialect`."""
        return self._sealed(body, self.sign(body, key))

    def spellings(self, fields: Fields, key: str) -> Iterator[tuple[str, Request]]:
        """What is signed are bytes, not what they mean."""
        if self.content_type != JSON:
            return
        spread = json.dumps(json.loads(self.encode(fields)), indent=2)
        yield "JSON in several lines", self.raw(spread.encode(), key)
        beyond = {"laterField": "Käse 🎲", **json.loads(self.encode(fields))}
        yield "JSON beyond ASCII", self.raw(json.dumps(beyond, ensure_ascii=False).encode(), key)
        escaped = self.encode(fields).replace(b"/", rb"\/")
        yield "JSON with escaped slashes", self.raw(escaped, key)

    def _sealed(self, body: bytes, signature: str | None) -> Request:
        return Request(
            body, self.content_type, () if signature is None else ((self.header, signature),)
        )


class SignedInField(Dialect):
    """A field has the signature of others."""

    field: str

    @abstractmethod
    def sign(self, fields: Fields, key: str) -> str:
        """The signature of the fields."""

    def request(self, fields: Fields, key: str, alter: Alter = unaltered) -> Request:
        """As `Dialect`."""
        signature = alter(self.sign(fields, key))
        sealed = {} if signature is None else {self.field: signature}
        return self.raw(self.encode({**fields, **sealed}), key)

    def raw(self, body: bytes, key: str) -> Request:  # noqa: ARG002 - what is no cancel has none
        """As `Dialect`."""
        return Request(body, self.content_type)


class SecretInQuery(Dialect):
    """The query has the secret."""

    parameter: str
    signs_content = False

    def request(self, fields: Fields, key: str, alter: Alter = unaltered) -> Request:
        """As `Dialect`."""
        secret = alter(key)
        query = "" if secret is None else urlencode({self.parameter: secret})
        return Request(self.encode(fields), self.content_type, query=query)

    def raw(self, body: bytes, key: str) -> Request:
        """As `Dialect`."""
        return Request(body, self.content_type, query=urlencode({self.parameter: key}))
