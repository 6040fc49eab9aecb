"""The form of a spool file: bytes in, records and damage out.

Version 2, suffix `.spool2`, numbers big-endian:

    header  12  "unbet spool\\n"
             2  version, 2
            16  the deployment's id; zeros if it was not known
             4  CRC-32 of the 30 bytes before
    record   4  F5 'U' 'B' 'R'; F5 is no byte of UTF-8, so that no payload can look like a record
             4  length of the payload
             4  CRC-32 of the payload
             4  CRC-32 of the 12 bytes before: a length is believed only with it
             n  payload: one cancel, JSON in UTF-8

Version 1, suffix `.spool`: a line of JSON a cancel, no header. It is read, not written.
"""

import struct
import zlib
from typing import Final, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from unbet.core.message import Cancel
from unbet.core.older import read_cancel

VERSION: Final = 2
MAX_PAYLOAD: Final = 256 * 1024
"""Bytes; a body of 16 KiB cannot make more than half of it."""

_FILE: Final = struct.Struct(">12sH16s")
_FILE_MAGIC: Final = b"unbet spool\n"
_RECORD: Final = struct.Struct(">4sII")
_RECORD_MAGIC: Final = b"\xf5UBR"
_CRC: Final = struct.Struct(">I")
_LINE_BEGINS: Final = b'{"request_id":"'
"""In a line of version 1 it stands nowhere else: quotes within texts are escaped."""

HEADER_SIZE: Final = _FILE.size + _CRC.size
RECORD_HEADER_SIZE: Final = _RECORD.size + _CRC.size
_NOBODY: Final = UUID(int=0)


class Header(NamedTuple):
    """What a file of version 2 or later says of itself."""

    version: int
    deployment: UUID | None


class Damage(NamedTuple):
    """Bytes that are no whole record."""

    offset: int
    length: int
    torn: bool
    """The beginning of a record at the file's end: a crash cut it off before it was answered."""


class Scanned(NamedTuple):
    """What was found in a piece of a file."""

    cancels: list[Cancel]
    damage: list[Damage]
    """Offsets count from the piece's beginning."""
    used: int
    """Bytes; the rest waits for more of the file."""


def encode_header(deployment: UUID | None) -> bytes:
    """A file's first bytes."""
    return _checked(_FILE.pack(_FILE_MAGIC, VERSION, (deployment or _NOBODY).bytes))


def decode_header(data: bytes) -> Header | None:
    """What the first bytes of a file say; None if they are damaged."""
    if not _is_checked(data[:HEADER_SIZE], HEADER_SIZE):
        return None
    magic, version, deployment = _FILE.unpack_from(data)
    if magic != _FILE_MAGIC:
        return None
    named = UUID(bytes=deployment)
    return Header(version, None if named == _NOBODY else named)


def encode_record(cancel: Cancel) -> bytes:
    """One record. Raises `ValueError` if it is longer than a reader takes."""
    # Without what it does not say: an older receiver can still read the others.
    payload = cancel.model_dump_json(exclude_defaults=True).encode()
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a cancel of {len(payload)} bytes is too long for the spool")
    return _checked(_RECORD.pack(_RECORD_MAGIC, len(payload), zlib.crc32(payload))) + payload


def scan_records(data: bytes, is_end: bool, most: int) -> Scanned:
    """Read a piece of a file of version 2. What is damaged is stepped over to the next record."""
    cancels: list[Cancel] = []
    damage: list[Damage] = []
    at = 0
    while at < len(data) and len(cancels) < most:
        length = _length_at(data, at)
        end = at + RECORD_HEADER_SIZE + (length or 0)
        if length is not None and end <= len(data):
            cancel = _cancel_in(data, at)
            if cancel:
                cancels.append(cancel)
                at = end
                continue
        elif not is_end and (length is not None or len(data) - at < RECORD_HEADER_SIZE):
            break
        following = data.find(_RECORD_MAGIC, at + 1)
        if following < 0:
            # The next one's beginning may lie across the piece's end.
            following = len(data) if is_end else max(at + 1, len(data) - len(_RECORD_MAGIC) + 1)
        is_torn = is_end and following == len(data) and _is_torn(data[at:], length)
        damage.append(Damage(at, following - at, is_torn))
        at = following
    return Scanned(cancels, damage, at)


def scan_lines(data: bytes, is_end: bool, most: int) -> Scanned:
    """Read a piece of a file of version 1. A whole line behind a torn one is read."""
    cancels: list[Cancel] = []
    damage: list[Damage] = []
    at = 0
    while at < len(data) and len(cancels) < most:
        newline = data.find(b"\n", at)
        if newline < 0 and not is_end and len(data) - at <= MAX_PAYLOAD:
            break
        end = len(data) if newline < 0 else newline + 1
        # The failed append of that version could leave the beginning of a line before a whole one.
        begins = max(at, data.rfind(_LINE_BEGINS, at, end))
        cancel = _parsed(data[begins:end])
        bad_until = begins if cancel else end
        if bad_until > at and data[at:bad_until].strip():
            is_torn = cancel is None and newline < 0 and is_end
            damage.append(Damage(at, bad_until - at, is_torn))
        if cancel:
            cancels.append(cancel)
        at = end
    return Scanned(cancels, damage, at)


def _length_at(data: bytes, at: int) -> int | None:
    """The payload's length, if a header of a record stands there."""
    if not _is_checked(data[at : at + RECORD_HEADER_SIZE], RECORD_HEADER_SIZE):
        return None
    magic, length, _ = _RECORD.unpack_from(data, at)
    return length if magic == _RECORD_MAGIC and length <= MAX_PAYLOAD else None


def _cancel_in(data: bytes, at: int) -> Cancel | None:
    _, length, crc = _RECORD.unpack_from(data, at)
    begins = at + RECORD_HEADER_SIZE
    payload = data[begins : begins + length]
    return _parsed(payload) if zlib.crc32(payload) == crc else None


def _parsed(document: bytes) -> Cancel | None:
    try:
        return read_cancel(document)
    except ValidationError:
        return None


def _is_torn(rest: bytes, length: int | None) -> bool:
    """Whether the file's end is what an append under way leaves: less than a record, or blocks
    that were given to the file and never written."""
    if length is not None:
        return len(rest) < RECORD_HEADER_SIZE + length
    begins = rest[: len(_RECORD_MAGIC)] == _RECORD_MAGIC[: len(rest)]
    return not rest.strip(b"\0") or (begins and len(rest) < RECORD_HEADER_SIZE)


def _checked(fields: bytes) -> bytes:
    return fields + _CRC.pack(zlib.crc32(fields))


def _is_checked(data: bytes, size: int) -> bool:
    if len(data) < size:
        return False
    (crc,) = _CRC.unpack_from(data, size - _CRC.size)
    return bool(zlib.crc32(data[: size - _CRC.size]) == crc)
