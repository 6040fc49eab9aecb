"""The report of a run of the kit, for a person and for a machine."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from testbed.rules.rule import Exchange, Result, RuleStatus

COLUMNS: Final = ("rule", "from", "sent", "answered", "result")

MAX_EXCHANGES: Final = 500
"""Of a rule, in the document; a thousand races are more than anybody reads."""


MANY: Final = 5
"""Rules that were not tried for one reason; these have one line together."""


@dataclass(frozen=True)
class Report:
    """The results, in the order in which they came."""

    results: Sequence[Result]

    @property
    def ok(self) -> bool:
        """Nothing is broken; what was not tried does not count."""
        return not self.count(RuleStatus.BROKEN)

    def count(self, status: RuleStatus) -> int:
        """How many rules came off like that."""
        return sum(result.status is status for result in self.results)

    def rows(self) -> Iterator[tuple[str, ...]]:
        """For a table, in the order of `COLUMNS`."""
        for result in self.results:
            rule = result.rule
            yield rule.name, rule.source, rule.sent, _answered(result.exchanges), result.status

    def lines(self) -> Iterator[str]:
        """What is wrong, and what was not tried: a line for each, or one for many with one
        reason."""
        for result in self.results:
            yield from (f"{result.rule.name}: {fault}" for fault in result.faults)
        left_out = [one for one in self.results if one.status is RuleStatus.NOT_TRIED]
        reasons = Counter(one.missing for one in left_out)
        for one in left_out:
            if reasons[one.missing] < MANY:
                yield f"{one.rule.name}: not tried, {one.missing}"
        for reason, rules in reasons.items():
            if rules >= MANY:
                yield f"{rules} rules: not tried, {reason}"

    def document(self) -> dict[str, object]:
        """For JSON."""
        counts = {status.value.replace(" ", "_"): self.count(status) for status in RuleStatus}
        return {"ok": self.ok, **counts, "rules": [_document(result) for result in self.results]}


def _answered(exchanges: Sequence[Exchange]) -> str:
    """What came back with how often it came, in the order of its first time."""
    labels = Counter(exchange.label for exchange in exchanges)
    return ", ".join(f"{label} ×{n}" if n > 1 else label for label, n in labels.items())  # noqa: RUF001


def _document(result: Result) -> dict[str, object]:
    return {
        "rule": result.rule.name,
        "from": result.rule.source,
        "sent": result.rule.sent,
        "answered": _answered(result.exchanges),
        "verdict": result.status.value,
        "faults": list(result.faults),
        "missing": result.missing,
        "exchanges": [exchange.as_document() for exchange in result.exchanges[:MAX_EXCHANGES]],
    }
