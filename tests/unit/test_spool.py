"""The spool: what is appended survives its receiver, and is handed on once it has been taken."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from api.spool import Spool, SpoolError
from api.spool.directory import MAX_OPEN
from api.spool.format import encode_record
from api.spool.inspecting import list_files
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
    spool = Spool(tmp_path)
    spool.append(CANCELS)
    spool.close()
    [path] = tmp_path.iterdir()
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
    spool = Spool(tmp_path)
    spool.append(CANCELS)
    spool.close()
    [path] = tmp_path.iterdir()
    path.write_bytes(b"X" + path.read_bytes()[1:])
    successor = Spool(tmp_path)
    assert take_all(successor) == CANCELS
    assert successor.state().damaged == 1
    successor.close()


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


def test_another_deployments_file_is_left_alone_and_counted(tmp_path: Path) -> None:
    ours, others = uuid4(), uuid4()
    for deployment in (ours, others, None):
        spool = Spool(tmp_path, lambda deployment=deployment: deployment)
        spool.append(CANCELS[:1])
        spool.close()
    spool = Spool(tmp_path, lambda: ours)
    assert take_all(spool) == CANCELS[:1] * 2
    assert take_all(spool) == []
    assert spool.state()[:2] == (0, 0)
    assert spool.state().foreign == 1
    [path] = tmp_path.iterdir()
    assert list_files(tmp_path)[0].deployment == others
    spool.close()
    assert path.exists()


def test_a_file_that_names_its_deployment_waits_until_ours_is_known(tmp_path: Path) -> None:
    ours = uuid4()
    before = Spool(tmp_path, lambda: ours)
    before.append(CANCELS[:1])
    before.close()
    known: list[UUID] = []
    spool = Spool(tmp_path, lambda: known[0] if known else None)
    assert take_all(spool) == []
    assert spool.state().files == 1
    assert spool.state().foreign == 0
    known.append(ours)
    assert take_all(spool) == CANCELS[:1]
    spool.close()


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


HELD_UP = """
import fcntl, sys, time
from pathlib import Path
from api.spool import Spool
from tests.making import cancel_of

def held_up(*arguments, lock=fcntl.flock):
    time.sleep(0.05)
    lock(*arguments)
    time.sleep(0.05)

fcntl.flock = held_up
spool = Spool(Path(sys.argv[1]))
for number in range(60):
    cancel = cancel_of(f"r{number}")
    spool.append([cancel])
    print(cancel.request_id, flush=True)
    if number % 5 == 4:  # as its own emptying would: a new file for what follows
        for batch in spool.batches(100):
            print(*(c.request_id for c in batch), "parked", flush=True)
spool.close()
"""


def test_nothing_is_lost_between_two_receivers_one_of_which_is_held_up_around_its_lock(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", HELD_UP, str(tmp_path)]
    mine, found = Spool(tmp_path), set[str]()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        while other.poll() is None:
            found |= {str(cancel.request_id) for cancel in take_all(mine)}
            time.sleep(0.005)
        assert other.stdout
        lines = [line.split() for line in other.stdout]
    assert other.returncode == 0
    found |= {str(cancel.request_id) for cancel in take_all(mine)}
    answered = {line[0] for line in lines if line[1:] != ["parked"] and len(line) == 1}
    found |= {word for line in lines if line[-1] == "parked" for word in line[:-1]}
    assert len(answered) == 60
    assert answered <= found
    mine.close()
    assert list(tmp_path.iterdir()) == []


FULL_FOR_A_WHILE = """
import resource, sys
from pathlib import Path
from api.spool import Spool
from tests.making import cancel_of

directory = Path(sys.argv[1])
spool = Spool(directory)
spool.append([cancel_of("before")])
size = max(path.stat().st_size for path in directory.iterdir())
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
for room in (100, 5000, 9000, 20_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
    try:
        spool.append([cancel_of("refused") for _ in range(60)])
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
    found = {cancel.request.reference for cancel in take_all(spool)}
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
