"""The provider played in the dialects that have signatures, against their reference receivers."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from testbed import provider
from testbed.provider import (
    DIALECTS,
    Bet,
    Case,
    Endpoint,
    LedgerOperator,
    Log,
    LuckyMonaco,
    Player,
    Provider,
    Report,
    Sent,
)
from tests.ledger.deciding import apply
from tests.making import cancel_of
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.reference_receivers.keys import keys_of
from tests.ops.conformance.serving import Handler, honest, serving
from tests.ops.conformance.wire import Request
from tests.ops.conformance.wire import Response as Answered
from tests.ops.playing import TIMING

SIGNED = [name for name, dialect in DIALECTS.items() if not isinstance(dialect, LuckyMonaco)]
ALL = pytest.mark.parametrize("dialect", SIGNED)


async def played(
    dialect: str, casino: Casino, *, cancels: int, handler: Handler = honest, only: str = ""
) -> Log:
    """What is logged of `cancels` cancels, of one scenario or of all."""
    log, chosen = Log(), DIALECTS[dialect]
    scenarios = [each for each in provider.scenarios_of(chosen) if only in ("", each.name)]
    among = provider.players(5)
    rounds = provider.plan(1, among, cancels=cancels, scenarios=scenarios, any_case=False)
    async with serving(casino, dialect, handler) as url:
        endpoint = Endpoint(url, chosen, keys_of(dialect)[0])
        await provider.fund(casino, among, "run")
        await provider.play(rounds, Provider(endpoint, casino, log, TIMING), at_once=20)
        endpoint.close()
    return log


def answering(status: int, document: object) -> Handler:
    """The same answer to everybody."""

    async def handler(_request: Request, _right: object, _casino: Casino) -> Answered:
        return Answered(status, json.dumps(document).encode())

    return handler


async def sent_to(dialect: str, handler: Handler) -> Sent:
    """What is logged of a cancel that nobody has a bet for."""
    log = await played(dialect, Casino(), cancels=1, handler=handler, only="unknown reference")
    return log[0]


@ALL
async def test_an_operator_that_obeys_the_documents_is_found_to_do_so(
    dialect: str, tmp_path: Path
) -> None:
    log = await played(dialect, Casino(), cancels=150)

    chosen, report = DIALECTS[dialect], Report.of(log)
    assert report.ok, report.unexpected
    assert report.rows.keys() == {each.name for each in provider.scenarios_of(chosen)}
    [again] = chosen.allowed[Case.REPEATED]
    assert report.rows["same cancel later"].answers[str(again)] > 0
    late = report.rows["cancel before its bet"].bets.keys()
    assert late == {"0" if dialect in LATE_BET_IS_ACCEPTED else "120"}
    file = tmp_path / "log"
    file.write_text("".join(map(provider.as_line, log)))
    assert list(provider.read_log(file)) == list(log)


async def test_several_bets_go_in_one_request_where_that_can_be() -> None:
    log = await played("bgaming", Casino(), cancels=2, only="several bets")

    asked = [sent.message for sent in log if isinstance(sent.message, provider.Cancel)]
    assert [len(message.others) for message in asked] == [2, 2]
    assert asked[0] == asked[1], "the same request again"
    assert Report.of(log).ok
    assert [each for each in SIGNED if DIALECTS[each].batches] == ["bgaming"]


TEMPORARY: dict[str, tuple[int, dict[str, Any]]] = {
    "bgaming": (503, {"code": 503, "message": "away"}),
    "hub88": (200, {"status": "RS_ERROR_UNKNOWN"}),
    "caleta": (200, {"status": "RS_ERROR_TIMEOUT"}),
    "pragmatic": (200, {"error": 100, "description": "away"}),
    "evolution": (200, {"status": "TEMPORARY_ERROR"}),
    "gitslotpark": (503, {"result": 1}),
    "groove": (200, {"code": 1, "status": "away"}),
}

FINAL: dict[str, tuple[int, dict[str, Any]]] = {
    "bgaming": (400, {"code": 400, "message": "no"}),
    "hub88": (200, {"status": "RS_ERROR_INVALID_SIGNATURE"}),
    "caleta": (200, {"status": "RS_ERROR_TRANSACTION_ROLLED_BACK"}),
    "pragmatic": (200, {"error": 120, "description": "no"}),
    "evolution": (200, {"status": "FINAL_ERROR_ACTION_FAILED"}),
    "gitslotpark": (200, {"result": 1}),
    # It knows no final answer but success.
    "groove": (
        200,
        {"code": 200, "status": "done", "balance": 1, "bonus_balance": 0, "apiversion": "1.2"},
    ),
}

FINAL_IS_ALLOWED = {"pragmatic"}
"""The dialects in which `FINAL` is an answer to a cancel of an unknown bet."""

LATE_BET_IS_ACCEPTED = {"bgaming"}
"""The dialects in which a bet after its cancel is accepted without a debit."""


@ALL
async def test_a_temporary_answer_is_sent_again_and_is_wrong_as_the_last_word(dialect: str) -> None:
    sent = await sent_to(dialect, answering(*TEMPORARY[dialect]))

    assert len(sent.attempts) == 3
    assert len({attempt.code for attempt in sent.attempts}) == 1
    assert sent.attempts[0].code in DIALECTS[dialect].allowed[Case.TEMPORARY]
    assert sent.written_off
    assert len(sent.unexpected()) == 1


@ALL
async def test_after_a_final_answer_nobody_sends_again(dialect: str) -> None:
    sent = await sent_to(dialect, answering(*FINAL[dialect]))

    assert len(sent.attempts) == 1
    assert not sent.written_off
    assert (sent.unexpected() == []) is (dialect in FINAL_IS_ALLOWED)


@ALL
@pytest.mark.parametrize("document", [[], {}, "OK", {"status": True}, {"error": "0"}])
async def test_a_body_of_another_form_is_sent_again(dialect: str, document: object) -> None:
    sent = await sent_to(dialect, answering(200, document))

    assert [attempt.label for attempt in sent.attempts] == ["malformed"] * 3
    assert sent.written_off


async def test_the_ledgers_operator_takes_nothing_for_a_late_bet(engine: Engine) -> None:
    alice = Player("alice", "EUR")
    bet = Bet(user_id="alice", currency="EUR", amount=Decimal(1), reference="b1")
    operator = LedgerOperator(engine, "SoftSwiss", DIALECTS["bgaming"])
    strict = LedgerOperator(engine, "SoftSwiss", DIALECTS["hub88"])
    await operator.deposit(alice, Decimal("5.00"), "deposit")
    list(apply(engine, [cancel_of("b1", user_id="alice", provider="SoftSwiss")]))

    assert (await operator.place(bet)).code == 0
    assert (await strict.place(bet)).code == 120
