"""The example of an operator's wallet service, running, and what plays its operator."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from sqlalchemy import Engine, text

import examples.wallet_http
from examples.casino.database import engine_for
from examples.wallet_http.app import make_app
from examples.wallet_http.bets import Bets
from examples.wallet_http.cancels import Cancels
from tests.waiting import until
from tests.wallets.contract import Casino, WalletContract
from tests.wallets.contract_midway import MidwayContract
from tests.wallets.players_casino import PlayersCasino
from unbet.wallets.http.settings import HttpWalletSettings
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.port import Wallet

SECRET: Final = "whsec_" + base64.b64encode(b"for tests only, for tests only").decode()
NOWHERE: Final = "http://127.0.0.1:1"
_TABLES: Final = Path(examples.wallet_http.__file__).with_name("postgresql.sql").read_text("utf-8")

REFUNDS: Final = text("SELECT count(*) FROM casino.movements WHERE kind = 'refund'")


def settings_of(url: str, **others: Any) -> HttpWalletSettings:
    """Those that are true of the example."""
    own: dict[str, Any] = {"secrets": (SECRET,), "closes_unknown": True, "tells_cash": True}
    return HttpWalletSettings(url=url, **(own | others))


@contextmanager
def wallet_at(url: str, **others: Any) -> Iterator[HttpWallet]:
    wallet = HttpWallet(settings_of(url, **others))
    try:
        yield wallet
    finally:
        wallet.close()


@contextmanager
def serving(cancels: Cancels) -> Iterator[int]:
    """The port of the example with what decides its cancels."""
    app = make_app(cancels, [SECRET])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        until(lambda: server.started, "the wallet service has not started")
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


class Service:
    """Fixtures for classes of tests; one that says otherwise what decides has other cancels."""

    @pytest.fixture
    def casino_engine(self, new_database: Callable[[], str]) -> Iterator[Engine]:
        url = new_database().replace("postgresql://", "postgresql+psycopg://")
        engine = engine_for(url, pool_size=16)
        with engine.begin() as connection:
            connection.execute(text(_TABLES))
        yield engine
        engine.dispose()

    @pytest.fixture
    def casino(self, casino_engine: Engine) -> Casino:
        return PlayersCasino(Bets(casino_engine))

    @pytest.fixture
    def cancels(self, casino_engine: Engine) -> Cancels:
        return Cancels(casino_engine)

    @pytest.fixture
    def port(self, cancels: Cancels) -> Iterator[int]:
        with serving(cancels) as port:
            yield port


class ServiceContract(Service, WalletContract, MidwayContract):
    """All of the contract, on the example behind its adapter."""

    @pytest.fixture
    def wallet(self, port: int) -> Iterator[Wallet]:
        with wallet_at(f"http://127.0.0.1:{port}") as wallet:
            yield wallet

    @pytest.fixture
    def wallet_that_is_away(self) -> Iterator[Wallet]:
        with wallet_at(NOWHERE) as wallet:
            yield wallet
