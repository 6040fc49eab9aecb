"""Reads `UNBET_ENDPOINTS`: the endpoint of each secret in a provider's URL."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from unbet.core.fields import ProviderId
from unbet.dialects import DialectName

SEGMENT: Final = r"[A-Za-z0-9._~-]{16,}"
"""A secret: one segment of the URL's path, and long enough not to be guessed."""

_FORM: Final = 'expected JSON as {"the-secret": {"provider": "LuckyMonaco"}}'


def check_url(url: str) -> str:
    """The URL of an HTTP endpoint. Raises `ValueError` if it is none, without the URL in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http:// or https:// and a host")
    return url


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
