"""How a request shows that its provider has sent it. Every comparison takes the same time for a
wrong value as for a right one, and looks at every key."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from unbet.dialects.raw import BadRequestError, Document, RawRequest, bytes_sent, pairs_of
from unbet.dialects.redaction import redacted
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
    """A header, after `prefix`, which is taken in either case: mostly the name of a scheme (RFC
    9110, 11.1)."""

    name: str
    prefix: str = ""
    is_content = False

    def read(self, raw: RawRequest, document: Document) -> str | None:  # noqa: ARG002 - as all parts
        value = raw.header(self.name)
        length = len(self.prefix)
        if value is None or value[:length].lower() != self.prefix.lower():
            return None
        return value[length:]

    def __str__(self) -> str:
        return f"the header {self.name}"


@dataclass(frozen=True)
class BasicAuth:
    """HTTP Basic: the secret is `user:password`."""

    is_content = False

    def read(self, raw: RawRequest, document: Document) -> str | None:
        encoded = Header("Authorization", "Basic ").read(raw, document)
        try:
            decoded = None if encoded is None else base64.b64decode(encoded, validate=True)
        except ValueError:
            return None
        return None if decoded is None else decoded.decode("latin-1")

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
        stamp = (raw.header(self.header) or "").encode("latin-1")
        return stamp + raw.path.encode("latin-1") + query + raw.body

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


def sorted_pairs(*, without: str, with_empty: bool = True) -> Content:
    """The fields of a form as `name=value`, sorted by name and joined by `&`."""

    def content(raw: RawRequest, _: Document) -> bytes:
        pairs = [pair for pair in sorted(pairs_of(raw.body)) if with_empty or pair[1]]
        return bytes_sent("&".join(f"{name}={value}" for name, value in pairs if name != without))

    content.__doc__ = "the sorted fields"
    return content


def sorted_values(*, without: Sequence[str], sorted_as: dict[str, str]) -> Content:
    """The values of the query in the order of their names, one after the other. A name in
    `sorted_as` has the place of another one."""

    def content(raw: RawRequest, _: Document) -> bytes:
        pairs = sorted((sorted_as.get(name, name), name, v) for name, v in pairs_of(raw.query))
        return bytes_sent("".join(value for _, name, value in pairs if name not in without))

    content.__doc__ = "the query's sorted values"
    return content


@dataclass(frozen=True)
class Auth:
    """A signature of `content` by `scheme`, or without these a shared secret, in `part`. Without a
    `part` the secret in the URL is all."""

    part: Part | None = None
    scheme: Scheme | None = None
    content: Content = raw_body
    or_content: Content | None = None
    """What may be signed instead, where it is not known which of the two a provider signs."""
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
        accepted, contents = False, list(self._contents(raw, document))
        for key in keys:
            for content in contents:
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
        return redacted(text, [key.decode() for key in keys])

    def _contents(self, raw: RawRequest, document: Document) -> Iterator[bytes]:
        if self.scheme is None:
            yield b""
            return
        for content in filter(None, (self.content, self.or_content)):
            with suppress(BadRequestError, ValueError):  # half a surrogate pair has no bytes
                yield content(raw, document)

    def _is_right(self, key: Any, content: bytes, given: str) -> bool:
        if self.scheme is not None:
            return self.scheme.verify(key, content, given)
        is_right = hmac.compare_digest(key, given.encode(errors="surrogatepass"))
        if isinstance(self.part, Header | BasicAuth):  # its bytes may be UTF-8 as well
            is_right |= hmac.compare_digest(key, given.encode("latin-1"))
        return is_right

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
