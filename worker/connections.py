"""The resources of a worker process: one engine on the ledger, one client for replies, the keys,
and the id of its deployment."""

from functools import cache
from uuid import UUID

from sqlalchemy import Engine

from unbet.broker import redis_server
from unbet.core.wallet_names import LEDGER
from unbet.core.wire import Keys
from unbet.database.deployment import Identity, guard
from unbet.database.engine import connect_to
from unbet.runtime.settings import WorkerSettings, read
from unbet.runtime.wallet_choice import WalletChoice
from unbet.wallets.chosen import dry_runs_for, wallets_for
from unbet.wallets.notice import Notice, notice_of
from unbet.wallets.port import Wallet
from unbet.wallets.routed import RoutedWallets


@cache
def engine() -> Engine:
    """The process's engine; a task uses one connection at a time. Of several wallets each has its
    own, and so has the task."""
    chosen = read(WorkerSettings)
    several = len(choice().distinct_routes())
    pool_size = 1 if several == 1 else several + 1
    return guard(connect_to(chosen.database_url, name="worker", pool_size=pool_size), identity())


@cache
def identity() -> Identity:
    """Learned before the first child is made, which inherits it."""
    return Identity(read(WorkerSettings).deployment)


@cache
def deployment() -> UUID:
    """Which deployment this process is of."""
    found = identity().id
    assert found  # noqa: S101 - a worker does not start without
    return found


@cache
def keys() -> Keys:
    """What signs replies and verifies messages."""
    return read(WorkerSettings).keys()


@cache
def wallet() -> Wallet | RoutedWallets:
    """What decides the cancels: the only wallet, or several behind one call."""
    return _behind_one_call(_made())


@cache
def dry_wallet() -> Wallet | RoutedWallets:
    """What says what would be decided."""
    holds_unknown = read(WorkerSettings).holds_unknown
    return _behind_one_call(dry_runs_for(choice(), engine(), hold_unknown=holds_unknown))


def _behind_one_call(made: dict[str, Wallet]) -> Wallet | RoutedWallets:
    if len(made) > 1:
        return RoutedWallets(made, choice().wallet_of)
    (only,) = made.values()
    return only


@cache
def choice() -> WalletChoice:
    """Which wallet decides whose cancels."""
    return read(WorkerSettings).wallet_choice()


@cache
def notice() -> Notice:
    """What the world is told of the wallets."""
    return notice_of(choice(), _made())


@cache
def _made() -> dict[str, Wallet]:
    """Before the first child is, which inherits them: a wrong one stops the start."""
    chosen = read(WorkerSettings)
    return wallets_for(
        choice(),
        engine(),
        hold_unknown=chosen.holds_unknown,
        person_decides=chosen.person_decides,
    )


@cache
def asks_others() -> bool:
    """Whether a wallet is the operator's: it may take its time."""
    return any(name != LEDGER for name in _made())


@cache
def broker() -> redis_server.Client:
    """The process's client for the queue's clock."""
    return redis_server.connect(read(WorkerSettings).broker_url)


@cache
def replies() -> redis_server.Client:
    """The process's client for the receivers' reply lists."""
    return redis_server.connect(read(WorkerSettings).redis_url)
