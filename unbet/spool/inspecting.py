"""Shows a person what is in a spool's directory. Nothing is changed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from unbet.core.message import Cancel
from unbet.spool.format import VERSION, Damage
from unbet.spool.reading import DAMAGED, Reader, is_spool_file

BATCH: Final = 200


class Listed(NamedTuple):
    """One file, without a look at its records."""

    path: Path
    version: int
    deployment: UUID | None
    """None where it is not known, or where the file's header is damaged."""
    size: int
    """Bytes."""
    state: str
    """`in use` by a receiver, `waiting` for one, or `damaged`: kept for a person."""


class Checked(NamedTuple):
    """One file, read whole."""

    path: Path
    cancels: int
    damage: list[Damage]
    problem: str | None
    """Why it could not be read to its end, if it could not."""


def list_files(directory: Path) -> list[Listed]:
    """The files of a spool, by name. Raises `OSError`."""
    listed = []
    for path in _paths(directory):
        with suppress(FileNotFoundError):  # a receiver has emptied it meanwhile
            listed.append(_listed(path))
    return listed


def check(path: Path) -> Checked:
    """Read a file whole."""
    cancels, damage, problem = 0, list[Damage](), None
    try:
        for batch, damage in _pieces(path):  # noqa: B007 - all that was met so far
            cancels += len(batch)
    except FileNotFoundError:
        pass  # a receiver has emptied it meanwhile
    except OSError as error:
        problem = error.strerror
    return Checked(path, cancels, damage, problem)


def cancels_in(path: Path) -> Iterator[list[Cancel]]:
    """What is whole in a file, in batches. Raises `OSError`."""
    for batch, _ in _pieces(path):
        if batch:
            yield batch


def _paths(directory: Path) -> list[Path]:
    found = [path for path in directory.iterdir() if is_spool_file(path.name.removesuffix(DAMAGED))]
    return sorted(found)


def _listed(path: Path) -> Listed:
    with path.open("rb") as file:
        reader = Reader(path, file.fileno())
        version = 1 if reader.is_old else reader.header.version if reader.header else VERSION
        deployment = reader.header.deployment if reader.header else None
        state = "damaged" if path.name.endswith(DAMAGED) else _state(file.fileno())
        return Listed(path, version, deployment, os.fstat(file.fileno()).st_size, state)


def _state(descriptor: int) -> str:
    try:
        # Held for a moment only: a receiver that finds it locked comes back a second later.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return "in use"
    return "waiting"


def _pieces(path: Path) -> Iterator[tuple[list[Cancel], list[Damage]]]:
    """The cancels, piece by piece, and all damage that was met so far."""
    with path.open("rb") as file:
        end = os.fstat(file.fileno()).st_size
        reader = Reader(path, file.fileno())
        yield [], reader.damage
        while reader.is_readable and reader.offset < end:
            yield reader.read(end, BATCH).cancels, reader.damage
