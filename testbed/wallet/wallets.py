"""The wallet that is configured, as often as a rule needs it: each is another process's."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from sqlalchemy import Engine

from testbed.rules import NotTriedError
from testbed.wallet.proxy import Proxy
from testbed.wallet.sessions import end_sessions
from unbet.runtime.settings import WalletSettings, load
from unbet.wallets.chosen import wallet_for
from unbet.wallets.http.making import settings_of
from unbet.wallets.http.wallet import HttpWallet
from unbet.wallets.port import Wallet
from unbet.wallets.recorded import RecordedWallet

Proxied = Callable[[], AbstractContextManager[tuple[Proxy, Wallet]]]
"""The wallet with a proxy between Unbet and it."""


@dataclass
class Wallets:
    """`make` makes one more of the same; `engine` is on the journal's database."""

    engine: Engine
    make: Callable[[], Wallet]
    behind_proxy: Proxied | None = None
    """None where nothing is asked over HTTP."""
    interrupt: Callable[[], None] | None = None
    """Stops it in the middle of whatever it does; None where only the operator can."""
    _made: list[Wallet] = field(default_factory=list)

    @property
    def wallet(self) -> Wallet:
        """The first one."""
        return self.several(1)[0]

    def several(self, count: int) -> list[Wallet]:
        """So many, the same ones each time."""
        while len(self._made) < count:
            self._made.append(self.make())
        return self._made[:count]

    def proxied(self) -> AbstractContextManager[tuple[Proxy, Wallet]]:
        """A wallet and the proxy before it. Raises `NotTriedError`."""
        if self.behind_proxy is None:
            raise NotTriedError("the wallet is not asked over HTTP")
        return self.behind_proxy()


def configured(name: str, engine: Engine, *, person_decides: bool) -> Wallets:
    """Those that UNBET_WALLET calls `name`; it is made here, once. Raises `SettingsError`."""
    make = partial(wallet_for, name, engine, hold_unknown=False, person_decides=person_decides)
    wallets = Wallets(engine, make)
    if name == "http":
        wallets.behind_proxy = partial(_behind_proxy, name, engine)
    if wallets.wallet.abilities.keeps_journal:
        wallets.interrupt = partial(end_sessions, engine)
    return wallets


@contextmanager
def _behind_proxy(name: str, engine: Engine) -> Iterator[tuple[Proxy, Wallet]]:
    settings = settings_of(load(WalletSettings), hold_unknown=False)
    with Proxy(settings.url) as proxy:
        wallet = HttpWallet(replace(settings, url=proxy.url))
        try:
            yield proxy, RecordedWallet(engine, wallet, name)
        finally:
            wallet.close()
