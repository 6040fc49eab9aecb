"""The endpoints as `unbet endpoints` sees them: each with its place, and where its secret is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from unbet.dialects import DIALECTS
from unbet.dialects.port import Dialect
from unbet.runtime.endpoints import EndpointConfig
from unbet.runtime.endpoints_file import read_secret
from unbet.runtime.key_source import KeySource
from unbet.runtime.settings import (
    EndpointSettings,
    ListeningSettings,
    SettingsError,
    WalletNameSettings,
)

HIDDEN: Final = "…"


class EndpointCommandSettings(ListeningSettings, WalletNameSettings, EndpointSettings):
    """What `unbet endpoints` reads; it asks neither database nor queue."""


@dataclass(frozen=True)
class ListedEndpoint:
    """One endpoint; its secret is not a part of it."""

    number: int
    """Its place, from 1."""
    config: EndpointConfig
    source: KeySource | None
    """Of its secret; None if that stands in `UNBET_ENDPOINTS`."""
    wallet: str

    @property
    def dialect(self) -> Dialect:
        """Without the endpoint's own answers."""
        return DIALECTS[self.config.dialect]

    @property
    def title(self) -> str:
        return f"endpoint {self.number} ({self.config.provider}, {self.config.dialect})"


def list_endpoints(chosen: EndpointCommandSettings) -> list[ListedEndpoint]:
    """In their order. Raises `SettingsError` if there is none."""
    found = [
        ListedEndpoint(number, config, source, chosen.wallet_of(config.provider))
        for number, (config, source) in enumerate(_configured(chosen), 1)
    ]
    if not found:
        raise SettingsError(
            "There is no endpoint: neither UNBET_ENDPOINTS_FILE nor UNBET_ENDPOINTS nor "
            "UNBET_URL_SECRET is set."
        )
    return found


def _configured(
    chosen: EndpointCommandSettings,
) -> Iterator[tuple[EndpointConfig, KeySource | None]]:
    file = chosen.endpoints_file
    if file is not None:
        yield from ((one, one.secret) for one in file.endpoints)
    elif chosen.endpoints:
        yield from ((one, None) for one in chosen.endpoints.values())
    else:
        only = KeySource(env="UNBET_URL_SECRET")
        yield from ((one, only) for one in chosen.by_secret().values())


def secret_of(chosen: EndpointCommandSettings, endpoint: ListedEndpoint) -> str:
    """The secret of its URL. Raises `ValueError` that names the source."""
    if endpoint.source is None:
        return list(chosen.endpoints)[endpoint.number - 1]
    return read_secret(endpoint.source)
