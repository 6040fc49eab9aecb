"""The played provider, against small HTTP servers that answer rightly, wrongly or not at all.

(Over 250 lines: each wrong server stands beside the test that meets it.)
"""

import asyncio
import json
import os
import sys
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

import ledger
from ops import provider
from ops.provider import (
    SCENARIOS,
    Answer,
    Bet,
    Cancel,
    Endpoint,
    EndpointError,
    LedgerOperator,
    Log,
    NoAnswerError,
    Player,
    Provider,
    Report,
    Sent,
    Timing,
    Win,
)
from tests.ops.served import SECRET, Handler, Served, http, serving, told

ROOT = Path(__file__).parents[2]
PROGRAM = "from ops.commands.provider import app; app()"
TIMING = Timing(call_s=5, pause_s=0.01, later_s=0.02)


def codes(*given: int) -> Handler:
    """Answers with these codes in turn."""
    left = list(given)
    return lambda cancel: http(told(cancel, left.pop(0)))


class Casino:
    """An operator that does as PROTOCOL says, in memory, but for what a test changes."""

    def __init__(self) -> None:
        self.bets: dict[str, Bet] = {}
        self.cancelled: set[str] = set()
        self.settled: set[str] = set()

    async def deposit(self, player: Player, amount: Decimal, reference: str) -> None:
        pass

    async def place(self, bet: Bet) -> Answer:
        if bet.reference in self.cancelled:
            return Answer(120, "cancelled")
        self.bets[bet.reference] = bet
        return Answer(0, "done")

    async def settle(self, win: Win) -> Answer:
        self.settled.add(win.reference)
        return Answer(0, "done")

    def cancel(self, cancel: dict[str, Any]) -> bytes:
        return http(told(cancel, self.code_for(cancel)))

    def code_for(self, cancel: dict[str, Any]) -> int:
        bet = self.bets.get(cancel["reference"])
        if bet and bet.user_id != cancel["userId"]:
            return 7
        if bet and bet.currency != cancel["currency"]:
            return 2
        if bet and bet.reference in self.settled:
            return 120
        self.cancelled.add(cancel["reference"])
        return 0


class LateBetsTaken(Casino):
    async def place(self, bet: Bet) -> Answer:
        self.cancelled.discard(bet.reference)
        return await super().place(bet)


class StrangersServed(Casino):
    def code_for(self, cancel: dict[str, Any]) -> int:
        code = super().code_for(cancel)
        return 0 if code == 7 else code


async def sent_to(
    handler: Handler, scenario: str = "unknown reference", timing: Timing = TIMING
) -> tuple[Sent, list[dict[str, Any]]]:
    """What is logged of the first message of a round, and all that the server got."""
    async with serving(handler) as served:
        log = await played(served, Casino(), scenario=scenario, cancels=1, timing=timing)
    return next(iter(log)), served.cancels


async def played(
    served: Served,
    operator: provider.Operator,
    *,
    cancels: int,
    scenario: str | None = None,
    timing: Timing = TIMING,
    rate: float | None = None,
) -> Log:
    log, endpoint = Log(), Endpoint(served.url)
    scenarios = [each for each in SCENARIOS if scenario in (None, each.name)]
    rounds = provider.plan(1, provider.players(5), cancels=cancels, scenarios=scenarios)
    await provider.play(rounds, Provider(endpoint, operator, log, timing), at_once=20, rate=rate)
    endpoint.close()
    return log


HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{"error": 0'
TEMPORARY: dict[str, tuple[Handler, str]] = {
    "another status": (lambda c: http(told(c), "500 Oh"), "HTTP 500"),
    "a redirection": (lambda c: http(told(c), "302 Found"), "HTTP 302"),
    "no JSON": (lambda _: http("<html>"), "malformed"),
    "an empty body": (lambda _: http(""), "malformed"),
    "no object": (lambda _: http("[0]"), "malformed"),
    "no code": (lambda _: http('{"description": ""}'), "malformed"),
    "a code that is text": (lambda c: http(told(c, "0")), "malformed"),
    "a code that is a truth": (lambda c: http(told(c, False)), "malformed"),
    "another reference": (lambda c: http(told(c, reference="other")), "malformed"),
    "success without reference": (lambda _: http('{"error":0,"description":""}'), "malformed"),
    "a closed connection": (lambda _: b"", "none"),
    "half an answer": (lambda _: HALF, "none"),
    "no HTTP": (lambda _: b"hello\r\n\r\n", "none"),
}


@pytest.mark.parametrize("kind", TEMPORARY)
async def test_what_is_no_answer_is_retransmitted_three_times_in_all(kind: str) -> None:
    handler, label = TEMPORARY[kind]

    sent, got = await sent_to(handler)

    assert [attempt.label for attempt in sent.attempts] == [label] * 3
    assert {attempt.code for attempt in sent.attempts} == {None}
    assert got == [got[0]] * 3, "the same uuid, the same everything"
    assert len(sent.unexpected()) == 3
    assert sent.written_off


async def test_silence_ends_with_the_call_and_is_retransmitted() -> None:
    sent, got = await sent_to(lambda _: None, timing=Timing(call_s=0.1, pause_s=0.01))

    assert [attempt.text for attempt in sent.attempts] == ["no answer within 0.1 s"] * 3
    assert all(0.1 <= attempt.seconds < 1 for attempt in sent.attempts)
    assert len({cancel["uuid"] for cancel in got}) == 1
    assert sent.written_off


@pytest.mark.parametrize("code", [2, 3, 4, 5, 6, 7, 8, 10, 50, 100])
async def test_every_other_code_is_retransmitted(code: int) -> None:
    sent, got = await sent_to(codes(code, code, code))

    assert [attempt.code for attempt in sent.attempts] == [code] * 3
    assert len({cancel["uuid"] for cancel in got}) == 1
    assert sent.written_off


@pytest.mark.parametrize("code", [0, 1, 120])
async def test_success_and_two_codes_stop_retransmission(code: int) -> None:
    sent, got = await sent_to(codes(code))

    assert len(got) == len(sent.attempts) == 1
    assert not sent.written_off
    assert bool(sent.unexpected()) == (code != 0)


async def test_being_told_to_retry_is_expected_unless_it_is_the_last_word() -> None:
    in_time, _ = await sent_to(codes(100, 100, 0))
    too_late, _ = await sent_to(codes(100, 100, 100))

    assert [attempt.code for attempt in in_time.attempts] == [100, 100, 0]
    assert in_time.unexpected() == []
    [line] = too_late.unexpected()
    assert line.endswith("try 3: 100 (told), expected 0")


async def test_a_wrong_answer_is_reported_though_the_next_one_is_right() -> None:
    answers = iter([http("oops", "500 Oh")])
    sent, got = await sent_to(lambda cancel: next(answers, http(told(cancel))))

    assert len(got) == 2
    [line] = sent.unexpected()
    assert "try 1: HTTP 500" in line
    assert sent.attempts[1].code == 0


async def test_a_cancel_has_the_fields_and_the_path_of_the_protocol() -> None:
    async with serving(codes(0)) as served:
        await played(served, Casino(), scenario="unknown reference", cancels=1)

    [cancel] = served.cancels
    assert served.paths == {f"/{SECRET}/V4/Cancel"}
    assert cancel.keys() == {
        *("userId", "providerId", "gameName", "gameId"),
        *("currency", "reference", "uuid", "sessionId"),
    }
    assert cancel["providerId"].casefold() == "luckymonaco"
    assert len(bytes.fromhex(cancel["reference"])) == 12
    assert len(bytes.fromhex(cancel["uuid"])) == 16


@pytest.mark.parametrize("ending", ["chunked", "close"])
async def test_answers_of_any_length_form_are_read(ending: str) -> None:
    def handler(cancel: dict[str, Any]) -> bytes:
        body = told(cancel).encode()
        if ending == "close":
            return b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)

    sent, _ = await sent_to(handler)

    assert [attempt.code for attempt in sent.attempts] == [0]


async def test_a_connection_is_used_again_but_not_after_a_call_without_an_answer() -> None:
    said: list[bytes | None] = [http("{}"), http("{}"), None, http("{}")]
    async with serving(lambda _: said.pop(0)) as served:
        endpoint = Endpoint(served.url)
        await endpoint.post(b"{}")
        await endpoint.post(b"{}")
        before = served.connections
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(endpoint.post(b"{}"), 0.1)
        await endpoint.post(b"{}")
        endpoint.close()

    assert (before, served.connections) == (1, 2)


