"""Ignores a client's offer to leave HTTP/1.1, as a server may.

httptools would take such a request's body for the other protocol and pass nothing on: the cancels
of Java's HttpClient on plain HTTP, for instance.
"""

from collections.abc import Iterable
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER: Final = (b"upgrade", b"http2-settings")


def parser_for(connection: HttpToolsProtocol) -> Any:
    """A parser as uvicorn makes it."""
    parser = httptools.HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


def head_without_offer(parser: Any, url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The head that `parser` has read, without what offers another protocol."""
    version = parser.get_http_version().encode()
    lines = [b"%s %s HTTP/%s" % (parser.get_method(), url, version)]
    for name, value in headers:
        if name == b"connection":
            tokens = [token.strip() for token in value.split(b",")]
            value = b", ".join(t for t in tokens if t.lower() not in _OFFER)
        if name not in _OFFER:
            lines.append(b"%s: %s" % (name, value))
    return b"\r\n".join([*lines, b"", b""])
