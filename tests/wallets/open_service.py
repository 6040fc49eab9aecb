"""An operator's wallet service that leaves nothing behind for a bet that it does not know: the bet
that comes after its cancel is debited."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from sqlalchemy import Connection, Engine, text

from examples.wallet_http.bets import LOCK_BET
from examples.wallet_http.cancels import Cancels, Item
from tests.wallets.service import Service
from unbet.journal.watching import LateBets, count_late_bets

LATE: Final = text("SELECT outcome FROM unbet.found_late ORDER BY reference, outcome")
MAKE_DUE: Final = text("UPDATE unbet.watched SET look_at = now(), taken_at = NULL")


class OpenCancels(Cancels):
    """Of `no_bet` only, it looks again each time."""

    def lock_bet(self, connection: Connection, item: Item) -> Mapping[str, Any]:
        bet = connection.execute(LOCK_BET, item._asdict()).mappings().one_or_none()
        unknown = {"state": "cancelled", "outcome": "no_bet", "cash_after": None}
        return dict(bet) if bet else unknown | {"player": item.player, "currency": item.currency}


class OpenService(Service):
    """Fixtures, as those of `Service`."""

    @pytest.fixture
    def cancels(self, casino_engine: Engine) -> Cancels:
        return OpenCancels(casino_engine)


def watched(engine: Engine) -> list[int]:
    """The looks that each watched cancel has had."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT looks FROM unbet.watched ORDER BY looks"))
        return [*rows.scalars()]


def found_late(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.execute(LATE).scalars()]


def late_bets(engine: Engine) -> LateBets:
    """As the metrics have it."""
    with engine.connect() as connection:
        return count_late_bets(connection)
