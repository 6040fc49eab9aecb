"""Keys of each dialect, and what its provider would put into a request."""

from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from tests.fuzz.own import PLAYNGO_LIKE
from unbet.dialects import DIALECTS
from unbet.dialects.auth import Header, Parameter
from unbet.dialects.body import decode
from unbet.dialects.port import Dialect
from unbet.dialects.raw import BadRequestError, Document, RawRequest
from unbet.dialects.schemes import RsaSha256

KEY: Final = "the key of tests"


@cache
def rsa_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def key_of(dialect: Dialect) -> Any:
    return rsa_key() if isinstance(dialect.auth.scheme, RsaSha256) else dialect.auth.key(KEY)


OWN: Final = (PLAYNGO_LIKE,)

KEYS_OF: Final = {
    one.name: [one.auth.key("another key") if one.auth.scheme is None else key_of(one), key_of(one)]
    for one in (*DIALECTS.values(), *OWN)
    if one.auth.takes_keys
}
"""By dialect."""


def sign(raw: RawRequest, dialect: Dialect) -> RawRequest | None:
    """`raw` as its provider sends it; None where the signature is in the body, which is given."""
    document: Document = {}
    try:
        document = decode(raw, dialect)
        signature = dialect.auth.signature(raw, document, key_of(dialect))
    except (BadRequestError, UnicodeEncodeError):
        signature = ""
    match dialect.auth.part:
        case Header(name=name, prefix=prefix):
            value = prefix.encode() + signature.encode()
            return raw._replace(headers=[(name.lower().encode(), value)], path=dialect.path)
        case Parameter(name=name):
            return raw._replace(query=f"{name}={KEY.replace(' ', '+')}".encode(), path=dialect.path)
    return None
