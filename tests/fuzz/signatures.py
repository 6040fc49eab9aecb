"""Signatures and secrets made to be taken for right ones, of each way to know a provider."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any, Final, NamedTuple

from tests.fuzz.signing import rsa_key
from unbet.dialects.auth import (
    Auth,
    BasicAuth,
    Content,
    Header,
    Member,
    Parameter,
    Part,
    Stamped,
    fields,
    raw_body,
    sorted_pairs,
    sorted_values,
)
from unbet.dialects.raw import RawRequest
from unbet.dialects.schemes import DigestWithKey, Form, Hmac, RsaSha256, Scheme

FORMS: Final[tuple[Form, ...]] = ("hex", "HEX", "base64", "base64url")
CONTENTS: Final[tuple[Content, ...]] = (
    raw_body,
    Stamped("X-Time"),
    fields("a", "b"),
    sorted_pairs(without="sign"),
    sorted_pairs(without="sign", with_empty=False),
    sorted_values(without=("sign",), sorted_as={"b": "0"}),
)
PARTS: Final[tuple[Part, ...]] = (
    *(Header("X-Sign"), Header("Authorization", "Bearer "), Parameter("sign"), Member("sign")),
)
SECRET: Final = "user:a pass-word/ü"  # noqa: S105
RIGHT: Final = "right"


class Signature(NamedTuple):
    """A request with something where its signature belongs."""

    kind: str
    auth: Auth
    keys: tuple[Any, ...]
    raw: RawRequest
    document: dict[str, Any]
    given: object
    """What stands in the place; the right one if `kind` is `RIGHT`."""
    right: str


class Signatures:
    """As many as one asks for; the same ones for the same seed, but for the RSA key."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def next(self) -> Signature:
        random = self._random
        scheme, key = self._scheme()
        part = random.choice([*PARTS, BasicAuth()] if scheme is None else PARTS)
        auth = Auth(part, scheme, random.choice(CONTENTS), random.choice([None, *CONTENTS]))
        document = {"a": self._text(), "b": random.choice([self._text(), 5, None, "\ud800"])}
        query = random.choice([b"a=1&b=2", b"b=%zz&c=%c3%bc", b"", b"a=%ff", b"a=1;b=2"])
        bodies = [random.randbytes(random.randrange(40)), b"b=1&a=2", b"a=%ff", b"b=1&a=&c="]
        body = random.choice(bodies)
        raw = RawRequest(body, query, "/cancel", [(b"x-time", b"17")], "POST")
        given: object = "00"
        try:
            right = (
                SECRET
                if scheme is None
                else random.choice(_signers(auth)).signature(raw, document, key)
            )
        except Exception:  # noqa: BLE001 - there is nothing to sign in it; `accepts` must bear it
            kind, right = "unreadable", "00"
        else:
            kind, given = self._given(right)
        keys = (self._other(scheme), key)[:: random.choice([1, -1])]
        placed, document = self._placed(raw, document, part, given)
        return Signature(kind, auth, keys, placed, document, given, right)

    def _scheme(self) -> tuple[Scheme | None, Any]:
        form = self._random.choice(FORMS)
        digest = self._random.choice(["md5", "sha1", "sha256", "sha512"])
        choices: list[tuple[Scheme | None, Any]] = [
            (None, SECRET.encode()),
            (Hmac(digest, form), SECRET.encode()),
            (DigestWithKey(digest, form), SECRET.encode()),
        ]
        if self._random.random() < 0.1:
            return RsaSha256(form if form.startswith("base64") else "base64"), rsa_key()
        return self._random.choice(choices)

    def _other(self, scheme: Scheme | None) -> Any:
        return rsa_key() if isinstance(scheme, RsaSha256) else b"another key"

    def _text(self) -> str:
        return self._random.choice(["", "1", "ü", "\u2028", "a&b=c", "x" * 300])

    def _given(self, right: str) -> tuple[str, object]:
        random = self._random
        at = random.randrange(len(right))
        kinds: list[tuple[str, Callable[[], object]]] = [
            (RIGHT, lambda: right),
            ("a character changed", lambda: right[:at] + chr(ord(right[at]) ^ 1) + right[at + 1 :]),
            ("cut off", lambda: right[:at]),
            (
                "longer",
                lambda: right + random.choice([right, "=", "A", "==", "\n", " ", "\0", "ü"]),
            ),
            ("spaced", lambda: right[:at] + random.choice(" \t\n\r=_-+/") + right[at:]),
            ("empty", lambda: ""),
            ("another case", right.swapcase),
            (
                "other text",
                lambda: random.choice(["ü" * 64, "\ud800", "\u212a", "ﬀ" * 32, "٣" * 64]),
            ),
            ("random", lambda: random.randbytes(len(right)).hex()[: len(right)]),
            ("random base64", lambda: base64.b64encode(random.randbytes(256)).decode()),
            ("no text", lambda: random.choice([None, 0, True, [5], {"x": right}, 1.5])),
            ("twice", lambda: [right, right]),
        ]
        kind, make = random.choice(kinds)
        return kind, make()

    def _placed(
        self, raw: RawRequest, document: dict[str, Any], part: Part, given: object
    ) -> tuple[RawRequest, dict[str, Any]]:
        """`given` put where it belongs, as far as it can stand there."""
        values = given if isinstance(given, list) else [given]
        texts = [one for one in values if isinstance(one, str)]
        match part:
            case Header(name=name, prefix=prefix):
                sent = [prefix + one for one in texts]
            case BasicAuth():
                name = "Authorization"
                sent = [f"Basic {_base64(one)}" for one in texts]
            case Parameter(name=name):
                more = "".join(f"&{name}={_quoted(one)}" for one in texts).encode()
                return raw._replace(query=raw.query + more), document
            case Member(name=name):
                return raw, document | {name: given}
        charset = self._random.choice(["latin-1", "utf-8"])
        headers = [(name.lower().encode(), one.encode(charset, "replace")) for one in sent]
        return raw._replace(headers=[*raw.headers, *headers]), document


def judge_signature(signature: Signature) -> str:
    """What became of it. Raises `AssertionError` if a wrong one is accepted, or a right one not."""
    kind, auth, keys, raw, document, given, right = signature
    accepted = auth.accepts(raw, document, keys)
    assert not auth.accepts(raw, document, ()), "nobody has a key"
    if kind == RIGHT and not _is_in_its_own_way(auth):
        assert accepted, "the right one is refused"
    if accepted:
        assert _means(auth, given, right), f"{given!r} is taken for {right!r}"
    return f"{'accepted' if accepted else 'refused'}: {kind}"


def _is_in_its_own_way(auth: Auth) -> bool:
    """Whether the signature may change what is signed, so that a right one may be refused."""
    return isinstance(auth.part, Parameter)


def _signers(auth: Auth) -> list[Auth]:
    """One for each content that may be signed."""
    return [auth, *([replace(auth, content=auth.or_content)] if auth.or_content else [])]


def _means(auth: Auth, given: object, right: str) -> bool:
    """Whether it is the right one, perhaps spelled in a way that says the same."""
    if not isinstance(given, str):
        return False
    form = getattr(auth.scheme, "form", None)
    if form in ("hex", "HEX"):
        return given.casefold() == right.casefold()
    if form == "base64url" or isinstance(auth.scheme, RsaSha256):
        return _decoded(given) == _decoded(right)
    return given == right


def _decoded(text: str) -> bytes | None:
    try:
        plain = text.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None


def _base64(text: str) -> str:
    return base64.b64encode(text.encode(errors="replace")).decode()


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogatepass"))
