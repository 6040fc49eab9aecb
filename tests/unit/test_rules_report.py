"""The report of a kit's run: what was sent is counted in full, and listed up to a bound."""

from typing import Any, cast

from testbed.rules import Exchange, Report, Result, Rule
from testbed.rules.report import MANY, MAX_EXCHANGES


class Told:
    label = "reversed"

    def as_document(self) -> dict[str, object]:
        return {"told": self.label}


def test_more_exchanges_than_anybody_reads_are_counted_and_not_listed() -> None:
    rule: Rule[None, None] = Rule("races", "P4", "many", lambda _: None)
    many: list[Exchange] = [Told()] * (MAX_EXCHANGES + 1)
    document: Any = cast(Any, Report([Result(rule, many, [])]).document())
    assert len(document["rules"][0]["exchanges"]) == MAX_EXCHANGES
    assert document["rules"][0]["answered"] == f"reversed ×{MAX_EXCHANGES + 1}"  # noqa: RUF001


def test_many_rules_that_were_not_tried_for_one_reason_are_one_line() -> None:
    def result(number: int, missing: str) -> Result:
        rule: Rule[None, None] = Rule(f"rule {number}", "P1", "one", lambda _: None)
        return Result(rule, [], [], missing)

    few = [result(0, "the file has none"), result(1, "no money")]
    many = [result(number, "not over HTTP") for number in range(MANY)]
    assert list(Report([*many, *few]).lines()) == [
        "rule 0: not tried, the file has none",
        "rule 1: not tried, no money",
        f"{MANY} rules: not tried, not over HTTP",
    ]
