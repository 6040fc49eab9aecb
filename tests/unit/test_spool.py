"""The spool: what is appended survives its receiver, and is handed on once it has been taken."""

import os
from pathlib import Path

from tests.unit.spooling import CANCELS, take_all
from unbet.spool import Spool
from unbet.spool.directory import MAX_OPEN
from unbet.spool.format import encode_record


def test_what_goes_in_comes_out_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(CANCELS[:2])
    spool.append(CANCELS[2:])
    assert take_all(spool) == CANCELS
    assert take_all(spool) == []
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_taken_to_its_end_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(CANCELS)
    batches = spool.batches(2)
    next(batches)
    batches.close()
    assert take_all(spool) == CANCELS
    spool.close()


def test_cancels_that_come_while_it_is_emptied_are_not_lost(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(CANCELS[:1])
    batches = spool.batches(10)
    assert next(batches) == CANCELS[:1]
    spool.append(CANCELS[1:])
    assert list(batches) == []
    assert take_all(spool) == CANCELS[1:]
    spool.close()


def test_a_file_grows_until_it_is_full_and_the_oldest_is_emptied_first(tmp_path: Path) -> None:
    size = len(encode_record(CANCELS[0]))
    spool = Spool(tmp_path, max_file=3 * size)
    for cancel in CANCELS:
        spool.append([cancel])
        # The ledger is away: what is looked at and not parked makes no new file.
        batches = spool.batches(1)
        next(batches)
        batches.close()
    assert spool.state().files == 2
    assert spool.state().size == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert take_all(spool) == CANCELS
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_what_has_been_parked_of_our_own_file_is_not_parked_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(CANCELS)
    batches = spool.batches(2)
    next(batches)
    next(batches)
    batches.close()
    assert take_all(spool) == CANCELS[2:]
    spool.close()


def test_thousands_of_small_files_are_emptied_with_a_few_open_at_a_time(tmp_path: Path) -> None:
    line = CANCELS[0].model_dump_json()
    for number in range(500):
        (tmp_path / f"{number}.spool").write_text(f"{line}\n")
    spool = Spool(tmp_path)
    most = emptied = 0
    for batch in spool.batches(200):
        emptied += len(batch)
        most = max(most, len(os.listdir("/proc/self/fd")))
    assert emptied == 500
    assert most < len(os.listdir("/proc/self/fd")) + MAX_OPEN + 10
    assert list(tmp_path.iterdir()) == []
    spool.close()
