"""Reading takes a time that grows with the length of what is read, and no faster."""

import json
from collections.abc import Callable

import pytest

from tests.fuzz.bodies import CANCEL, MAX_BODY_LENGTH
from tests.fuzz.signing import OWN
from tests.fuzz.timing import MAX_RATIO, ReadingTimes, plain_request, read
from tests.making import PROVIDER
from unbet.dialects import DIALECTS
from unbet.dialects.body import parse_kept
from unbet.dialects.lucky_monaco import V4
from unbet.dialects.port import Dialect

EACH_DIALECT = pytest.mark.parametrize(
    "dialect", [*DIALECTS.values(), *OWN], ids=lambda dialect: dialect.name
)


@EACH_DIALECT
def test_a_plain_request_of_any_length_is_valid(dialect: Dialect) -> None:
    for length in (256, 512, 4096, MAX_BODY_LENGTH):
        content = plain_request(dialect, length)
        assert length <= len(content) < length + 256 or len(content) < 512
        assert parse_kept(content, PROVIDER, dialect).request.items


@EACH_DIALECT
def test_the_longest_plain_request_takes_little_longer_than_the_shortest(dialect: Dialect) -> None:
    times = ReadingTimes(dialect)
    assert times.of_plain(MAX_BODY_LENGTH) < MAX_RATIO * times.of_plain(0)


def looking_again_at_each(part: bytes) -> Callable[[bytes, Dialect], None]:
    """A reader that looks at all bytes again for each `part` of them."""

    def reader(content: bytes, dialect: Dialect) -> None:
        read(content, dialect)
        for _ in range(content.count(part)):
            sum(content)

    return reader


def test_a_reader_that_takes_quadratic_time_for_some_bodies_is_found() -> None:
    body = (json.dumps(CANCEL)[:-1] + ',"x":[' + "{}," * 1000 + "0]}").encode()
    assert not ReadingTimes(V4).is_too_slow(body, 1.0)
    assert ReadingTimes(V4, looking_again_at_each(b"{")).is_too_slow(body, 1.0)


def test_a_reader_that_takes_quadratic_time_for_all_bodies_is_found() -> None:
    times = ReadingTimes(V4, looking_again_at_each(b'"'))
    assert times.of_plain(MAX_BODY_LENGTH) > MAX_RATIO * times.of_plain(0)
