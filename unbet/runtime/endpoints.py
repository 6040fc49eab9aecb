"""Reads `UNBET_ENDPOINTS`: the endpoint of each secret in a provider's URL."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from unbet.core.fields import ProviderId
from unbet.dialects import DIALECTS, DialectName
from unbet.dialects.port import Dialect, LateBet
from unbet.runtime.key_source import KeySource

MIN_SECRET_LENGTH: Final = 16
SEGMENT: Final = rf"[A-Za-z0-9._~-]{{{MIN_SECRET_LENGTH},}}"
"""A secret: one segment of the URL's path, and long enough not to be guessed."""

_FORM: Final = 'expected JSON as {"the-secret": {"provider": "LuckyMonaco"}}'


def check_url(url: str) -> str:
    """The URL of an HTTP endpoint. Raises `ValueError` if it is none, without the URL in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http:// or https:// and a host")
    return url


def _as_text(code: Any) -> Any:
    return str(code) if isinstance(code, int) and not isinstance(code, bool) else code


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
    answers: Mapping[str, Annotated[str, BeforeValidator(_as_text)]] = {}
    """By outcome: another answer than the dialect's, by its code."""

    @model_validator(mode="after")
    def _fits_the_dialect(self) -> "EndpointConfig":
        dialect = DIALECTS[self.dialect]
        try:
            dialect.choosing(self.answers)
        except ValueError as error:
            raise ValueError(f"answers: {error}") from None
        auth = dialect.auth
        if self.keys and not auth.takes_keys:
            raise ValueError(f"keys: {self.dialect} has none: it is known by {auth}")
        if auth.takes_keys and not (self.keys or auth.is_optional):
            raise ValueError(f"keys is missing: {self.dialect} is known by {auth}")
        return self

    def configured_dialect(self) -> Dialect:
        """The dialect, with this endpoint's answers and policy."""
        dialect = DIALECTS[self.dialect].choosing(self.answers)
        return replace(dialect, late_bet=self.late_bet or dialect.late_bet)

    def read_keys(self) -> tuple[Any, ...]:
        """The keys, as the dialect's authentication takes them. Raises `ValueError` that names the
        source, and never the key."""
        return tuple(self.read_key(source) for source in self.keys)

    def read_key(self, source: KeySource) -> Any:
        """One key, in the same way."""
        text = source.read()
        try:
            return DIALECTS[self.dialect].auth.key(text)
        except ValueError as error:
            raise ValueError(f"{source}: {error}") from None

    def holds_at(self, moment: datetime) -> bool:
        """Whether the secret is one at `moment`."""
        return self.until is None or moment < self.until


def check_secret(secret: str) -> str:
    """The secret. Raises `ValueError` if it is none."""
    if not re.fullmatch(SEGMENT, secret):
        raise ValueError(
            f"expected at least {MIN_SECRET_LENGTH} characters out of A-Z a-z 0-9 - . _ ~"
        )
    return secret


def read_endpoints(document: Any) -> Mapping[str, EndpointConfig]:
    """By secret. Raises `ValueError` that names the endpoint by its place, never by its secret."""
    if isinstance(document, str):
        try:
            document = json.loads(document, object_pairs_hook=without_duplicates)
        except (json.JSONDecodeError, RecursionError):
            raise ValueError(_FORM) from None
    if not isinstance(document, Mapping):
        raise ValueError(_FORM)
    endpoints = {
        _secret(number, secret): valid_endpoint(number, fields, EndpointConfig)
        for number, (secret, fields) in enumerate(document.items(), 1)
    }
    require_agreement(tuple(endpoints.values()))
    return endpoints


def require_agreement(endpoints: Sequence[EndpointConfig]) -> None:
    """A provider has one spelling and one wallet. Raises `ValueError` that names endpoints by their
    places."""
    _require_one_spelling(endpoints)
    _require_one_wallet(endpoints)


def _require_one_spelling(endpoints: Sequence[EndpointConfig]) -> None:
    spellings: dict[str, str] = {}
    for number, endpoint in enumerate(endpoints, 1):
        known = spellings.setdefault(endpoint.provider.casefold(), endpoint.provider)
        if endpoint.provider != known:
            raise ValueError(
                f"endpoint {number}: its provider is spelt {known!r} elsewhere: to the ledger "
                "these are two"
            )


def _require_one_wallet(endpoints: Sequence[EndpointConfig]) -> None:
    first: dict[str, tuple[int, str | None]] = {}
    for number, endpoint in enumerate(endpoints, 1):
        known, wallet = first.setdefault(endpoint.provider, (number, endpoint.wallet))
        if endpoint.wallet != wallet:
            both = " and ".join(
                repr(one) if one else "that of UNBET_WALLET" for one in (wallet, endpoint.wallet)
            )
            raise ValueError(
                f"endpoints {known} and {number} are both of {endpoint.provider!r} and name two "
                f"wallets, {both}: a provider's cancels are decided by one"
            )


Config = TypeVar("Config", bound=EndpointConfig)


def valid_endpoint(
    number: int, fields: Any, kind: type[Config], context: Mapping[str, Any] | None = None
) -> Config:
    """Raises `ValueError` that names the endpoint by its place, and the field."""
    if not isinstance(fields, Mapping):
        raise ValueError(f"endpoint {number}: expected its fields by name, provider at least")
    try:
        return kind.model_validate(fields, context=context)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        problem = fault["msg"].removeprefix("Value error, ")
        where = ".".join(map(_shown, fault["loc"]))
        raise ValueError(f"endpoint {number}: {where and where + ': '}{problem}") from None


def _shown(name: int | str) -> str:
    """A field's name; what is as long as a secret may be one, put in the wrong place."""
    return "a field" if isinstance(name, str) and len(name) >= MIN_SECRET_LENGTH else str(name)


def _secret(number: int, secret: str) -> str:
    try:
        return check_secret(secret)
    except ValueError as error:
        raise ValueError(f"endpoint {number}: its secret: {error}") from None


def without_duplicates(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises `ValueError` if a name is there twice."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a secret or a field is given more than once")
    return dict(pairs)
