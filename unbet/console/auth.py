"""Authentication: logins, and the headers that protect a browser's session."""

import base64
import binascii
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr
from starlette.authentication import (
    AuthCredentials,
    AuthenticationBackend,
    AuthenticationError,
    BaseUser,
    SimpleUser,
)
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unbet.runtime.endpoint_registry import UNKNOWN, WrongSecrets

HEADERS: Final = {
    # Scripts and styles of our own files only: a text that gets past the escaping is still a text.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    # Addresses of pages hold references and players. Not `no-referrer`: that would take the origin
    # away from our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # What is shown to one person is not kept for the next one.
    "cache-control": "no-store",
}

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

log = structlog.get_logger("console")


class TooManyError(AuthenticationError):
    """An address has had its wrong tries for now."""


class Login(AuthenticationBackend):
    """HTTP Basic. The right login is let in whatever others have tried: at three in the morning
    nobody is locked out."""

    def __init__(self, logins: Mapping[str, SecretStr]) -> None:
        self._logins = {
            user: _digest(f"{user}:{password.get_secret_value()}".encode())
            for user, password in logins.items()
        }
        self._wrong = WrongSecrets()

    async def authenticate(self, conn: HTTPConnection) -> tuple[AuthCredentials, BaseUser]:
        given = conn.headers.get("authorization")
        if given is None:  # a browser's first request, before it asks its person
            raise AuthenticationError("This is Unbet's console. Log in.")
        user = self._user(given)
        if user is None:
            address = conn.client.host if conn.client else UNKNOWN
            if self._wrong.too_many(address):
                raise TooManyError("Too many wrong logins. Wait a minute.")
            log.warning("wrong login", address=address)
            raise AuthenticationError("Wrong user or password.")
        return AuthCredentials(), SimpleUser(user)

    def _user(self, authorization: str) -> str | None:
        """The user whose login it is. It is compared with each, in constant time."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = _digest(base64.b64decode(encoded.strip(), validate=True))
        except (binascii.Error, ValueError):
            return None
        found = [user for user, right in self._logins.items() if compare_digest(given, right)]
        return found[0] if found and scheme.lower() == "basic" else None


def refuse(_conn: HTTPConnection, error: AuthenticationError) -> Response:
    """What somebody hears who is not let in."""
    if isinstance(error, TooManyError):
        return PlainTextResponse(str(error), 429, {"retry-after": "60"})
    challenge = {"www-authenticate": 'Basic realm="Unbet console", charset="UTF-8"'}
    return PlainTextResponse(str(error), 401, challenge)


def from_elsewhere(headers: Headers) -> bool:
    """Whether a browser says that another site's page sends this. What says nothing is no browser
    of these years; the form's token decides."""
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


class SameOriginOnly:
    """Changes are asked for by our own pages only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["method"] not in _SAFE
            and from_elsewhere(Headers(scope=scope))
        ):
            refusal = PlainTextResponse("This was not sent by a page of the console.", 403)
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class SecurityHeaders:
    """Puts `HEADERS` on every response, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_guarded if scope["type"] == "http" else send)


def _digest(login: bytes) -> bytes:
    # Of one length, so that a comparison does not tell the length either.
    return sha256(login).digest()
