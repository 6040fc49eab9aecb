"""The operator's endpoint, as the provider reaches it: a URL and the connections to it."""

import asyncio
import socket
import ssl
import time
from copy import copy
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from testbed.provider.connection import Connection, NoAnswerError, Response
from testbed.provider.dialects import V4, Dialect, Request
from testbed.provider.dialects.port import JSON

KEPT_IDLE_S: Final = 50.0
"""An idle connection is used again for so long: an operator's server closes it at some time, which
may be the moment of the next call. Proxies commonly keep theirs for a minute."""

_HOW_URLS_LOOK = "expected http://host:port/secret"


class EndpointError(Exception):
    """The URL is wrong or nobody listens there; the text is one sentence and holds no secret."""


class Endpoint:
    """`url` as the operator told it to the provider; Cancels go to the dialect's path of it.

    `key` signs them, where the dialect needs one.

    Connections are kept and used again; there are as many as calls at a time. Raises
    `EndpointError`.
    """

    def __init__(self, url: str, dialect: Dialect = V4, key: str = "") -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise EndpointError(f"the URL has a wrong host or port: {error}.") from None
        secret = parts.path.rstrip("/").removesuffix(dialect.path)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EndpointError(f"the URL has no scheme or no host: {_HOW_URLS_LOOK}.")
        if parts.query or parts.fragment or parts.username is not None:
            raise EndpointError(f"the URL has more than a path: {_HOW_URLS_LOOK}.")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise EndpointError(f"the URL has a character that no URL has: {_HOW_URLS_LOOK}.")
        self.dialect = dialect
        self.key = key
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = port if port is not None else 443 if self._tls else 80
        self._site = f"{parts.scheme}://{parts.netloc}"
        self._secret = secret
        self._target = f"{secret}{dialect.path}"
        self._rest = f" HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        self._idle: list[Connection] = []
        self._from: tuple[str, int] | None = None

    def __str__(self) -> str:
        """Where it is, without the secret."""
        return f"{self._host}:{self._port}"

    async def reach(self, within_s: float) -> None:
        """Open a connection and keep it. Raises `EndpointError` if that cannot be done."""
        try:
            async with asyncio.timeout(within_s):
                self._idle.append(await self.connect())
        except TimeoutError:
            raise EndpointError(
                f"{self} cannot be reached: no connection within {within_s:g} s."
            ) from None
        except NoAnswerError as error:
            raise EndpointError(f"{self} cannot be reached: {error}.") from None

    def with_secret(self, secret: str) -> "Endpoint | None":
        """The same place by another secret; None if this one's URL has none."""
        before, slash, own = self._secret.rpartition("/")
        url = f"{self._site}{before}{slash}{secret}"
        return Endpoint(url, self.dialect, self.key) if own else None

    def called_from(self, address: str) -> "Endpoint":
        """The same place, called from that address of this machine. Raises `EndpointError`."""
        try:
            family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
            with socket.socket(family) as probe:
                probe.bind((address, 0))
        except (ValueError, OSError):
            raise EndpointError(f"{address} is no address of this machine.") from None
        other = copy(self)
        other._idle, other._from = [], (address, 0)
        return other

    async def post(
        self, body: bytes, method: str = "POST", content_type: str | None = JSON
    ) -> Response:
        """As `call`, a body by itself."""
        return await self.call(Request(body, content_type), method)

    async def call(self, request: Request, method: str | None = None) -> Response:
        """What was answered to `request`, by the dialect's method or another one. Raises
        `NoAnswerError`; how long it may take is bounded by the caller, whose cancelling closes the
        connection."""
        connection = self._take() or await self.connect()
        try:
            return await connection.send(self.written(request, method))
        finally:
            if connection.reusable:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def written(self, request: Request, method: str | None = None) -> bytes:
        """The whole request that `call` sends."""
        typed = "" if request.content_type is None else f"Content-Type: {request.content_type}\r\n"
        more = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
        query = f"?{request.query}" if request.query else ""
        target = f"{method or self.dialect.method} {self._target}{query}{self._rest}"
        head = f"{target}{typed}{more}Content-Length: {len(request.body)}\r\n\r\n"
        return head.encode() + request.body

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and time.monotonic() - connection.used_at < KEPT_IDLE_S:
                return connection
            connection.close()
        return None

    async def connect(self) -> Connection:
        """A connection that nobody else uses. Raises `NoAnswerError`."""
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                Connection, self._host, self._port, ssl=self._tls, local_addr=self._from
            )
        except ssl.SSLError as error:
            raise NoAnswerError(f"TLS failed ({error.reason or error})") from None
        except ConnectionRefusedError:
            raise NoAnswerError("the connection was refused") from None
        except OSError as error:
            raise NoAnswerError(f"no connection ({error.strerror or error})") from None
        return connection
