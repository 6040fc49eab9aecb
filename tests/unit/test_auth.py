"""How a provider is known: each scheme in each part."""

import base64
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from unbet.dialects import DIALECTS
from unbet.dialects.auth import (
    URL_SECRET,
    Auth,
    BasicAuth,
    Header,
    Member,
    Parameter,
    Part,
)
from unbet.dialects.raw import RawRequest
from unbet.dialects.schemes import DigestWithKey, Form, Hmac, RsaSha256, written

RAW: Final = RawRequest(b"", method="POST")
SIGN: Final = Header("X-Sign")


def private_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


def pem_of(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def public_pem_of(key: Any) -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(Encoding.PEM, form).decode())


KEY: Final = private_key()


def with_header(value: str | bytes, body: bytes = b"", name: bytes = b"x-sign") -> RawRequest:
    raw = value.encode() if isinstance(value, str) else value
    return RawRequest(body, headers=[(b"host", b"x"), (name, raw)])


@pytest.mark.parametrize("form", ["hex", "HEX", "base64", "base64url"])
@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256", "sha512"])
def test_a_keyed_signature_is_right_in_its_form_alone(form: Form, digest: str) -> None:
    for scheme in (Hmac(digest, form), DigestWithKey(digest, form)):
        right = scheme.sign(b"key", b"content")
        assert scheme.verify(b"key", b"content", right)
        assert not scheme.verify(b"key", b"content ", right)
        assert not scheme.verify(b"kez", b"content", right)
        for wrong in (right[:-1], right + "===", f" {right}", "", "ü", "\ud800", right * 2):
            assert not scheme.verify(b"key", b"content", wrong)
        assert scheme.verify(b"key", b"content", right.swapcase()) is (form in ("hex", "HEX"))


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha256", "sha512"])
def test_base64_for_urls_may_be_padded_as_base64_is(digest: str) -> None:
    scheme = Hmac(digest, "base64url")
    right = scheme.sign(b"key", b"content")
    padding = "=" * (-len(right) % 4)
    assert padding
    assert scheme.verify(b"key", b"content", right + padding)
    for wrong in (right + padding + "=", right[:-1] + "=" + padding, "=" + right):
        assert not scheme.verify(b"key", b"content", wrong)
    assert not Hmac(digest, "base64").verify(b"key", b"content", right + "=" + padding)


def test_forms_are_written_as_they_are_called() -> None:
    raw = b"\xfb\xff\x01\x0a"
    assert written(raw, "hex") == "fbff010a"
    assert written(raw, "HEX") == "FBFF010A"
    assert written(raw, "base64") == "+/8BCg=="
    assert written(raw, "base64url") == "-_8BCg"


@pytest.mark.parametrize("form", ["base64", "base64url"])
def test_rsa_verifies_with_the_public_key_and_with_the_private_one(form: Form) -> None:
    scheme = RsaSha256(form)
    signature = scheme.sign(KEY, b"content")
    for pem in (public_pem_of(KEY), pem_of(KEY)):
        key = scheme.key(pem)
        assert scheme.verify(key, b"content", signature)
        assert not scheme.verify(key, b"another", signature)
        for wrong in ("", "!", "ü", "\ud800", signature[:-4], signature + "AAAA", "AAAA" * 86):
            assert not scheme.verify(key, b"content", wrong)
    assert not scheme.verify(private_key().public_key(), b"content", signature)
    with pytest.raises(ValueError, match="only the provider's private key"):
        scheme.sign(scheme.key(public_pem_of(KEY)), b"content")


