"""A process that has no descriptor left has a ledger that is away, for as long as that lasts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tests.descriptors import no_descriptors_left, one_descriptor_left
from tests.ledger.deciding import apply
from tests.making import Operator
from unbet import connect_to, transact
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.database.deadlines import run_within
from unbet.database.engine import TRUSTED_FOR_S
from unbet.database.faults import AWAY, LedgerAwayError, fault_of
from unbet.database.pooling import require_own_sessions
from unbet.journal.parking import count_parked

Shortage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def one_session(database_url: str) -> Iterator[Engine]:
    """An engine as a worker has it, which has been used."""
    made = connect_to(database_url, name="test", pool_size=1)
    assert transact(made, ask) == 1
    yield made
    made.dispose()


def ask(connection: Connection) -> object:
    return connection.execute(text("SELECT 1")).scalar()


@pytest.mark.parametrize("shortage_of", [no_descriptors_left, one_descriptor_left])
@pytest.mark.parametrize("session", ["in use a moment ago", "idle", "none"])
def test_a_process_without_descriptors_is_waited_for(
    one_session: Engine, session: str, shortage_of: Shortage
) -> None:
    if session == "none":
        one_session.dispose()
    if session == "idle":
        time.sleep(TRUSTED_FOR_S)  # what is tested begins then
    with ExitStack() as shortage:
        shortage.enter_context(shortage_of())
        end = threading.Timer(0.5, shortage.pop_all().close)
        end.start()
        try:
            assert transact(one_session, ask, within_s=20) == 1
        finally:
            end.join()


@pytest.mark.parametrize("pooled", [True, False])
def test_a_process_without_descriptors_makes_no_cancel_dead(
    one_session: Engine, operator: Operator, group: list[Cancel], pooled: bool
) -> None:
    if not pooled:
        one_session.dispose()
    with no_descriptors_left():
        with pytest.raises(DBAPIError) as caught:
            run_within(one_session, 5.0, ask)  # as a sweep asks
        with pytest.raises(LedgerAwayError):
            list(apply(one_session, group[:3], within_s=0.2))
    assert fault_of(caught.value) in AWAY
    with operator.engine.connect() as connection:
        assert count_parked(connection) == (0, 0, 0)
    (decisions,) = apply(one_session, group[:3])
    assert {decision.outcome for decision in decisions} == {Outcome.REVERSED}


@pytest.mark.parametrize("shortage_of", [no_descriptors_left, one_descriptor_left])
def test_a_start_without_descriptors_waits_as_for_a_server_that_is_away(
    one_session: Engine, shortage_of: Shortage
) -> None:
    require_own_sessions(one_session)
    with shortage_of(), pytest.raises(DBAPIError) as caught:
        require_own_sessions(one_session)
    assert fault_of(caught.value) in AWAY
