"""The report of a kit's run: what was sent is counted in full, and listed up to a bound."""

from typing import Any, cast

from testbed.rules import Exchange, Report, Result, Rule
from testbed.rules.report import MAX_EXCHANGES


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
