"""The example of an operator's wallet service, running, and what plays its operator."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from sqlalchemy import Engine, create_engine, text

import examples.wallet_http
from examples.wallet_http.app import make_app
from examples.wallet_http.bets import Bets
from examples.wallet_http.cancels import Cancels
from tests.making import PROVIDER
from tests.waiting import until
from tests.wallets.contract import Casino
from unbet.wallets.http.settings import HttpWalletSettings
from unbet.wallets.http.wallet import HttpWallet

SECRET: Final = "whsec_" + base64.b64encode(b"for tests only, for tests only").decode()
NOWHERE: Final = "http://127.0.0.1:1"
_TABLES: Final = Path(examples.wallet_http.__file__).with_name("schema.sql").read_text("utf-8")

REFUNDS: Final = text("SELECT count(*) FROM casino.movements WHERE kind = 'refund'")


class ServiceCasino:
    """As `Casino`; Alice bets in the operator's own tables."""

    def __init__(self, bets: Bets) -> None:
        self._bets = bets

    def deposit(self, amount: str, *, bonus: bool = False) -> None:
        nothing, some = Decimal(0), Decimal(amount)
        self._bets.deposit("alice", *((nothing, some) if bonus else (some, nothing)))

    def bet(self, reference: str, amount: str) -> bool:
        return self._bets.place("alice", reference, Decimal(amount))

    def settle(self, reference: str, amount: str) -> None:
        self._bets.settle(reference, Decimal(amount))

    def freeze(self) -> None:
        self._bets.freeze("alice")

    def money(self) -> tuple[Decimal, Decimal]:
        return self._bets.balance("alice")


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
        engine = create_engine(url, pool_size=16, max_overflow=0)
        with engine.begin() as connection:
            connection.execute(text(_TABLES))
        yield engine
        engine.dispose()

    @pytest.fixture
    def casino(self, casino_engine: Engine) -> Casino:
        return ServiceCasino(Bets(casino_engine, PROVIDER, "EUR"))

    @pytest.fixture
    def cancels(self, casino_engine: Engine) -> Cancels:
        return Cancels(casino_engine)

    @pytest.fixture
    def port(self, cancels: Cancels) -> Iterator[int]:
        with serving(cancels) as port:
            yield port
