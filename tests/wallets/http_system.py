"""Real processes in front of the example of a wallet service."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from examples.wallet_http.bets import Bets
from testbed.wallet.proxy import Proxy
from tests.system.processes import EXAMPLE, System
from tests.wallets.players_casino import PlayersCasino
from tests.wallets.service import SECRET, Service


class HttpSystem(Service):
    """Fixtures for classes of tests: the player of the provider's example has 100.00."""

    @pytest.fixture
    def casino(self, casino_engine: Engine) -> PlayersCasino:
        casino = PlayersCasino(Bets(casino_engine), EXAMPLE["userId"], EXAMPLE["currency"])
        casino.deposit("100.00")
        return casino

    @pytest.fixture
    def proxy(self, port: int) -> Iterator[Proxy]:
        with Proxy(port) as proxy:
            yield proxy

    @pytest.fixture
    def system(self, idle_system: System, proxy: Proxy) -> System:
        """A receiver and a worker, with the operator's wallet service behind `proxy`."""
        idle_system.environment |= {
            "UNBET_WALLET": "http",
            "UNBET_WALLET_URL": proxy.url,
            "UNBET_WALLET_SECRETS": SECRET,
        }
        idle_system.start_both()
        return idle_system
