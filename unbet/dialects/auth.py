"""How a request shows that its provider has sent it. Every comparison takes the same time for a
wrong value as for a right one, and looks at every key."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from unbet.dialects.raw import BadRequestError, Document, RawRequest, pairs_of
from unbet.dialects.schemes import Scheme, bytes_of

MIN_SECRET_LENGTH: Final = 8
"""Characters. The secret is replaced in stored requests; a shorter one could be part of a reference
and damage it."""


class Part(Protocol):
    """A named part of a request that holds a signature or a secret."""

    @property
    def is_content(self) -> bool:
        """Whether it is in what is kept of the request."""
        ...

    def read(self, raw: RawRequest, document: Document) -> str | None:
        """What it holds in a request, of which `document` was read; None if it is not there."""
        ...


@dataclass(frozen=True)
class Header:
    """A header, after `prefix`."""

    name: str
    prefix: str = ""
    is_content = False

    def read(self, raw: RawRequest, document: Document) -> str | None:  # noqa: ARG002 - as all parts
        value = raw.header(self.name)
        if value is None or not value.startswith(self.prefix):
            return None
        return value.removeprefix(self.prefix)

    def __str__(self) -> str:
        return f"the header {self.name}"


@dataclass(frozen=True)
class BasicAuth:
    """HTTP Basic: the secret is `user:password`."""

    is_content = False

    def read(self, raw: RawRequest, document: Document) -> str | None:
        encoded = Header("Authorization", "Basic ").read(raw, document)
        try:
            return None if encoded is None else base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            return None

    def __str__(self) -> str:
        return "HTTP Basic"


@dataclass(frozen=True)
class Parameter:
    """A parameter of the URL's query."""

    name: str
    is_content = True  # of a dialect that keeps its query

    def read(self, raw: RawRequest, document: Document) -> str | None:  # noqa: ARG002 - as all parts
        try:
            return raw.parameter(self.name)
        except BadRequestError:
            return None

    def __str__(self) -> str:
        return f"the URL's parameter {self.name}"


@dataclass(frozen=True)
class Member:
    """A field of the request's document."""

    name: str
    is_content = True

    def read(self, raw: RawRequest, document: Document) -> str | None:  # noqa: ARG002 - as all parts
        value = document.get(self.name)
        return value if isinstance(value, str) else None

    def __str__(self) -> str:
        return f"the field {self.name}"


Content = Callable[[RawRequest, Document], bytes]
"""What is signed. Its docstring's first line says it in words."""


def raw_body(raw: RawRequest, _: Document) -> bytes:
    """the body"""
    return raw.body


@dataclass(frozen=True)
class Stamped:
    """The value of `header`, then path and query as they were sent, then the body."""

    header: str

    def __call__(self, raw: RawRequest, _: Document) -> bytes:
        query = b"?" + raw.query if raw.query else b""
        stamp = (raw.header(self.header) or "").encode()
        return stamp + raw.path.encode() + query + raw.body

    def __str__(self) -> str:
        return f"{self.header}, path and body"


def fields(*names: str) -> Content:
    """The values of these fields, one after the other; what is missing or no text counts as
    empty."""

    def content(_: RawRequest, document: Document) -> bytes:
        values = (document.get(name) for name in names)
        return "".join(value for value in values if isinstance(value, str)).encode()

    content.__doc__ = f"the fields {', '.join(names)}"
    return content


def sorted_pairs(*, without: str) -> Content:
    """The fields of a form as `name=value`, sorted by name and joined by `&`."""

    def content(raw: RawRequest, _: Document) -> bytes:
        pairs = sorted(pairs_of(raw.body))
        return "&".join(f"{name}={value}" for name, value in pairs if name != without).encode()

    content.__doc__ = "the sorted fields"
    return content


def sorted_values(*, without: Sequence[str], sorted_as: dict[str, str]) -> Content:
    """The values of the query in the order of their names, one after the other. A name in
    `sorted_as` has the place of another one."""

    def content(raw: RawRequest, _: Document) -> bytes:
        pairs = sorted((sorted_as.get(name, name), name, v) for name, v in pairs_of(raw.query))
        return "".join(value for _, name, value in pairs if name not in without).encode()

    content.__doc__ = "the query's sorted values"
    return content


@dataclass(frozen=True)
class Auth:
    """A signature of `content` by `scheme`, or without these a shared secret, in `part`. Without a
    `part` the secret in the URL is all."""

    part: Part | None = None
    scheme: Scheme | None = None
    content: Content = raw_body
    is_optional: bool = False
    """Whether an endpoint may have no key, and then none is asked for."""

    @property
    def takes_keys(self) -> bool:
        return self.part is not None

    def key(self, text: str) -> Any:
        """A key of an endpoint. Raises `ValueError`."""
        if self.scheme is not None:
            return self.scheme.key(text)
        if len(text) < MIN_SECRET_LENGTH:
            raise ValueError(f"it has less than {MIN_SECRET_LENGTH} characters")
        return text.encode()

    def fingerprint(self, key: Any) -> bytes:
        """The same for keys that verify the same; a key cannot be made of it."""
        return hashlib.sha256(bytes_of(key)).digest()

    def accepts(self, raw: RawRequest, document: Document, keys: Sequence[Any]) -> bool:
        """Whether one of `keys` has signed the request. All are tried."""
        if self.part is None or (self.is_optional and not keys):
            return True
        given = self.part.read(raw, document)
        if given is None:
            return False
        try:
            content = b"" if self.scheme is None else self.content(raw, document)
        except (BadRequestError, ValueError):  # half a surrogate pair has no bytes
            return False
        accepted = False
        for key in keys:
            accepted |= self._is_right(key, content, given)
        return accepted

    def signature(self, raw: RawRequest, document: Document, key: Any) -> str:
        """What `part` has to hold. Raises `ValueError` for a key that can only verify."""
        if self.scheme is None:
            return str(key.decode())
        return self.scheme.sign(key, self.content(raw, document))

    def redacted(self, text: str, keys: Sequence[Any]) -> str:
        """`text` of the request without the secret that it holds."""
        if self.scheme is not None or self.part is None or not self.part.is_content:
            return text
        for key in keys:
            for spelling in _spellings(key.decode()):
                text = text.replace(spelling, "[secret]")
        return text

    def _is_right(self, key: Any, content: bytes, given: str) -> bool:
        if self.scheme is None:
            return hmac.compare_digest(key, given.encode(errors="replace"))
        return self.scheme.verify(key, content, given)

    def __str__(self) -> str:
        if self.part is None:
            return "the secret in the URL"
        if self.scheme is None:
            return f"a shared secret in {self.part}"
        return f"{self.scheme} of {self._signed()} in {self.part}"

    def _signed(self) -> str:
        if isinstance(self.content, Stamped):
            return str(self.content)
        return (self.content.__doc__ or "").partition(".")[0]


URL_SECRET: Final = Auth()


def _spellings(secret: str) -> list[str]:
    """As forms, JSON and XML have it; the longest first."""
    escaped = json.dumps(secret)[1:-1]
    in_forms = [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    lower = [re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), one) for one in in_forms]
    in_json = [escaped, escaped.replace("/", "\\/"), json.dumps(secret, ensure_ascii=False)[1:-1]]
    in_xml = [escape(secret), escape(secret, {'"': "&quot;", "'": "&apos;"})]
    return sorted({secret, *in_forms, *lower, *in_json, *in_xml}, key=len, reverse=True)
