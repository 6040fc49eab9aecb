"""Every rule: green against what is right, red against what is wrong on purpose."""

import asyncio
from collections import Counter

import pytest

from testbed.conformance.placed_bets import PlacedBets
from testbed.conformance.playing import conduct, rules_of
from testbed.provider import DIALECTS, V4, Endpoint, LuckyMonaco
from testbed.rules import Report, RuleStatus
from tests.ops.conformance.defects import DEFECTS, Defect
from tests.ops.conformance.serving import serving
from tests.ops.conformance.wire import REFUSED, Response
from unbet.dialects import DialectName

RULES = rules_of(V4)
OF_LUCKY_MONACO = [name for name, dialect in DIALECTS.items() if isinstance(dialect, LuckyMonaco)]


async def judged(defect: Defect) -> Report:
    """What the kit says of an endpoint."""
    casino, dialect = defect.casino(), DIALECTS[defect.dialect]
    async with serving(casino, defect.dialect, defect.handler) as url:
        endpoint = Endpoint(url, dialect)
        outside = endpoint.called_from(REFUSED)
        bets = await PlacedBets.open(casino, "LuckyMonaco")
        results = await conduct(endpoint, bets, RULES, limit_s=defect.limit_s, outside=outside)
        endpoint.close()
        outside.close()
    return Report(results)


def right(dialect: DialectName = "lucky-monaco-v4") -> Defect:
    return Defect("none", "nothing is wrong", dialect=dialect)


@pytest.mark.parametrize("dialect", OF_LUCKY_MONACO)
async def test_an_endpoint_that_keeps_every_rule_is_found_to_do_so(dialect: DialectName) -> None:
    report = await judged(right(dialect))

    assert list(report.lines()) == []
    assert report.count(RuleStatus.KEPT) == len(RULES)
    assert report.ok


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.rule}: {defect.what}")
async def test_an_endpoint_that_is_wrong_is_found_by_the_rule_it_breaks(defect: Defect) -> None:
    report = await judged(defect)

    broken = {
        each.rule.name: each.faults for each in report.results if each.status is RuleStatus.BROKEN
    }
    assert defect.rule in broken
    assert defect.spreads or broken.keys() == {defect.rule}, broken
    assert not report.ok


def test_there_is_a_defect_for_every_rule() -> None:
    names = Counter(rule.name for rule in RULES)

    assert {defect.rule for defect in DEFECTS} == names.keys()
    assert set(names.values()) == {1}


async def test_an_endpoint_that_falls_silent_is_given_up() -> None:
    async def silent(*_: object) -> Response:
        await asyncio.sleep(30)
        raise AssertionError

    report = await judged(Defect("none", "silence", handler=silent, limit_s=0.05))

    assert report.count(RuleStatus.BROKEN) == 4, "three rules, and that of the time"
    assert report.count(RuleStatus.NOT_TRIED) == len(RULES) - 4
    assert not report.ok