def test_the_plan_depends_on_the_seed_alone() -> None:
    def drawn(seed: int) -> list[provider.Round]:
        rounds = provider.plan(seed, provider.players(10), clock=lambda: 1_700_000_000)
        return list(islice(rounds, 300))

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_a_plan_repeated_later_has_references_and_uuids_of_its_own() -> None:
    def drawn(clock: float) -> list[provider.Round]:
        return list(provider.plan(7, provider.players(10), cancels=50, clock=lambda: clock))

    first, second = drawn(1_700_000_000), drawn(1_700_000_001)

    assert [each.scenario for each in first] == [each.scenario for each in second]
    assert [each.amount for each in first] == [each.amount for each in second]
    references = [each.reference for each in first + second]
    assert references == sorted(set(references)), "in the order of time, as the provider's"


@pytest.mark.parametrize("cancels", [1, 2, 16, 17, 100])
def test_a_plan_sends_as_many_cancels_as_asked_and_one_of_each_scenario(cancels: int) -> None:
    rounds = list(provider.plan(3, provider.players(1), cancels=cancels))

    assert sum(each.scenario.cancels for each in rounds) == cancels
    if cancels >= sum(scenario.cancels for scenario in SCENARIOS):
        assert {each.scenario for each in rounds} == set(SCENARIOS)


async def test_an_operator_that_obeys_the_protocol_is_found_to_do_so() -> None:
    casino = Casino()
    async with serving(casino.cancel) as served:
        log = await played(served, casino, cancels=300)

    report = Report.of(log)
    assert report.ok, report.unexpected
    assert report.total.cancels == 300
    assert len(served.cancels) == 300 + report.total.retransmitted
    assert report.rows.keys() == {scenario.name for scenario in SCENARIOS}
    assert report.rows["wrong player"].answers["7"] * 2 == report.rows["wrong player"].cancels * 3
    assert report.rows["settled bet"].answers.keys() == {"120"}


@pytest.mark.parametrize(
    ("casino", "scenarios"),
    [
        (LateBetsTaken(), {"cancel before its bet", "bet again after its cancel"}),
        (StrangersServed(), {"wrong player"}),
    ],
)
async def test_an_operator_that_breaks_the_protocol_is_told_where(
    casino: Casino, scenarios: set[str]
) -> None:
    async with serving(casino.cancel) as served:
        report = Report.of(await played(served, casino, cancels=100))

    assert not report.ok
    assert {name for name, row in report.rows.items() if row.unexpected} == scenarios
    assert {line.partition(":")[0] for line in report.unexpected} == scenarios


async def test_duplicates_share_a_uuid_and_other_cancels_of_the_bet_do_not() -> None:
    casino = Casino()
    async with serving(casino.cancel) as served:
        log = await played(served, casino, cancels=100)

    def uuids(scenario: str) -> list[int]:
        by_round: dict[int, set[str]] = {}
        for sent in log:
            if sent.scenario == scenario and isinstance(sent.message, Cancel):
                by_round.setdefault(sent.round, set()).add(sent.message.uuid)
        return sorted({len(found) for found in by_round.values()})

    assert uuids("same cancel at once") == uuids("same cancel later") == [1]
    assert uuids("another cancel of the bet") == [2]


async def test_the_log_survives_being_written_and_read(tmp_path: Path) -> None:
    casino = Casino()
    async with serving(casino.cancel) as served:
        log = await played(served, casino, cancels=50)
    file = tmp_path / "log"
    file.write_text("".join(map(provider.as_line, log)))

    assert list(provider.read_log(file)) == list(log)


async def test_a_rate_is_not_exceeded() -> None:
    casino = Casino()
    async with serving(casino.cancel) as served:
        started = asyncio.get_running_loop().time()
        await played(served, casino, cancels=21, scenario="unknown reference", rate=100)

    assert asyncio.get_running_loop().time() - started >= 0.2


@pytest.fixture
def operator(engine: Engine) -> LedgerOperator:
    return LedgerOperator(engine, "LuckyMonaco")


def bet(reference: str, amount: str = "0.50") -> Bet:
    return Bet(user_id="alice", currency="EUR", amount=Decimal(amount), reference=reference)


