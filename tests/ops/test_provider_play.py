"""What the provider plays, and what it finds in operators that obey the protocol or break it."""

import asyncio
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from testbed import provider
from testbed.provider import SCENARIOS, Answer, Bet, Cancel, Report
from tests.ops.playing import Casino, played
from tests.ops.served import serving


class LateBetsTaken(Casino):
    async def place(self, bet: Bet) -> Answer:
        self.cancelled.discard(bet.reference)
        return await super().place(bet)


class StrangersServed(Casino):
    def code_for(self, cancel: dict[str, Any]) -> int:
        code = super().code_for(cancel)
        return 0 if code == 7 else code


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
