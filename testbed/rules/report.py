"""The report of a run of the kit, for a person and for a machine."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from testbed.rules.rule import Exchange, Result, RuleStatus

COLUMNS: Final = ("rule", "from", "sent", "answered", "result")

MAX_EXCHANGES: Final = 500
"""Of a rule, in the document; a thousand races are more than anybody reads."""


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
        """What is wrong, and what was not tried, a line for each."""
        for result in self.results:
            yield from (f"{result.rule.name}: {fault}" for fault in result.faults)
        for result in self.results:
            if result.status is RuleStatus.NOT_TRIED:
                yield f"{result.rule.name}: not tried, {result.missing}"

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
