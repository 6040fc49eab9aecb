"""A spool file that was cut off or damaged anywhere: every other record in it is still read."""

from random import Random
from uuid import uuid4

import pytest

from tests.making import cancel_of
from unbet.core.message import Cancel
from unbet.dialects.body import MAX_BODY_LENGTH
from unbet.spool.format import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    Header,
    decode_header,
    encode_header,
    encode_record,
    scan_lines,
    scan_records,
)

CANCELS = [cancel_of(f"r{number}") for number in range(4)]
RECORDS = [encode_record(cancel) for cancel in CANCELS]
LINES = [f"{cancel.model_dump_json()}\n".encode() for cancel in CANCELS]
WHOLE = b"".join(RECORDS)
ALL = 1000


def test_a_header_names_version_and_deployment_and_no_changed_one_is_believed() -> None:
    deployment = uuid4()
    header = encode_header(deployment)
    assert decode_header(header) == Header(2, deployment)
    assert decode_header(encode_header(None)) == Header(2, None)
    for at in range(HEADER_SIZE):
        assert decode_header(_flipped(header, at, 1)) is None


def test_every_prefix_gives_the_whole_records_and_the_rest_is_torn() -> None:
    ends = [sum(map(len, RECORDS[:count])) for count in range(len(RECORDS) + 1)]
    for length in range(len(WHOLE) + 1):
        whole = max(count for count, end in enumerate(ends) if end <= length)
        found = scan_records(WHOLE[:length], True, ALL)
        assert found.cancels == CANCELS[:whole]
        assert [one.torn for one in found.damage] == ([True] if length not in ends else [])
        # What has still to be read may complete it.
        unfinished = scan_records(WHOLE[:length], False, ALL)
        assert (unfinished.cancels, unfinished.damage) == (CANCELS[:whole], [])
        assert unfinished.used == ends[whole]


def test_blocks_that_were_given_to_a_file_and_never_written_are_a_torn_end() -> None:
    found = scan_records(WHOLE + bytes(4096), True, ALL)
    assert found.cancels == CANCELS
    assert [one.torn for one in found.damage] == [True]


def test_a_changed_byte_anywhere_damages_one_record_and_no_other() -> None:
    random = Random(7)
    at_record = 0
    for number, record in enumerate(RECORDS):
        others = CANCELS[:number] + CANCELS[number + 1 :]
        for at in range(at_record, at_record + len(record)):
            found = scan_records(_flipped(WHOLE, at, random.randrange(1, 256)), True, ALL)
            assert found.cancels == others
            [damage] = found.damage
            assert (damage.offset, damage.length) == (at_record, len(record))
            assert not damage.torn
        at_record += len(record)


def test_bytes_that_are_lost_or_too_many_damage_no_record_that_is_whole() -> None:
    random = Random(11)
    for _ in range(2000):
        at, length = random.randrange(len(WHOLE)), random.randrange(1, 900)
        more = random.randbytes(random.choice([0, 0, 3, 700]))
        found = scan_records(WHOLE[:at] + more + WHOLE[at + length :], True, ALL)
        ends = [sum(map(len, RECORDS[: count + 1])) for count in range(len(RECORDS))]
        untouched = [
            cancel
            for cancel, record, end in zip(CANCELS, RECORDS, ends, strict=True)
            if end <= at or end - len(record) >= at + length
        ]
        assert [cancel for cancel in CANCELS if cancel in found.cancels] == found.cancels
        assert {c.request_id for c in untouched} <= {c.request_id for c in found.cancels}


def test_the_longest_body_that_a_receiver_takes_fits_into_a_record() -> None:
    longest = cancel_of("r").model_copy(update={"body": "\x01" * MAX_BODY_LENGTH})
    assert len(encode_record(longest)) < MAX_PAYLOAD / 2
    with pytest.raises(ValueError, match="too long"):
        encode_record(longest.model_copy(update={"body": "a" * MAX_PAYLOAD}))


def test_a_record_that_this_version_does_not_understand_is_damaged() -> None:
    class Later(Cancel):
        more: str

    later = Later(more="than we know", **CANCELS[0].model_dump())
    found = scan_records(encode_record(later) + RECORDS[1], True, ALL)
    assert found.cancels == CANCELS[1:2]
    assert [one.torn for one in found.damage] == [False]


def test_of_version_1_a_whole_line_behind_a_torn_one_is_read() -> None:
    torn = LINES[1][:100]
    found = scan_lines(LINES[0] + torn + LINES[2] + LINES[3][:-1], True, ALL)
    assert found.cancels == [CANCELS[0], CANCELS[2], CANCELS[3]]
    assert [(one.offset, one.length, one.torn) for one in found.damage] == [
        (len(LINES[0]), len(torn), False)
    ]
    [at_end] = scan_lines(LINES[0] + torn, True, ALL).damage
    assert at_end.torn


def _flipped(data: bytes, at: int, by: int) -> bytes:
    return data[:at] + bytes([data[at] ^ by]) + data[at + 1 :]
