"""Each dialect's example is a request that the receiver accepts."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from unbet.dialects import DIALECTS
from unbet.dialects.auth import Auth, BasicAuth, Header, Member, Parameter
from unbet.dialects.body import JSON, Reading, read
from unbet.dialects.codecs import FORM, QUERY, xml
from unbet.dialects.evolution import EVOLUTION
from unbet.dialects.examples import Example, document_of, request_of, values_of
from unbet.dialects.gitslotpark import GITSLOTPARK
from unbet.dialects.port import Dialect
from unbet.dialects.pragmatic import PRAGMATIC
from unbet.dialects.schemes import RsaSha256

EXAMPLE = Example("r-1 &=%/é\"'$", "alice", "EUR", "P")
KEY = "a key&=%/\"'$"


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def accepted(pem: str) -> Callable[[Dialect], Reading]:
    """Signs a dialect's example, and reads it."""

    def accepted(dialect: Dialect) -> Reading:
        auth = dialect.auth
        keys: list[Any] = []
        if auth.takes_keys:
            text = pem if isinstance(auth.scheme, RsaSha256) else KEY
            keys = [auth.key(text)]
        document = document_of(dialect, EXAMPLE)
        raw = request_of(dialect, document, lambda raw, said: auth.signature(raw, said, keys[0]))
        return read(raw, values_of(dialect, document), EXAMPLE.provider, dialect, keys)

    return accepted


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_every_dialects_example_is_accepted_with_its_key(
    dialect: Dialect, accepted: Callable[[Dialect], Reading]
) -> None:
    parsed = accepted(dialect).parsed
    assert parsed is not None, accepted(dialect).problem
    assert [item.reference for item in parsed.request.items] == [EXAMPLE.reference]
    assert parsed.request.player == EXAMPLE.player
    assert parsed.request.currency in (EXAMPLE.currency, None)


@pytest.mark.parametrize(
    "dialect",
    [
        dataclasses.replace(GITSLOTPARK, codec=FORM),
        dataclasses.replace(GITSLOTPARK, codec=QUERY, method="GET"),
        dataclasses.replace(GITSLOTPARK, codec=xml("request")),
        dataclasses.replace(GITSLOTPARK, codec=JSON, path="/{userID}/rollback"),
        dataclasses.replace(PRAGMATIC, auth=Auth(Member("hash"))),
        dataclasses.replace(PRAGMATIC, codec=QUERY, method="GET", auth=Auth(Parameter("token"))),
        dataclasses.replace(EVOLUTION, auth=Auth(BasicAuth())),
        dataclasses.replace(EVOLUTION, auth=Auth(Header("Authorization", "Bearer "))),
    ],
    ids=["form", "query", "XML", "path", "secret in a field", "secret", "Basic", "Bearer"],
)
def test_every_form_and_place_of_a_signature_can_be_written(
    dialect: Dialect, accepted: Callable[[Dialect], Reading]
) -> None:
    reading = accepted(dialect)
    assert reading.parsed is not None, reading.problem
    assert reading.parsed.reference == EXAMPLE.reference


def test_a_part_of_ones_own_has_no_example() -> None:
    class Elsewhere:
        is_content = False

        def read(self, *_: object) -> None:
            return None

        def __str__(self) -> str:
            return "elsewhere"

    dialect = dataclasses.replace(EVOLUTION, auth=Auth(Elsewhere()))
    with pytest.raises(ValueError, match="evolution has no example of elsewhere"):
        request_of(dialect, document_of(dialect, EXAMPLE), lambda *_: "x")
