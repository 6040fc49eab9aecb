"""What is damaged, cut short or taken away costs the rest of the spool nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.spooling import CANCELS, left_by_a_receiver, take_all
from unbet.spool import Spool, SpoolError


def test_a_file_of_version_1_is_brought_along_and_its_damaged_lines_are_kept(
    tmp_path: Path,
) -> None:
    lines = [cancel.model_dump_json() for cancel in CANCELS]
    (tmp_path / "torn.spool").write_text(f"{lines[0]}\n{lines[1][:50]}")
    (tmp_path / "damaged.spool").write_text(f"{lines[2]}\n{lines[3][:50]}\n{lines[4]}\n")
    spool = Spool(tmp_path)
    assert {c.request_id for c in take_all(spool)} == {
        CANCELS[number].request_id for number in (0, 2, 4)
    }
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.spool.damaged"]
    assert spool.state()[:2] == (0, 0)
    assert spool.state().damaged == 1
    spool.close()


def test_a_damaged_record_is_kept_aside_and_damages_no_other(tmp_path: Path) -> None:
    path = left_by_a_receiver(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    successor = Spool(tmp_path)
    assert take_all(successor) == CANCELS[:2] + CANCELS[3:]
    assert take_all(successor) == []
    [kept] = tmp_path.iterdir()
    assert kept.name == f"{path.name}.damaged"
    assert kept.read_bytes() == data
    successor.close()


def test_a_damaged_header_damages_no_record(tmp_path: Path) -> None:
    path = left_by_a_receiver(tmp_path)
    path.write_bytes(b"X" + path.read_bytes()[1:])
    successor = Spool(tmp_path)
    assert take_all(successor) == CANCELS
    assert successor.state().damaged == 1
    successor.close()


def test_a_file_that_is_taken_away_before_the_answer_is_written_anew(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(CANCELS[:1])
    [path] = tmp_path.iterdir()
    path.unlink()
    spool.append(CANCELS[1:2])
    assert take_all(spool) == CANCELS[1:2]
    spool.close()


def test_a_directory_that_was_removed_is_made_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.append(CANCELS[:1])
    shutil.rmtree(tmp_path / "spool")
    spool.append(CANCELS[1:2])
    assert take_all(spool) == CANCELS[1:2]
    spool.close()


FULL_FOR_A_WHILE = """
import resource, sys
from pathlib import Path
from unbet.spool import Spool
from tests.making import cancel_of

directory = Path(sys.argv[1])
spool = Spool(directory)
spool.append([cancel_of("before")])
size = max(path.stat().st_size for path in directory.iterdir())
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
for room in (100, 5000, 9000, 20_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
    try:
        spool.append([cancel_of("refused") for _ in range(120)])
    except OSError:
        pass
    else:
        sys.exit("there was room")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
spool.append([cancel_of("after")])
"""


def test_what_is_taken_after_a_write_that_was_cut_short_is_found(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL_FOR_A_WHILE, str(tmp_path)]
    subprocess.run(command, check=True, timeout=60)
    spool = Spool(tmp_path)
    found = {cancel.reference for cancel in take_all(spool)}
    assert found == {"before", "after"}
    assert spool.state().damaged == 0
    spool.close()


def test_what_a_crash_has_left_without_a_name_is_removed_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "left.new").write_bytes(b"unbet")
    Spool(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_refused_by_the_variables_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="UNBET_SPOOL_DIR has a wrong value"):
        Spool(tmp_path / "file")
