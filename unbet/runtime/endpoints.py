"""Reads `UNBET_ENDPOINTS`: the endpoint of each secret in a provider's URL."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from unbet.core.fields import ProviderId
from unbet.dialects import DIALECTS, DialectName
from unbet.dialects.port import Dialect, LateBet

SEGMENT: Final = r"[A-Za-z0-9._~-]{16,}"
"""A secret: one segment of the URL's path, and long enough not to be guessed."""

_FORM: Final = 'expected JSON as {"the-secret": {"provider": "LuckyMonaco"}}'


def check_url(url: str) -> str:
    """The URL of an HTTP endpoint. Raises `ValueError` if it is none, without the URL in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http:// or https:// and a host")
    return url


class KeySource(BaseModel):
    """Where a key is: in an environment variable or in a file, read when a receiver starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Annotated[str, Field(min_length=1)] | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "KeySource":
        if (self.env is None) == (self.file is None):
            raise ValueError('expected {"env": "NAME"} or {"file": "/path"}')
        return self

    def read(self) -> str:
        """The key, without white space at its ends. Raises `ValueError` that names the source."""
        try:
            text = os.environ[self.env] if self.env else self._file().read_text("utf-8")
        except KeyError:
            raise ValueError(f"{self}: it is not set") from None
        except (OSError, UnicodeDecodeError) as error:
            problem = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ValueError(f"{self}: {problem}") from None
        return text.strip()

    def _file(self) -> Path:
        assert self.file is not None  # noqa: S101 - one of the two is given
        return self.file

    def __str__(self) -> str:
        return f"env {self.env}" if self.env else f"file {self.file}"


class EndpointConfig(BaseModel):
    """One URL that a provider was told, by its secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: ProviderId
    """The ledger's key: this endpoint can cancel only this provider's bets."""
    dialect: DialectName = "lucky-monaco-v4"
    wallet: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """What decides its cancels; `UNBET_WALLET` if it is not named."""
    dry_run_url: Annotated[str, AfterValidator(check_url)] | None = None
    """In a dry run: where its requests are passed on to; UNBET_WALLET_DRY_RUN_URL if not given."""
    until: AwareDatetime | None = None
    """When a secret that is being replaced ends to be one; None for never."""
    keys: tuple[KeySource, ...] = ()
    """What the provider signs with; all are accepted, so that one can be replaced."""
    late_bet: LateBet | None = None
    """What the operator's Bet answers to a bet after its cancel; the dialect's if not given."""
    answers: Mapping[str, str] = {}
    """By outcome: another answer than the dialect's, by its code."""

    @model_validator(mode="after")
    def _fits_the_dialect(self) -> "EndpointConfig":
        dialect = DIALECTS[self.dialect]
        dialect.choosing(self.answers)
        auth = dialect.auth
        if self.keys and not auth.takes_keys:
            raise ValueError(f"keys: {self.dialect} has none: it is known by {auth}")
        if auth.takes_keys and not (self.keys or auth.is_optional):
            raise ValueError(f"keys is missing: {self.dialect} is known by {auth}")
        return self

    def spoken(self) -> Dialect:
        """The dialect, with this endpoint's answers and policy."""
        dialect = DIALECTS[self.dialect].choosing(self.answers)
        return replace(dialect, late_bet=self.late_bet or dialect.late_bet)

    def read_keys(self) -> tuple[Any, ...]:
        """The keys, as the dialect's authentication takes them. Raises `ValueError` that names the
        source, and never the key."""
        auth, keys = DIALECTS[self.dialect].auth, []
        for source in self.keys:
            text = source.read()
            try:
                keys.append(auth.key(text))
            except ValueError as error:
                raise ValueError(f"{source}: {error}") from None
        return tuple(keys)

    def holds_at(self, moment: datetime) -> bool:
        """Whether the secret is one at `moment`."""
        return self.until is None or moment < self.until


def check_secret(secret: str) -> str:
    """The secret. Raises `ValueError` if it is none."""
    if not re.fullmatch(SEGMENT, secret):
        raise ValueError("expected at least 16 characters out of A-Z a-z 0-9 - . _ ~")
    return secret


def read_endpoints(document: Any) -> Mapping[str, EndpointConfig]:
    """By secret. Raises `ValueError` that names the endpoint by its place, never by its secret."""
    if isinstance(document, str):
        try:
            document = json.loads(document, object_pairs_hook=_without_duplicates)
        except (json.JSONDecodeError, RecursionError):
            raise ValueError(_FORM) from None
    if not isinstance(document, Mapping):
        raise ValueError(_FORM)
    endpoints = {
        _secret(number, secret): _endpoint(number, fields)
        for number, (secret, fields) in enumerate(document.items(), 1)
    }
    _require_one_spelling(endpoints)
    _require_one_wallet(endpoints)
    return endpoints


def _require_one_spelling(endpoints: Mapping[str, EndpointConfig]) -> None:
    spellings: dict[str, str] = {}
    for number, endpoint in enumerate(endpoints.values(), 1):
        known = spellings.setdefault(endpoint.provider.casefold(), endpoint.provider)
        if endpoint.provider != known:
            raise ValueError(
                f"endpoint {number}: its provider is spelt {known!r} elsewhere: to the ledger "
                "these are two"
            )


def _require_one_wallet(endpoints: Mapping[str, EndpointConfig]) -> None:
    first: dict[str, tuple[int, str | None]] = {}
    for number, endpoint in enumerate(endpoints.values(), 1):
        known, wallet = first.setdefault(endpoint.provider, (number, endpoint.wallet))
        if endpoint.wallet != wallet:
            both = " and ".join(
                repr(one) if one else "that of UNBET_WALLET" for one in (wallet, endpoint.wallet)
            )
            raise ValueError(
                f"endpoints {known} and {number} are both of {endpoint.provider!r} and name two "
                f"wallets, {both}: a provider's cancels are decided by one"
            )


def _endpoint(number: int, fields: Any) -> EndpointConfig:
    try:
        return EndpointConfig.model_validate(fields)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "it"
        raise ValueError(f"endpoint {number}: {where}: {fault['msg']}") from None


def _secret(number: int, secret: str) -> str:
    try:
        return check_secret(secret)
    except ValueError as error:
        raise ValueError(f"endpoint {number}: its secret: {error}") from None


def _without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a secret or a field is given more than once")
    return dict(pairs)
