"""The provider's later dialect, played: other paths, fields and codes, another form of answers."""

import asyncio
import json
from collections import defaultdict
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

import unbet
from testbed import provider
from testbed.provider import (
    SCENARIOS,
    Bet,
    Cancel,
    Code,
    LedgerOperator,
    Player,
    Report,
    Sent,
    Win,
)
from testbed.provider.dialects.lucky_monaco import V1
from tests.ops.playing import Casino, played, sent_to
from tests.ops.served import SECRET, Handler, http, serving


class CasinoV1(Casino):
    """Right, but for the fields that a test gives its successes."""

    late, other_player, currency = 999, 57, 52

    def __init__(self, **changed: object) -> None:
        super().__init__()
        self.changed = changed

    def cancel(self, cancel: dict[str, Any]) -> bytes:
        code, bet = self.code_for(cancel), self.bets.get(cancel["reference"])
        said = {"error": code, "description": "told", "currency": cancel["currency"]}
        if code == 0 and bet:
            said |= {"cash": "90.500000000000000000", "transactionId": "7"}
        if code == 0:
            said |= self.changed
        return http(json.dumps({name: value for name, value in said.items() if value is not None}))


class WithCodesOfV4(CasinoV1):
    def code_for(self, cancel: dict[str, Any]) -> int:
        code = super().code_for(cancel)
        return {57: 7, 52: 2, 999: 120}.get(code, code)


played_v1 = partial(played, dialect=V1)


async def cancel_answered(casino: Casino, scenario: str) -> tuple[Sent, list[dict[str, Any]]]:
    """What is logged of the only Cancel of a round, and all that the server got."""
    async with serving(casino.cancel) as served:
        log = await played_v1(served, casino, cancels=1, scenario=scenario)
    [sent] = [each for each in log if isinstance(each.message, Cancel)]
    return sent, served.cancels


def codes(*given: int) -> Handler:
    left = list(given)
    said = {"description": "told", "cash": "1.00"}
    return lambda c: http(json.dumps(said | {"error": left.pop(0), "currency": c["currency"]}))


async def told_of(handler: Handler) -> Sent:
    sent, _ = await sent_to(handler, dialect=V1)
    return sent


async def test_a_cancel_goes_to_the_dialects_path_and_names_the_bets_round() -> None:
    casino = CasinoV1()
    async with serving(casino.cancel) as served:
        await played_v1(served, casino, cancels=100)

    assert served.paths == {f"/{SECRET}/v1/Cancel"}
    assert {frozenset(cancel) for cancel in served.cancels} == {frozenset(V1.limits)}
    rounds = defaultdict(set)
    for cancel in served.cancels:
        rounds[cancel["reference"]].add(cancel["roundId"])
    assert {len(found) for found in rounds.values()} == {1}
    assert len(set.union(*rounds.values())) == len(rounds)


@pytest.mark.parametrize("code", [0, 15, 999])
async def test_success_and_two_codes_stop_retransmission(code: int) -> None:
    sent = await told_of(codes(code))

    assert [attempt.code for attempt in sent.attempts] == [code]
    assert not sent.written_off


@pytest.mark.parametrize("code", [1, 21, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 120, 401])
async def test_every_other_code_is_retransmitted(code: int) -> None:
    sent = await told_of(codes(code, code, code))

    assert [attempt.code for attempt in sent.attempts] == [code] * 3
    assert sent.written_off
    assert len(sent.unexpected()) == 3


async def test_being_told_to_retry_is_expected_unless_it_is_the_last_word() -> None:
    in_time = await told_of(codes(998, 998, 0))
    too_late = await told_of(codes(998, 998, 998))
    of_v4 = await told_of(codes(100, 100, 0))

    assert in_time.unexpected() == []
    [line] = too_late.unexpected()
    assert line.endswith("try 3: 998 (told), expected 0")
    assert len(of_v4.unexpected()) == 2


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"cash": 90.5}, "cash is of another form"),
        ({"cash": "90,50"}, "cash is of another form"),
        ({"cash": "9e1"}, "cash is of another form"),
        ({"cash": None}, "cash is missing"),
        ({"currency": None}, "currency is missing"),
        ({"currency": "XXX"}, "currency is not the one that was sent"),
        ({"transactionId": 7}, "transactionId is of another form"),
        ({"transactionId": ""}, "transactionId is of another form"),
        ({"transactionId": None}, "transactionId is missing"),
    ],
)
async def test_an_answer_of_another_form_is_a_temporary_error(
    wrong: dict[str, object], problem: str
) -> None:
    sent, got = await cancel_answered(CasinoV1(**wrong), "bet, then cancel")

    assert [attempt.label for attempt in sent.attempts] == ["malformed"] * 3
    assert problem in sent.attempts[0].text
    assert len(got) == 3


async def test_without_a_bet_there_is_no_transaction_to_tell_of() -> None:
    sent, _ = await cancel_answered(CasinoV1(), "unknown reference")
    of_no_currency, _ = await cancel_answered(CasinoV1(currency=None), "unknown reference")

    assert [attempt.label for attempt in sent.attempts] == ["0"]
    assert [attempt.label for attempt in of_no_currency.attempts] == ["malformed"] * 3


async def test_an_operator_that_obeys_the_protocol_is_found_to_do_so(tmp_path: Path) -> None:
    casino = CasinoV1()
    async with serving(casino.cancel) as served:
        log = await played_v1(served, casino, cancels=200)

    report = Report.of(log)
    assert report.ok, report.unexpected
    assert report.rows.keys() == {scenario.name for scenario in SCENARIOS}
    assert report.rows["wrong player"].answers.keys() == {"57", "0"}
    assert report.rows["wrong currency"].answers.keys() == {"52", "0"}
    assert report.rows["settled bet"].answers.keys() == {"999"}
    file = tmp_path / "log"
    file.write_text("".join(map(provider.as_line, log)))
    assert list(provider.read_log(file)) == list(log)


async def test_an_operator_with_the_codes_of_v4_is_told_where() -> None:
    casino = WithCodesOfV4()
    async with serving(casino.cancel) as served:
        report = Report.of(await played_v1(served, casino, cancels=100))

    wrong = {name for name, row in report.rows.items() if row.unexpected}
    assert wrong == {"wrong player", "wrong currency", "settled bet"}


async def test_the_ledgers_operator_answers_in_the_dialects_codes(engine: Engine) -> None:
    operator = LedgerOperator(engine, "LuckyMonaco", V1)
    await operator.deposit(Player("alice", "EUR"), Decimal("1.00"), "deposit")
    with engine.begin() as connection:
        unbet.freeze(connection, "bob")

    async def code(reference: str, amount: str, user_id: str = "alice") -> Code | None:
        bet = Bet(user_id=user_id, currency="EUR", amount=Decimal(amount), reference=reference)
        return (await operator.place(bet)).code

    asked = [code("b1", "1.00"), code("b2", "1.01"), code("b3", "0.00", "bob")]
    assert await asyncio.gather(*asked) == [0, 15, 56]
    lost = await operator.settle(Win(reference="nobody's", amount=Decimal(0)))
    assert lost.code == 999
