"""Which wallet decides a provider's cancels: the one that its endpoints name, or `UNBET_WALLET`."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from unbet.core.providers import Providers
from unbet.runtime.endpoints import EndpointConfig

BESIDE_THE_JOURNAL: Final = frozenset({"ledger", "sql"})


class Route(NamedTuple):
    """One endpoint of `UNBET_ENDPOINTS`, or of the file in its place."""

    number: int
    """Its place there, from 1: an endpoint is never named by its secret."""
    provider: str
    wallet: str


class WalletChoice:
    """The wallets of a deployment. A provider has one: `require_agreement` refuses a second."""

    def __init__(
        self,
        default: str,
        endpoints: Iterable[EndpointConfig],
        variable: str = "UNBET_ENDPOINTS",
    ) -> None:
        self.default = default
        """Of providers that no endpoint names a wallet for, and of those without an endpoint."""
        self._endpoints = tuple(endpoints)
        self._variable = variable
        self.others: Mapping[str, str] = {
            one.provider: one.wallet
            for one in self._endpoints
            if one.wallet is not None and one.wallet != default
        }
        """By provider: the wallets that are not the default."""

    @property
    def asks_elsewhere(self) -> bool:
        """Whether one of them is not in the journal's database: it is waited for more than it is
        worked for."""
        return not {self.default, *self.others.values()} <= BESIDE_THE_JOURNAL

    def variable_of(self, wallet: str) -> str:
        """The variable that names the wallet."""
        return "UNBET_WALLET" if wallet == self.default else self._variable

    def wallet_of(self, provider: str) -> str:
        """The wallet that decides the provider's cancels."""
        return self.others.get(provider, self.default)

    def routes(self) -> tuple[Route, ...]:
        """Each endpoint's wallet; empty where there is none."""
        return tuple(
            Route(number, one.provider, self.wallet_of(one.provider))
            for number, one in enumerate(self._endpoints, 1)
        )

    def distinct_routes(self) -> Mapping[str, Providers]:
        """Each wallet once, the default first, with the providers that are its own: no provider is
        of two, and none of no wallet."""
        found = {self.default: Providers(tuple(self.others), all_but=True)}
        for wallet in dict.fromkeys(self.others.values()):
            names = tuple(name for name, chosen in self.others.items() if chosen == wallet)
            found[wallet] = Providers(names, all_but=False)
        return found