@pytest.mark.parametrize(
    ("pem", "problem"),
    [
        ("", "no RSA key in PEM"),
        ("a word", "no RSA key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "no RSA key in PEM"),
        (pem_of(generate_ec(SECP256R1())), "no RSA key"),
        (public_pem_of(private_key(1024)), "less than 2048 bits"),
    ],
)
def test_what_is_no_rsa_key_is_refused(pem: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Auth(SIGN, RsaSha256()).key(pem)


@pytest.mark.parametrize("auth", [Auth(SIGN), Auth(SIGN, Hmac()), Auth(SIGN, DigestWithKey())])
def test_an_empty_key_is_none(auth: Auth) -> None:
    with pytest.raises(ValueError, match=r"it is empty|it has less than 8 characters"):
        auth.key("")
    assert auth.key("12345678") == b"12345678"


def test_a_shared_secret_that_may_be_a_part_of_a_reference_is_none() -> None:
    with pytest.raises(ValueError, match="it has less than 8 characters"):
        Auth(SIGN).key("1234567")


@pytest.mark.parametrize(
    ("part", "raw", "document"),
    [
        (Header("X-Key"), with_header("s-1", name=b"x-key"), {}),
        (Header("Authorization", "Bearer "), with_header("Bearer s-1", name=b"authorization"), {}),
        (Header("Authorization", "Bearer "), with_header("bearer s-1", name=b"authorization"), {}),
        (Parameter("token"), RawRequest(b"", b"a=1&token=s-1"), {}),
        (Parameter("token"), RawRequest(b"", b"token=s-1&x=%ff"), {}),
        (Parameter("token"), RawRequest(b"", b"x=\xe4&token=s-1&%ff=1"), {}),
        (Parameter("token"), RawRequest(b"", b"token=%73-1"), {}),
        (Member("secret"), RAW, {"secret": "s-1"}),
    ],
)
def test_a_shared_secret_is_found_in_its_part(
    part: Part, raw: RawRequest, document: dict[str, Any]
) -> None:
    auth = Auth(part)
    assert auth.accepts(raw, document, [b"s-1"])
    assert not auth.accepts(raw, document, [b"s-2"])
    assert not auth.accepts(raw, document, [])
    assert not auth.accepts(RAW, {}, [b"s-1"])


@pytest.mark.parametrize(
    ("part", "raw", "document"),
    [
        (SIGN, RawRequest(b"", headers=[(b"x-sign", b"s-1"), (b"x-sign", b"s-1")]), {}),
        (Header("X-Sign", "Bearer "), with_header("s-1"), {}),
        (Header("X-Sign", "Bearer "), with_header("bearers-1"), {}),
        (Header("X-Sign", "Bearer "), with_header("bearer S-1"), {}),
        (SIGN, with_header(b"s-\xff1"), {}),
        (Parameter("token"), RawRequest(b"", b"token=s-1&token=s-1"), {}),
        (Parameter("token"), RawRequest(b"", b"token=s-1%ff"), {}),
        (Parameter("token"), RawRequest(b"", b"token=s-1" + b"&x=1" * 300), {}),
        (Member("secret"), RAW, {"secret": ["s-1"]}),
        (Member("secret"), RAW, {"secret": {"s-1": "s-1"}}),
        (Member("secret"), RAW, {"secret": "s-1\ud800"}),
    ],
)
def test_a_secret_that_is_not_there_exactly_once_is_none(
    part: Part, raw: RawRequest, document: dict[str, Any]
) -> None:
    assert not Auth(part).accepts(raw, document, [b"s-1"])


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
@pytest.mark.parametrize("secret", ["pässword", "pÃ¤ssword"])
def test_a_secret_beyond_ascii_is_right_in_either_charset_of_a_header(
    secret: str, charset: str
) -> None:
    keys = [secret.encode()]
    raw = with_header(secret.encode(charset))
    assert Auth(SIGN).accepts(raw, {}, keys)
    assert Auth(BasicAuth()).accepts(basic(secret.encode(charset)), {}, keys)
    assert not Auth(SIGN).accepts(with_header("pössword".encode(charset)), {}, keys)


def test_a_character_that_cannot_be_sent_is_no_question_mark() -> None:
    assert not Auth(Member("secret")).accepts(RAW, {"secret": "s-\ud800"}, [b"s-?"])
    assert not Auth(Member("secret")).accepts(RAW, {"secret": "s-€"}, [b"s-?"])


def basic(text: bytes, scheme: bytes = b"Basic ") -> RawRequest:
    return with_header(scheme + base64.b64encode(text), name=b"authorization")


def test_basic_is_user_and_password() -> None:
    auth = Auth(BasicAuth())
    assert auth.accepts(basic("user:pä:ss".encode()), {}, ["user:pä:ss".encode()])
    assert auth.accepts(basic(b"user:pass", b"bASIC "), {}, [b"user:pass"])
    for wrong in (
        *(basic(b"user:"), basic(b"user:pass\n"), basic(b"\xff"), basic(b"")),
        *(
            with_header(one, name=b"authorization")
            for one in (b"Basic !", b"Basic \xff", b"user:pass")
        ),
        with_header(base64.b64encode(b"user:pass"), name=b"authorization"),
    ):
        assert not auth.accepts(wrong, {}, [b"user:pass"])


def test_all_keys_are_accepted_while_one_replaces_the_other() -> None:
    auth = Auth(SIGN, Hmac())
    for key in (b"old", b"new"):
        raw = with_header(Hmac().sign(key, b"x"), b"x")
        assert auth.accepts(raw, {}, [b"old", b"new"])
        assert auth.accepts(raw, {}, [b"new", b"old"])
    assert not auth.accepts(with_header(Hmac().sign(b"third", b"x"), b"x"), {}, [b"old", b"new"])


def test_every_key_is_tried_also_after_the_right_one() -> None:
    class Counting(Hmac):
        tried: list[bytes] = []  # noqa: RUF012 - of this test alone

        def verify(self, key: bytes, content: bytes, given: str) -> bool:
            self.tried.append(key)
            return super().verify(key, content, given)

    scheme = Counting()
    keys = [b"a", b"b", b"c"]
    assert Auth(SIGN, scheme).accepts(with_header(Hmac().sign(b"a", b"x"), b"x"), {}, keys)
    assert scheme.tried == keys


def test_a_signature_is_optional_only_where_there_is_no_key() -> None:
    auth = Auth(SIGN, Hmac(), is_optional=True)
    assert auth.accepts(RAW, {}, [])
    assert not auth.accepts(RAW, {}, [b"key"])
    assert not auth.accepts(with_header("00"), {}, [b"key"])
    assert not Auth(SIGN, Hmac()).accepts(RAW, {}, [])


def test_the_secret_in_the_url_is_all_there_is_without_a_part() -> None:
    assert not URL_SECRET.takes_keys
    assert URL_SECRET.accepts(RAW, {}, [])


def test_it_says_in_words_how_a_provider_is_known() -> None:
    words = {name: str(dialect.auth) for name, dialect in DIALECTS.items()}
    assert words["lucky-monaco-v4"] == "the secret in the URL"
    assert words["bgaming"] == "HMAC-SHA256 of the body in the header X-REQUEST-SIGN"
    assert words["caleta"] == "RSA-SHA256 of the body in the header X-Auth-Signature"
    assert words["pragmatic"] == "MD5 with the key of the sorted fields in the field hash"
    assert words["evolution"] == "a shared secret in the URL's parameter authToken"
    assert str(Auth(BasicAuth())) == "a shared secret in HTTP Basic"
