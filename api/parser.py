"""A parser of requests that stays with HTTP/1.1, around httptools' own."""

from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER: Final = (b"upgrade", b"http2-settings")


class KeepHttp1Parser:
    """A parser that stays with HTTP/1.1: an offer to leave it is passed over, as a server may.
    httptools would take such a request's body for the other protocol and hand on none: the cancels
    of Java's HttpClient on plain HTTP, for instance."""

    def __init__(self, connection: HttpToolsProtocol, parser: Any) -> None:
        self._connection = connection
        self._parser = parser

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._parser.get_method() == b"CONNECT":
                raise
            head = self._head_without_offer()
            self._parser = httptools.HttpRequestParser(self._connection)
            self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.feed_data(head + data[offer.args[0] :])

    def _head_without_offer(self) -> bytes:
        """The head that was read, without what offers another protocol."""
        version = self._parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self._parser.get_method(), self._connection.url, version)]
        for name, value in self._connection.headers:
            if name == b"connection":
                tokens = [token.strip() for token in value.split(b",")]
                value = b", ".join(t for t in tokens if t.lower() not in _OFFER)
            if name not in _OFFER:
                lines.append(b"%s: %s" % (name, value))
        return b"\r\n".join([*lines, b"", b""])
