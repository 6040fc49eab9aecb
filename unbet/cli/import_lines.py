"""The lines of an import, read with bounded memory and parsed once."""

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from unbet.cli.instructions import Instruction, instruction
from unbet.wallets.ledger.operations import InvalidOperationError

MAX_LINE_LENGTH: Final = 8192
"""Bytes. A valid line is far shorter; a file without line ends must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank: what it says, or what is wrong with it."""

    number: int
    """From 1, blank lines counted."""
    op: str | None
    reference: str | None
    instruction: Instruction | None
    fault: str | None = None


class Lines:
    """The lines of a file one after the other; blank ones are skipped."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.bytes_read = 0

    def __iter__(self) -> Iterator[Line]:
        number = 0
        while raw := self._piece():
            number += 1
            if len(raw) > MAX_LINE_LENGTH and not raw.endswith(b"\n"):
                self._skip_the_rest()
                yield Line(number, None, None, None, f"line: longer than {MAX_LINE_LENGTH} bytes")
                continue
            if number == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            if raw.strip():
                yield parse(number, raw)

    def _piece(self) -> bytes:
        piece = self._file.readline(MAX_LINE_LENGTH + 1)
        self.bytes_read += len(piece)
        return piece

    def _skip_the_rest(self) -> None:
        while (piece := self._piece()) and not piece.endswith(b"\n"):
            pass


def parse(number: int, raw: bytes) -> Line:
    """One line; what is wrong with it is told, never raised."""
    try:
        values = json.loads(raw.decode(), object_pairs_hook=_each_name_once)
    except UnicodeDecodeError:
        return Line(number, None, None, None, "line: not UTF-8")
    except InvalidOperationError as error:
        return Line(number, None, None, None, str(error))
    except (ValueError, RecursionError) as error:
        return Line(number, None, None, None, f"line: not JSON: {error}")
    if not isinstance(values, dict):
        return Line(number, None, None, None, "line: expected a JSON object")
    op, reference = _text(values.get("op")), _text(values.get("reference"))
    try:
        return Line(number, op, reference, instruction(values))
    except InvalidOperationError as error:
        return Line(number, op, reference, None, str(error))


def _each_name_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidOperationError(f"{twice}: given twice")
    return values


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
