"""The spool: what is appended survives its receiver, and is handed on once it has been taken."""

import subprocess
import sys
from pathlib import Path

import pytest

from api.spool import Spool, SpoolError
from contract.message import Cancel
from tests.making import cancel_of

CANCELS = [cancel_of(f"r{number}") for number in range(5)]


def take_all(spool: Spool) -> list[Cancel]:
    return [cancel for batch in spool.batches(2) for cancel in batch]


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


def test_another_living_receivers_file_is_left_alone_and_a_dead_ones_is_emptied(
    tmp_path: Path,
) -> None:
    program = f"""
import sys, time
from pathlib import Path
from api.spool import Spool
from contract.message import Cancel
spool = Spool(Path({str(tmp_path)!r}))
spool.append([Cancel.model_validate_json({CANCELS[0].model_dump_json()!r})])
print("appended", flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"appended\n"
        mine = Spool(tmp_path)
        assert take_all(mine) == []
        other.kill()
        other.wait()
        assert take_all(mine) == CANCELS[:1]
        mine.close()


def test_a_line_that_a_crash_cut_off_does_not_hold_up_the_others(tmp_path: Path) -> None:
    whole = CANCELS[0].model_dump_json()
    (tmp_path / "left-behind.spool").write_text(f"{whole}\n{whole[:50]}")
    spool = Spool(tmp_path)
    assert take_all(spool) == CANCELS[:1]
    spool.close()


def test_a_directory_that_cannot_be_written_is_refused_by_the_variables_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="UNBET_SPOOL_DIR has a wrong value"):
        Spool(tmp_path / "file")
