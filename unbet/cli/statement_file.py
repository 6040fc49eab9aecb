"""The lines of a provider's list of cancels, CSV or JSON lines: each parsed once."""

import codecs
import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, BinaryIO, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unbet.cli.import_lines import MAX_LINE_LENGTH
from unbet.cli.spreadsheets import unprotect
from unbet.core.fields import Currency, ProviderId, Reference, UserId, text
from unbet.core.outcomes import Outcome

NAMES: Final[Mapping[str, str]] = {
    "reference": "reference",
    "user": "user_id",
    "userid": "user_id",
    "currency": "currency",
    "provider": "provider",
    "providerid": "provider",
    "uuid": "uuid",
    "cancelledat": "cancelled_at",
    "time": "cancelled_at",
    "code": "code",
    "answer": "code",
    "outcome": "outcome",
}
"""What a field may be called, in any case and with underscores or without; others are passed by."""

SEPARATORS: Final = ",;\t"
"""Between a CSV's cells: the one that its header has most of."""

GREATEST_CODE: Final = 2**63 - 1
"""The table that a list is put into has a `bigint` for it."""


class Form(StrEnum):
    """A form of a list."""

    CSV = "csv"
    JSONL = "jsonl"


class Entry(BaseModel):
    """What a line says; only the reference is required."""

    model_config = ConfigDict(frozen=True)

    reference: Reference
    user_id: UserId | None = None
    currency: Currency | None = None
    provider: ProviderId | None = None
    uuid: Annotated[str, text(36)] | None = None
    cancelled_at: datetime | None = None
    code: Annotated[int, Field(ge=0, le=GREATEST_CODE)] | None = None
    """What the provider was answered."""
    outcome: Outcome | None = None
    """The same in our words, as an export has it."""


class Line(NamedTuple):
    """A line that is not blank: what it says, or what is wrong with it."""

    number: int
    """From 1; of a CSV's record, that of its last line."""
    entry: Entry | None
    fault: str | None = None


def read_list(file: BinaryIO, form: Form) -> Iterator[Line]:
    """The lines of `file`, with bounded memory. After one that is too long it reads no further."""
    try:
        yield from _READERS[form](_texts(file))
    except _TooLongError as error:
        yield Line(error.number, None, f"line: longer than {MAX_LINE_LENGTH} bytes")
    except _FieldError as error:
        yield Line(1, None, str(error))  # the header's


class _FieldError(Exception):
    """A field is there twice, or not at all; the text names it."""


class _TooLongError(Exception):
    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _texts(file: BinaryIO) -> Iterator[str]:
    """The lines with their ends; a byte that is not UTF-8 becomes a surrogate, for `_is_utf8`."""
    number = 0
    while raw := file.readline(MAX_LINE_LENGTH + 1):
        number += 1
        if len(raw) > MAX_LINE_LENGTH:
            raise _TooLongError(number)
        if number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        yield raw.decode(errors="surrogateescape")


def _is_utf8(words: str) -> bool:
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True


def _named(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """The fields by our names; what is blank is not there. Raises `_FieldError`."""
    values: dict[str, object] = {}
    for name, value in pairs:
        field = NAMES.get(name.strip().lower().replace("_", ""))
        if field is None:
            continue
        if field in values:
            raise _FieldError(f"{name}: there is another one that says the same")
        values[field] = value
    return {name: value for name, value in values.items() if value not in (None, "")}


def _line(number: int, pairs: Iterable[tuple[str, object]]) -> Line:
    try:
        return Line(number, Entry.model_validate(_named(pairs)))
    except _FieldError as error:
        return Line(number, None, str(error))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        return Line(number, None, f"{fault['loc'][0]}: {fault['msg']}")


def _csv(texts: Iterator[str]) -> Iterator[Line]:
    """Raises `_FieldError` for the header."""
    header = next(texts, "")
    separator = max(SEPARATORS, key=header.count)
    names = next(csv.reader([header], delimiter=separator), [])
    if "reference" not in _named((name, True) for name in names):
        raise _FieldError("reference: the header does not name it")
    reader = csv.reader(texts, delimiter=separator, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Line(reader.line_num + 1, None, f"line: {error}")
            continue
        number = reader.line_num + 1
        if cells is None:
            return
        if len(cells) > len(names):
            yield Line(number, None, f"line: {len(cells)} cells, the header has {len(names)}")
        elif not _is_utf8("".join(cells)):
            yield Line(number, None, "line: not UTF-8")
        elif cells:
            yield _line(number, zip(names, map(unprotect, cells), strict=False))


def _json_lines(texts: Iterator[str]) -> Iterator[Line]:
    for number, words in enumerate(texts, 1):
        if not _is_utf8(words):
            yield Line(number, None, "line: not UTF-8")
        elif words.strip():
            yield _json_line(number, words)


def _json_line(number: int, words: str) -> Line:
    try:
        pairs = json.loads(words, object_pairs_hook=tuple)
    except (ValueError, RecursionError) as error:
        return Line(number, None, f"line: not JSON: {error}")
    if not isinstance(pairs, tuple):
        return Line(number, None, "line: expected a JSON object")
    return _line(number, pairs)


_READERS: Final[Mapping[Form, Callable[[Iterator[str]], Iterator[Line]]]] = {
    Form.CSV: _csv,
    Form.JSONL: _json_lines,
}
