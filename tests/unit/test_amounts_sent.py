"""The amount that a request says: only a check, so that none is ever refused for its form."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import quote
from uuid import UUID

import pytest

from tests.making import KEYS
from unbet.core.message import Group
from unbet.core.outcomes import Outcome
from unbet.core.wire import decode_group, encode_group
from unbet.dialects import DIALECTS
from unbet.dialects.body import cancels_of, parse_kept
from unbet.dialects.codecs import NO_STAKE

GROOVE = "request=rollback&accountid=u-1&transactionid=bet-1&gamesessionid=g-1&rollbackAmount="
PRAGMATIC = "userId=u-1&providerId=P&reference=bet-1&amount="
SAY_AMOUNTS = pytest.mark.parametrize("name", ["groove", "pragmatic", "evolution"])


def evolution(amount: str) -> bytes:
    transaction = f'{{"id":"c-1","refId":"bet-1","amount":{amount}}}'
    return f'{{"userId":"u-1","uuid":"q-1","currency":"EUR","transaction":{transaction}}}'.encode()


def content_with(name: str, amount: str) -> bytes:
    """A request that says `amount` as text."""
    if name == "evolution":
        return evolution(json.dumps(amount))
    return f"{GROOVE if name == 'groove' else PRAGMATIC}{quote(amount, safe='')}".encode()


def amount_in(name: str, content: bytes) -> Decimal | None:
    """As it arrives at the worker."""
    cancels = cancels_of(
        parse_kept(content, "P", DIALECTS[name]),
        provider="P",
        dialect=DIALECTS[name],
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        received_from="192.0.2.1",
    )
    group = Group(version=4, deployment=UUID(int=1), reply_to="r", cancels=tuple(cancels))
    (arrived,) = decode_group(encode_group(group, KEYS), KEYS).cancels
    assert arrived.amount == cancels[0].amount
    return arrived.amount


@SAY_AMOUNTS
@pytest.mark.parametrize("none", ["", "null", " ", "0", "0.00", "-0.0", "0E-10", "0e999999999"])
def test_an_empty_amount_and_one_of_0_say_nothing(name: str, none: str) -> None:
    assert amount_in(name, content_with(name, none)) is None


@SAY_AMOUNTS
@pytest.mark.parametrize(
    ("sent", "value"),
    [
        *(("1.250", "1.25"), ("1.0E7", "10000000"), ("1.0E1", "10"), ("1E+1", "10"), ("1e1", "10")),
        *(("+10.00", "10"), ("10.", "10"), (".5", "0.5"), ("1E-7", "0.0000001")),
        *((" 10.00", "10"), ("10.00\t", "10"), ("10.0000000000000000000", "10")),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
    ],
)
def test_an_amount_is_read_however_it_is_written(name: str, sent: str, value: str) -> None:
    assert amount_in(name, content_with(name, sent)) == Decimal(value)


@SAY_AMOUNTS
@pytest.mark.parametrize(
    ("sent", "stake"),
    [("10.0000000000000000001", "10"), ("9.9999999999999999999", "10"), ("1E-30", "0")],
)
def test_more_decimals_than_are_stored_are_another_amount(name: str, sent: str, stake: str) -> None:
    read = amount_in(name, content_with(name, sent))
    assert read is not None
    assert read != Decimal(stake)
    assert abs(read - Decimal(stake)) <= Decimal("1E-18")


@SAY_AMOUNTS
@pytest.mark.parametrize(
    "wrong",
    [
        *("none", "+", "-1", "1e20", "1E999999999", "1e" + "9" * 30, "NaN", "sNaN", "Infinity"),
        *("1_0", "\u0663", "1,25", "1 0", "\x00", "9" * 5000),
    ],
)
def test_what_is_no_amount_is_no_bets_stake(name: str, wrong: str) -> None:
    assert amount_in(name, content_with(name, wrong)) == NO_STAKE


@pytest.mark.parametrize("wrong", ["true", "[]", "{}", '["1.25"]', "1e99999999999999999999", "-1"])
def test_what_is_no_amount_in_json_is_no_bets_stake(wrong: str) -> None:
    assert amount_in("evolution", evolution(wrong)) == NO_STAKE


@pytest.mark.parametrize(("name", "final"), [("pragmatic", 7), ("evolution", "INVALID_PARAMETER")])
def test_what_fits_no_stake_is_sent_again(name: str, final: int | str) -> None:
    dialect = DIALECTS[name]
    assert (dialect.malformed.code, dialect.malformed.resent) == (final, False)
    assert dialect.answer_of(Outcome.AMOUNT_MISMATCH).resent


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        ("1e5", "100000"),
        ("1e-7", "0.0000001"),
        ("10", "10"),
        ("1.25E+1", "12.5"),
        ('"1.25"', "1.25"),
        ("12345678901234567890.123456789012345678", "12345678901234567890.123456789012345678"),
    ],
)
def test_a_number_of_json_is_read_however_it_is_written(amount: str, value: str) -> None:
    assert amount_in("evolution", evolution(amount)) == Decimal(value)
