"""Every rule of the dialects that have signatures: green against what is right, red against what is
wrong on purpose."""

import pytest

from testbed.conformance.placed_bets import PlacedBets
from testbed.conformance.playing import conduct, rules_of
from testbed.provider import DIALECTS, Endpoint, LuckyMonaco
from testbed.rules import Report, RuleStatus
from tests.ops.conformance.casino import Casino
from tests.ops.conformance.reference_receivers import REFERENCE_RECEIVERS, ReferenceReceiver
from tests.ops.conformance.reference_receivers.keys import keys_of
from tests.ops.conformance.serving import Handler, honest, serving
from tests.ops.conformance.wire import REFUSED
from tests.ops.conformance.wrong import DEFECTS, Wrong

SIGNED = [name for name, dialect in DIALECTS.items() if not isinstance(dialect, LuckyMonaco)]


async def judged(
    dialect: str,
    casino: Casino,
    receiver: type[ReferenceReceiver] | None = None,
    handler: Handler = honest,
    limit_s: float = 5.0,
    only: str = "",
) -> Report:
    """What the kit says of an endpoint, by all rules or by one."""
    chosen = DIALECTS[dialect]
    key, second = keys_of(dialect)
    async with serving(casino, dialect, handler, receiver) as url:
        endpoint = Endpoint(url, chosen, key)
        outside = endpoint.called_from(REFUSED)
        bets = await PlacedBets.open(casino, "Unbet")
        rules = [rule for rule in rules_of(chosen) if only in ("", rule.name)]
        results = await conduct(
            endpoint, bets, rules, limit_s=limit_s, outside=outside, second_key=second
        )
        endpoint.close()
        outside.close()
    return Report(results)


def test_there_is_a_reference_receiver_of_every_dialect() -> None:
    assert REFERENCE_RECEIVERS.keys() == set(SIGNED)


@pytest.mark.parametrize("dialect", SIGNED)
async def test_an_endpoint_that_keeps_every_rule_is_found_to_do_so(dialect: str) -> None:
    report = await judged(dialect, Casino())

    assert list(report.lines()) == []
    assert report.count(RuleStatus.KEPT) == len(rules_of(DIALECTS[dialect]))


@pytest.mark.parametrize("wrong", DEFECTS, ids=str)
async def test_an_endpoint_that_is_wrong_is_found_by_the_rule_it_breaks(wrong: Wrong) -> None:
    report = await judged(
        wrong.dialect,
        wrong.casino(),
        wrong.receiver,
        wrong.handler,
        wrong.limit_s,
        wrong.rule if wrong.only else "",
    )

    broken = {
        each.rule.name: each.faults for each in report.results if each.status is RuleStatus.BROKEN
    }
    assert wrong.rule in broken, broken


@pytest.mark.parametrize("dialect", SIGNED)
def test_there_is_a_defect_for_every_rule(dialect: str) -> None:
    names = [rule.name for rule in rules_of(DIALECTS[dialect])]

    assert len(set(names)) == len(names)
    assert {wrong.rule for wrong in DEFECTS if wrong.dialect == dialect} == set(names)
