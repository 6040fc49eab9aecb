"""Splits a run's log and the ledger's rows into equal parts by reference: a check needs one part at
a time, so a run of an hour need not fit into memory."""

import re
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Final

ROWS: Final = 40_000
"""Messages in a part, about."""

MAX_PARTS: Final = 128
"""As many files are open at a time."""

_REFERENCE: Final = re.compile(r'"reference":"([^"]*)"')


@dataclass(frozen=True)
class Part:
    """One of `count`."""

    number: int
    count: int


def part_of(reference: str, count: int) -> int:
    """The number of the part; `IS_IN_PART` is the same in SQL."""
    digest = md5(reference.encode(), usedforsecurity=False).hexdigest()
    return int(digest[:4], 16) % count


def is_in_part(column: str) -> str:
    """A condition with the parameters `number` and `count`."""
    return f"(('x' || left(md5({column}), 4))::bit(16)::int % :count) = :number"


def split(log: Path, directory: Path) -> list[Path]:
    """The lines of the provider's log, each in the file of its part; the files."""
    with log.open("rb") as lines:
        messages = sum(1 for _ in lines)
    count = min(MAX_PARTS, messages // ROWS + 1)
    directory.mkdir()
    files = [directory / f"{number}.jsonl" for number in range(count)]
    with ExitStack() as opened, log.open(encoding="utf-8") as lines:
        outputs = [opened.enter_context(file.open("w", encoding="utf-8")) for file in files]
        for line in lines:
            found = _REFERENCE.search(line)
            outputs[part_of(found[1] if found else "", count)].write(line)
    return files
