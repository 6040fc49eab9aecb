"""The power goes between any two system calls of the spool, or amid one: what was answered is found
by the next receiver, whatever of the rest has reached the disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from tests.making import cancel_of
from unbet.core.message import Cancel
from unbet.spool import Spool
from unbet.spool.disk import Disk
from unbet.spool.format import HEADER_SIZE

MAX_FILE: Final = 2500
"""Bytes: four records, so that the files are rotated."""
BLOCK: Final = 512
CUT_EVERY: Final = 61
"""Bytes between the places where a write under way is cut off."""


class Call(NamedTuple):
    """A system call, or what a test notes between two."""

    what: str
    file: int = 0
    offset: int = 0
    data: bytes = b""
    path: Path = Path()
    to: Path = Path()
    cancels: tuple[Cancel, ...] = ()


class Recorded(Disk):
    """The disk, and what was done to it."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._files: dict[int, int] = {}
        """The file of each open descriptor: a number is used again."""

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._files[descriptor] = len(self.calls)
        self.calls.append(Call("create", len(self.calls), path=path))
        return descriptor

    def write(self, descriptor: int, data: bytes, offset: int) -> int:
        self.calls.append(Call("write", self._files[descriptor], offset, data))
        return super().write(descriptor, data, offset)

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self.calls.append(Call("sync", self._files[descriptor]))

    def truncate(self, descriptor: int, size: int) -> None:
        super().truncate(descriptor, size)
        self.calls.append(Call("truncate", self._files[descriptor], size))

    def rename(self, path: Path, name: Path) -> None:
        super().rename(path, name)
        self.calls.append(Call("rename", path=path, to=name))

    def remove(self, path: Path) -> None:
        super().remove(path)
        self.calls.append(Call("remove", path=path))

    def sync_directory(self, path: Path) -> None:
        super().sync_directory(path)
        self.calls.append(Call("sync_directory"))

    def note(self, what: str, cancels: list[Cancel]) -> None:
        self.calls.append(Call(what, cancels=tuple(cancels)))


class Quick(Disk):
    """For who reads what is left: the power does not go again."""

    def sync(self, descriptor: int) -> None:
        pass

    def sync_directory(self, path: Path) -> None:
        pass


def test_whenever_the_power_goes_what_was_answered_is_found(tmp_path: Path) -> None:
    disk, live, left = Recorded(), tmp_path / "live", tmp_path / "left"
    _live(Spool(live, disk=disk, max_file=MAX_FILE), disk)
    known = {c.request_id: c for call in disk.calls for c in call.cancels}
    tried = 0
    for count in range(len(disk.calls) + 1):
        calls = disk.calls[:count]
        answered = _noted(calls, "answered")
        parked = _noted(calls, "parked")
        for files in _different(_left_by(calls)):
            tried += 1
            left.mkdir()
            for path, data in files.items():
                (left / path.name).write_bytes(data)
            spool = Spool(left, disk=Quick())
            found = [cancel for batch in spool.batches(3) for cancel in batch]
            spool.close()
            assert all(known[cancel.request_id] == cancel for cancel in found)
            missing = answered - parked - {cancel.request_id for cancel in found}
            assert not missing, (count, calls[-1:], files.keys())
            for path in left.iterdir():
                # Blocks that were not written, of what was under way, may look like damage to what
                # was answered: a person is told once too often.
                assert path.name.endswith(".damaged")
                records = path.read_bytes()[HEADER_SIZE:]
                assert records.endswith(b"\0") or bytes(BLOCK) in records
                path.unlink()
            left.rmdir()
    assert tried > 300


def _live(spool: Spool, disk: Recorded) -> None:
    """Appends, rotations, and an emptying that is interrupted, amid appends, and whole."""
    cancels = [cancel_of(f"r{number}") for number in range(24)]

    def append(first: int, count: int) -> None:
        spool.append(cancels[first : first + count])
        disk.note("answered", cancels[first : first + count])

    append(0, 1)
    append(1, 3)
    append(4, 2)
    batches = spool.batches(2)
    disk.note("parked", next(batches))
    next(batches)  # says that the one before has been parked; this one never is
    batches.close()
    append(6, 5)
    append(11, 1)
    batches = spool.batches(3)
    disk.note("parked", next(batches))
    append(12, 2)
    for batch in batches:
        disk.note("parked", batch)
    append(14, 8)
    append(22, 2)
    for batch in spool.batches(100):
        disk.note("parked", batch)
    spool.close()


def _noted(calls: list[Call], what: str) -> set[object]:
    return {c.request_id for call in calls if call.what == what for c in call.cancels}


def _left_by(calls: list[Call]) -> Iterator[dict[Path, bytes]]:
    """What may be on the disk if the power goes after `calls`."""
    names, synced_names = dict[Path, int](), dict[Path, int]()
    files, synced_files, under_way = dict[int, bytes](), dict[int, bytes](), list[Call]()
    for call in calls:
        match call.what:
            case "create":
                names[call.path] = call.file
                files[call.file] = synced_files[call.file] = b""
            case "write":
                files[call.file] = _written(files[call.file], call.offset, call.data)
                under_way.append(call)
            case "truncate":
                files[call.file] = files[call.file][: call.offset]
            case "sync":
                synced_files[call.file] = files[call.file]
                under_way = [one for one in under_way if one.file != call.file]
            case "rename":
                names[call.to] = names.pop(call.path)
            case "remove":
                del names[call.path]
            case "sync_directory":
                synced_names = dict(names)
    for known in (names, synced_names):
        yield _of(known, files)
        yield _of(known, synced_files)
        for call in under_way:
            before = synced_files[call.file]
            for length in range(0, len(call.data), CUT_EVERY):
                torn = _written(before, call.offset, call.data[:length])
                yield _of(known, files | {call.file: torn})
                grown = torn.ljust(call.offset + len(call.data), b"\0")
                yield _of(known, files | {call.file: grown})
            for at in range(0, len(call.data) - BLOCK, BLOCK):
                hole = call.data[:at] + bytes(BLOCK) + call.data[at + BLOCK :]
                yield _of(known, files | {call.file: _written(before, call.offset, hole)})


def _different(states: Iterator[dict[Path, bytes]]) -> list[dict[Path, bytes]]:
    return list({frozenset(state.items()): state for state in states}.values())


def _written(data: bytes, offset: int, more: bytes) -> bytes:
    return data[:offset].ljust(offset, b"\0") + more + data[offset + len(more) :]


def _of(names: dict[Path, int], files: dict[int, bytes]) -> dict[Path, bytes]:
    return {path: files[file] for path, file in names.items()}
