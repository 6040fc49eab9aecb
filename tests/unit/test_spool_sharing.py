"""A spool directory that several receivers use, of one deployment or of several."""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

from tests.unit.spooling import CANCELS, take_all
from unbet.spool import Spool
from unbet.spool.inspecting import list_files


def test_another_living_receivers_file_is_left_alone_and_a_dead_ones_is_emptied(
    tmp_path: Path,
) -> None:
    program = f"""
import sys, time
from pathlib import Path
from unbet.spool import Spool
from unbet.core.message import Cancel
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


def identity(deployment: UUID | None) -> UUID | None:
    return deployment


def test_another_deployments_file_is_left_alone_and_counted(tmp_path: Path) -> None:
    ours, others = uuid4(), uuid4()
    for deployment in (ours, others, None):
        spool = Spool(tmp_path, partial(identity, deployment))
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


HELD_UP = """
import fcntl, sys, time
from pathlib import Path
from unbet.spool import Spool
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
