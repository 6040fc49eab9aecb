"""An endpoint's example Cancel as a command of curl, signed. Secrets stand in it as what the shell
puts there: what is printed ends up in terminals, tickets and logs."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final
from urllib.parse import quote

from unbet.cli.endpoint_list import EndpointCommandSettings, ListedEndpoint, secret_of
from unbet.dialects.auth import Auth, BasicAuth, Header, Stamped
from unbet.dialects.body import read
from unbet.dialects.examples import Example, Sign, document_of, request_of, values_of
from unbet.dialects.port import Dialect
from unbet.dialects.raw import Document, RawRequest
from unbet.runtime.key_source import KeySource

NEEDS_PRIVATE_KEY: Final = (
    "it is signed with the provider's private key, and the endpoint has the public one: name the "
    "private key's file as --private-key"
)


class NoExampleError(ValueError):
    """There is no example of an endpoint: the text says why."""


@dataclass(frozen=True)
class ExampleMaker:
    """What the examples of all endpoints have in common."""

    chosen: EndpointCommandSettings
    url: str
    reference: str
    player: str
    currency: str
    private_key: str | None
    shows_secrets: bool

    def command(self, endpoint: ListedEndpoint) -> str:
        """One line for a shell. Raises `NoExampleError`."""
        try:
            return self._command(endpoint)
        except ValueError as error:
            raise NoExampleError(str(error)) from None

    def _command(self, endpoint: ListedEndpoint) -> str:
        dialect, config = endpoint.dialect, endpoint.config
        if not config.holds_at(datetime.now(UTC)):
            raise ValueError("until: its secret has expired")
        example = Example(self.reference, self.player, self.currency, config.provider)
        document, keys = document_of(dialect, example), config.read_keys()
        sign, under = self._signing(dialect.auth, keys), ""
        if isinstance(dialect.auth.content, Stamped):
            under = f"/{secret_of(self.chosen, endpoint)}"  # the whole path is signed
        raw = request_of(dialect, document, sign, under=under)
        _require_accepted(raw, document, config.provider, dialect, keys)
        raw = raw._replace(path=raw.path.removeprefix(under))
        if self.shows_secrets:
            return Shell().line(self._arguments(endpoint, raw, secret_of(self.chosen, endpoint)))
        return self._without_secrets(endpoint, raw, document, keys)

    def _without_secrets(
        self, endpoint: ListedEndpoint, raw: RawRequest, document: Document, keys: Sequence[Any]
    ) -> str:
        """The command for `raw`, in which the shell puts the secrets."""
        shell, user, auth = Shell(), None, endpoint.dialect.auth
        name, what = f"URL_SECRET_{endpoint.number}", f"the URL secret of {endpoint.title}"
        secret = shell.word(endpoint.source, name, what)
        if keys and auth.scheme is None:
            # The request has the secret itself where others have a signature.
            _require_plain(auth, keys[0].decode())
            word = shell.word(endpoint.config.keys[0])
            raw = request_of(endpoint.dialect, document, lambda *_: word)
            if isinstance(auth.part, BasicAuth):
                raw, user = raw._replace(headers=()), word
        return shell.line(self._arguments(endpoint, raw, secret, user))

    def _signing(self, auth: Auth, keys: Sequence[Any]) -> Sign | None:
        if not keys:
            return None
        key = keys[0]
        if self.private_key is not None and not isinstance(key, bytes):
            try:
                key = auth.key(self.private_key)
            except ValueError as error:
                raise ValueError(f"--private-key: {error}") from None

        def sign(raw: RawRequest, document: Document) -> str:
            try:
                return auth.signature(raw, document, key)
            except ValueError:
                raise ValueError(NEEDS_PRIVATE_KEY) from None

        return sign

    def _arguments(
        self, endpoint: ListedEndpoint, raw: RawRequest, secret: str, user: str | None = None
    ) -> list[str]:
        query = f"?{raw.query.decode()}" if raw.query else ""
        arguments = ["curl", "--silent", "--show-error", "--request", raw.method]
        if user is not None:
            arguments += ["--user", user]
        if raw.body:
            arguments += ["--header", f"Content-Type: {endpoint.dialect.codec.request_type}"]
        for name, value in raw.headers:
            arguments += ["--header", f"{name.decode()}: {value.decode()}"]
        if raw.body:
            arguments += ["--data-raw", raw.body.decode()]
        return [*arguments, f"{self.url.rstrip('/')}/{secret}{raw.path}{query}"]


class Shell:
    """Words that a shell puts in place of others, inside of what is quoted."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    def word(self, source: KeySource | None, name: str = "", what: str = "") -> str:
        """What stands for the value of `source`, or of a variable `name` that a person sets to
        `what`."""
        mark = token_hex(16)  # every form of a request has it as it is
        if source is not None and source.file is not None:
            self._words[mark] = f'"$(cat {shlex.quote(source.file)})"'
        else:
            missing = "set it" if source else f"set it to {what}"
            self._words[mark] = f'"${{{source.env if source else name}:?{missing}}}"'
        return mark

    def line(self, arguments: Sequence[str]) -> str:
        """The command, in which nothing but these words means something to the shell."""
        return " ".join(map(self._argument, arguments))

    def _argument(self, argument: str) -> str:
        parts = re.split(f"({'|'.join(self._words) or '$.'})", argument)
        quoted = (self._words.get(part) or shlex.quote(part) for part in parts if part)
        return "".join(quoted) or "''"


def _require_accepted(
    raw: RawRequest, document: Document, provider: str, dialect: Dialect, keys: Sequence[Any]
) -> None:
    """The receiver would take it."""
    reading = read(raw, values_of(dialect, document), provider, dialect, keys)
    if reading.reason == "signature":
        raise ValueError("--private-key: it is of none of the endpoint's keys")
    if reading.parsed is None:
        raise ValueError(reading.problem)


def _require_plain(auth: Auth, key: str) -> None:
    """A shell encodes nothing: not for a form, not for JSON."""
    if not isinstance(auth.part, BasicAuth | Header) and quote(key, safe="") != key:
        raise ValueError(
            f"its key has characters that a shell cannot put into {auth.part}: see the request "
            "with --show-secret"
        )
