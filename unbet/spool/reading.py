"""Reads a spool file of either version piece by piece, with bounded memory."""

import os
from pathlib import Path
from typing import Final, NamedTuple

from unbet.spool.format import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    VERSION,
    Damage,
    Header,
    Scanned,
    decode_header,
    scan_lines,
    scan_records,
)
from unbet.spool.journal import SUFFIX

OLD_SUFFIX: Final = ".spool"
"""Of version 1."""

DAMAGED: Final = ".damaged"
"""Added to the name of a file that is kept for a person."""

PIECE: Final = 2 * MAX_PAYLOAD
"""Bytes read at a time; a record always fits."""


class Mark(NamedTuple):
    """A place in a file, and what had been seen of it up to there."""

    offset: int
    damage: tuple[Damage, ...]


class Reader:
    """One pass through an open file."""

    def __init__(self, path: Path, descriptor: int, begin_at: int = 0) -> None:
        """`begin_at` is 0 or where another reader has stopped. Raises `OSError`."""
        self._descriptor = descriptor
        self.is_old = path.name.removesuffix(DAMAGED).endswith(OLD_SUFFIX)
        self._scan = scan_lines if self.is_old else scan_records
        self.damage: list[Damage] = []
        self.offset = begin_at
        self.header = None if self.is_old else self._read_header()

    @property
    def is_readable(self) -> bool:
        """Whether this version knows the file's form; a damaged header counts as known."""
        return self.header is None or self.header.version == VERSION

    @property
    def damaged(self) -> list[Damage]:
        """Damage that is more than a torn tail."""
        return [one for one in self.damage if not one.torn]

    def read(self, end: int, most: int) -> Scanned:
        """The next cancels, `most` at most and perhaps none, from before `end`, where a record
        ends. Raises `OSError`."""
        data = os.pread(self._descriptor, min(PIECE, end - self.offset), self.offset)
        is_end = not data or self.offset + len(data) >= end
        found = self._scan(data, is_end, most)
        for one in found.damage:
            self._note(one._replace(offset=one.offset + self.offset))
        # A file that has become shorter than it was has ended.
        self.offset = self.offset + found.used if data else end
        return found

    def mark(self) -> Mark:
        """Where it is, to come back to."""
        return Mark(self.offset, tuple(self.damage))

    def go_back(self, mark: Mark) -> None:
        """Read again from `mark` on."""
        self.offset, self.damage = mark.offset, [*mark.damage]

    def _read_header(self) -> Header | None:
        data = os.pread(self._descriptor, HEADER_SIZE, 0)
        header = decode_header(data)
        if self.offset < HEADER_SIZE:
            self.offset = len(data)
            if header is None and data:
                self._note(Damage(0, len(data), torn=not data.strip(b"\0")))
        return header

    def _note(self, one: Damage) -> None:
        last = self.damage[-1] if self.damage else None
        if last and last.offset + last.length == one.offset and not last.torn:
            # One damage, of which this piece has the rest.
            one = Damage(last.offset, last.length + one.length, torn=False)
            self.damage.pop()
        self.damage.append(one)


def is_spool_file(name: str) -> bool:
    """Whether a file of that name is one to empty."""
    return name.endswith((SUFFIX, OLD_SUFFIX))