async def test_bets_placed_at_the_same_time_all_reach_the_ledger(
    operator: LedgerOperator, engine: Engine
) -> None:
    await operator.deposit(Player("alice", "EUR"), Decimal("100.00"), "deposit")
    bets = [*(bet(f"bet {n}") for n in range(150)), bet("too much", "25.01"), bet("bet 0")]

    answers = await asyncio.gather(*map(operator.place, bets))
    won = await operator.settle(Win(reference="bet 0", amount=Decimal("1.00")))

    assert [each.code for each in answers] == [*[0] * 150, 1, 0]
    assert won.code == 0
    with engine.connect() as connection:
        assert ledger.balance(connection, "alice", "EUR").cash == Decimal("26.00")


async def test_a_bet_in_another_transactions_way_does_not_hold_up_the_others(
    operator: LedgerOperator, engine: Engine
) -> None:
    await operator.deposit(Player("alice", "EUR"), Decimal("100.00"), "deposit")
    await operator.place(bet("before"))
    held = ledger.Bet(
        user_id="bob", currency="EUR", amount="0.00", provider="LuckyMonaco", reference="held"
    )
    with engine.begin() as other:
        ledger.place_bet(other, held)
        answers = await asyncio.gather(
            *map(operator.place, [bet("one"), bet("held"), bet("two")]), return_exceptions=True
        )

    assert [type(each) for each in answers] == [Answer, NoAnswerError, Answer]


async def test_a_ledger_that_is_away_is_a_temporary_error() -> None:
    away = ledger.connect_to("postgresql://unbet@127.0.0.1:1/unbet", name="test")
    operator = LedgerOperator(away, "LuckyMonaco")

    with pytest.raises(NoAnswerError, match="the ledger failed"):
        await operator.place(bet("any"))


async def unbet_provider(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of the command."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", PROGRAM, *arguments),
        cwd=ROOT,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


CANCEL = ("--user", "alice", "--currency", "EUR", "--reference", "585c1306f89c56f5ecfc2f5d")


async def test_a_single_cancel_is_sent_once_and_its_answer_printed() -> None:
    async with serving(codes(0, 7)) as served:
        done = await unbet_provider("cancel", served.url, *CANCEL, "--uuid", "u-1", "--json")
        refused = await unbet_provider("cancel", served.url, *CANCEL, "--uuid", "u-1")

    assert done[0] == 0
    assert json.loads(done[1])["code"] == 0
    assert refused[:2] == (3, "7 told\n")
    assert served.cancels[0]["reference"] == CANCEL[-1]
    assert [cancel["uuid"] for cancel in served.cancels] == ["u-1", "u-1"]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"127.0.0.1/{SECRET}", "the URL has no scheme"),
        (f"http://127.0.0.1:99999/{SECRET}", "the URL has a wrong host or port"),
        (f"http://127.0.0.1:1/{SECRET}?a=b", "the URL has more than a path"),
        (f"http://127.0.0.1:1/{SECRET} ", "the URL has a character"),
    ],
)
def test_a_wrong_url_is_refused_without_telling_its_secret(url: str, problem: str) -> None:
    with pytest.raises(EndpointError, match=problem) as refused:
        Endpoint(url)

    assert SECRET not in str(refused.value)


async def test_an_endpoint_that_refuses_connections_is_one_sentence() -> None:
    code, out, err = await unbet_provider("cancel", f"http://127.0.0.1:1/{SECRET}", *CANCEL)

    assert (code, out) == (1, "")
    assert err == "unbet provider: 127.0.0.1:1 cannot be reached: the connection was refused.\n"


async def test_playing_reports_each_unexpected_answer_in_a_line(
    database_url: str, tmp_path: Path
) -> None:
    async with serving(lambda cancel: http(told(cancel, 8))) as served:
        options = ("--cancels", "6", "--seed", "1", "--players", "1", "--log", f"{tmp_path}/log")
        code, out, err = await unbet_provider(
            "play", served.url, *options, UNBET_DATABASE_URL=database_url
        )

    log = list(provider.read_log(tmp_path / "log"))
    lines = [line for line in out.splitlines() if ", try " in line]
    assert (code, err) == (1, "")
    assert "seed 1" in out
    assert sum(isinstance(sent.message, Cancel) for sent in log) == 6
    assert len(lines) >= 6 * 3
    assert lines == [line for sent in log for line in sent.unexpected()]
