"""A disk on which any call may fail: an append is whole or refused, and harms no other."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from tests.making import cancel_of
from unbet.core.message import Cancel
from unbet.spool import Spool, SpoolError
from unbet.spool.disk import Disk

CANCELS = [cancel_of(f"r{number}") for number in range(20)]
CALLS = ("create", "write", "sync", "truncate", "rename", "sync_directory", "make_directory")


class Failing(Disk):
    """Fails where it is told to, a write after it has written a part."""

    def __init__(self, error: int) -> None:
        self._error = error
        self.fails: Callable[[str], bool] = lambda _what: False

    def __getattribute__(self, name: str) -> object:
        found = super().__getattribute__(name)
        if name in CALLS and self.fails(name):
            return self._failed_write if name == "write" else self._failed
        return found

    def _failed(self, *_arguments: object) -> None:
        raise OSError(self._error, os.strerror(self._error))

    def _failed_write(self, descriptor: int, data: bytes, offset: int) -> None:
        os.pwrite(descriptor, data[: len(data) // 2], offset)
        self._failed()


def appended(spool: Spool) -> list[Cancel]:
    """Append all, one by one; those that were taken."""
    taken = []
    for cancel in CANCELS:
        try:
            spool.append([cancel])
        except OSError:
            continue
        taken.append(cancel)
    return taken


def left_in(directory: Path) -> list[Cancel]:
    """What the next receiver finds, none of which is damaged."""
    spool = Spool(directory)
    found = [cancel for batch in spool.batches(7) for cancel in batch]
    assert spool.state().damaged == 0
    spool.close()
    assert list(directory.iterdir()) == []
    return found


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
@pytest.mark.parametrize(
    "calls",
    [
        ("create",),
        ("write",),
        ("sync",),
        ("rename",),
        ("sync_directory",),
        ("write", "truncate"),
        CALLS,
    ],
    ids="-".join,
)
@pytest.mark.parametrize("rhythm", [2, 3])
def test_whatever_fails_now_and_then_what_was_taken_is_found_whole(
    tmp_path: Path, error: int, calls: tuple[str, ...], rhythm: int
) -> None:
    disk, count = Failing(error), 0
    spool = Spool(tmp_path, disk=disk, max_file=4000)

    def now_and_then(what: str) -> bool:
        nonlocal count
        count += what in calls
        return what in calls and count % rhythm == 0

    disk.fails = now_and_then
    taken = appended(spool)
    assert count
    spool.close()
    found = {cancel.request_id for cancel in left_in(tmp_path)}
    assert {cancel.request_id for cancel in taken} <= found


@pytest.mark.parametrize("call", ["write", "sync"])
def test_a_disk_that_takes_nothing_is_refused_and_leaves_no_files_behind(
    tmp_path: Path, call: str
) -> None:
    disk = Failing(errno.EIO)
    spool = Spool(tmp_path, disk=disk)
    spool.append(CANCELS[:1])
    disk.fails = lambda what: what == call
    for cancel in CANCELS:
        with pytest.raises(OSError, match="Input/output"):
            spool.append([cancel])
    assert spool.state().files <= 1
    disk.fails = lambda _what: False
    spool.append(CANCELS[1:2])
    spool.close()
    assert {c.request_id for c in left_in(tmp_path)} >= {c.request_id for c in CANCELS[:2]}


def test_a_file_whose_fsync_has_failed_is_not_appended_to_again(tmp_path: Path) -> None:
    disk = Failing(errno.EIO)
    spool = Spool(tmp_path, disk=disk)
    spool.append(CANCELS[:1])
    [before] = tmp_path.iterdir()
    syncs = iter([True])
    disk.fails = lambda what: what == "sync" and next(syncs, False)
    # It has been taken all the same: by a new file.
    spool.append(CANCELS[1:2])
    assert len(list(tmp_path.iterdir())) == 2
    size = before.stat().st_size
    spool.append(CANCELS[2:3])
    assert before.stat().st_size == size
    spool.close()
    assert left_in(tmp_path) == CANCELS[:3]


def test_what_cannot_be_cut_off_again_stays_torn_and_is_counted(tmp_path: Path) -> None:
    disk = Failing(errno.ENOSPC)
    spool = Spool(tmp_path, disk=disk)
    spool.append(CANCELS[:2])
    writes = iter([True])
    disk.fails = lambda what: what == "truncate" or (what == "write" and next(writes, False))
    spool.append(CANCELS[2:3])
    spool.close()
    before = REGISTRY.get_sample_value("unbet_spool_torn_total") or 0
    assert left_in(tmp_path) == CANCELS[:3]
    assert REGISTRY.get_sample_value("unbet_spool_torn_total") == before + 1


def test_a_file_that_cannot_be_removed_holds_up_no_other(tmp_path: Path) -> None:
    class NoRemoving(Disk):
        def remove(self, path: Path) -> None:
            if path.name.startswith("a-"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            super().remove(path)

    for name in ("a-old.spool", "b-newer.spool"):
        (tmp_path / name).write_text(CANCELS[0].model_dump_json() + "\n")
    os.utime(tmp_path / "a-old.spool", (0, 0))
    spool = Spool(tmp_path, disk=NoRemoving())
    assert sum(map(len, spool.batches(10))) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a-old.spool"]
    assert list(spool.batches(10)) == []  # for a minute
    assert spool.state().stuck == 1


def test_a_full_disk_does_not_stop_the_start_but_one_that_is_read_only_does(
    tmp_path: Path,
) -> None:
    disk = Failing(errno.ENOSPC)
    disk.fails = lambda what: what == "write"
    spool = Spool(tmp_path, disk=disk)
    disk.fails = lambda _what: False
    spool.append(CANCELS[:1])
    spool.close()
    disk = Failing(errno.EROFS)
    disk.fails = lambda what: what == "create"
    with pytest.raises(SpoolError, match="UNBET_SPOOL_DIR has a wrong value"):
        Spool(tmp_path, disk=disk)
