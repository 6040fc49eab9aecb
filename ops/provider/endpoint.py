"""The operator's endpoint, as the provider reaches it: a URL and the connections to it."""

import asyncio
import ssl
from urllib.parse import urlsplit

from ops.provider.connection import Connection, NoAnswerError, Response

_HOW_URLS_LOOK = "expected http://host:port/secret"


class EndpointError(Exception):
    """The URL is wrong or nobody listens there; the text is one sentence and holds no secret."""


class Endpoint:
    """`url` as the operator told it to the provider; Cancels go to `<url>/V4/Cancel`.

    Connections are kept and used again; there are as many as calls at a time. Raises
    `EndpointError`.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise EndpointError(f"the URL has a wrong host or port: {error}.") from None
        path = parts.path.rstrip("/").removesuffix("/V4/Cancel")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EndpointError(f"the URL has no scheme or no host: {_HOW_URLS_LOOK}.")
        if parts.query or parts.fragment or parts.username is not None:
            raise EndpointError(f"the URL has more than a path: {_HOW_URLS_LOOK}.")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise EndpointError(f"the URL has a character that no URL has: {_HOW_URLS_LOOK}.")
        self._host = parts.hostname
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = port if port is not None else 443 if self._tls else 80
        self._head = (
            f"POST {path}/V4/Cancel HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._idle: list[Connection] = []

    def __str__(self) -> str:
        """Where it is, without the secret."""
        return f"{self._host}:{self._port}"

    async def reach(self, within_s: float) -> None:
        """Open a connection and keep it. Raises `EndpointError` if that cannot be done."""
        try:
            async with asyncio.timeout(within_s):
                self._idle.append(await self._connect())
        except TimeoutError:
            raise EndpointError(
                f"{self} cannot be reached: no connection within {within_s:g} s."
            ) from None
        except NoAnswerError as error:
            raise EndpointError(f"{self} cannot be reached: {error}.") from None

    async def post(self, body: bytes) -> Response:
        """What was answered to `body`. Raises `NoAnswerError`; how long it may take is bounded by
        the caller, whose cancelling closes the connection."""
        connection = self._take() or await self._connect()
        try:
            return await connection.send(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        finally:
            if connection.reusable:
                self._idle.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable:
                return connection
        return None

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                Connection, self._host, self._port, ssl=self._tls
            )
        except ssl.SSLError as error:
            raise NoAnswerError(f"TLS failed ({error.reason or error})") from None
        except ConnectionRefusedError:
            raise NoAnswerError("the connection was refused") from None
        except OSError as error:
            raise NoAnswerError(f"no connection ({error.strerror or error})") from None
        return connection
