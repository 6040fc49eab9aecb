"""The built-in ledger over HTTP: once for each reference, told in the same words each time."""

from collections.abc import Iterator

import pytest

from tests.system.ledger_http import LedgerHttp, serving
from tests.system.processes import System


@pytest.fixture
def ledger(idle_system: System) -> Iterator[LedgerHttp]:
    yield from serving(idle_system)


def test_a_bet_takes_its_stake_once_however_often_it_is_sent(ledger: LedgerHttp) -> None:
    assert ledger.deposit("100.00", "d1").json() == {"status": "done", "replayed": False}

    first = ledger.bet("10.25", "b1")
    assert (first.status_code, first.json()) == (200, {"status": "done", "replayed": False})
    for _ in range(2):
        again = ledger.bet("10.25", "b1")
        assert (again.status_code, again.json()) == (200, {"status": "done", "replayed": True})
    assert ledger.cash() == "89.75"
