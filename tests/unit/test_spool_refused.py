"""A spooled cancel that the ledger refuses whatever is done: it is left behind, and no other."""

from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.making import cancel_of
from unbet.core.message import Cancel
from unbet.spool import Spool
from unbet.spool.inspecting import cancels_in

CANCELS = [cancel_of(f"r{number}") for number in range(12)]


def parked(spool: Spool, size: int, refused: list[Cancel]) -> list[Cancel]:
    """Empty `spool` as who parks, into a ledger that refuses a batch with one of `refused`."""
    taken: list[Cancel] = []
    batches = spool.batches(size)
    refusal = None
    while True:
        try:
            batch = batches.send(refusal)
        except StopIteration:
            return taken
        refusal = "a value does not fit" if any(one in refused for one in batch) else None
        taken += [] if refusal else batch


def counted() -> float:
    return REGISTRY.get_sample_value("unbet_spool_damaged_total") or 0.0


@pytest.mark.parametrize("is_ours", [True, False])
@pytest.mark.parametrize("size", [1, 5, 200])
@pytest.mark.parametrize("refused", [[0], [3, 4], [11], [*range(12)]], ids=str)
def test_only_what_the_ledger_refuses_is_left_behind(
    tmp_path: Path, is_ours: bool, size: int, refused: list[int]
) -> None:
    spool = Spool(tmp_path)
    spool.append(CANCELS)
    if not is_ours:
        spool.close()
    before = counted()
    bad = [CANCELS[number] for number in refused]
    assert parked(spool, size, bad) == [cancel for cancel in CANCELS if cancel not in bad]
    assert counted() == before + len(bad)
    assert spool.state().damaged == 1
    spool.append(CANCELS[:1])
    assert parked(spool, size, []) == CANCELS[:1]
    spool.close()
    [kept] = tmp_path.iterdir()
    assert kept.name.endswith(".damaged")
    assert [cancel for batch in cancels_in(kept) for cancel in batch] == CANCELS


def test_what_was_refused_before_an_interruption_is_not_forgotten(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(CANCELS)
    batches = spool.batches(1)
    assert next(batches) == CANCELS[:1]
    assert batches.send("a value does not fit") == CANCELS[1:2]
    next(batches)
    batches.close()
    assert parked(spool, 5, CANCELS[:1]) == CANCELS[1:]
    spool.close()
    [kept] = tmp_path.iterdir()
    assert kept.name.endswith(".damaged")
