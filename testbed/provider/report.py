"""The report of a run: counts by scenario, and each answer that the protocol does not allow."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from testbed.provider.log import Sent

# Short, so that the table fits into 80 columns.
_HEADINGS: Final = ("sent", "resent", "answers", "bets", "unexpected", "slowest")


@dataclass
class Row:
    """The counts of one scenario, or of all."""

    cancels: int = 0
    retransmitted: int = 0
    """Transmissions beyond the first one of each Cancel."""
    answers: Counter[str] = field(default_factory=Counter)
    """Cancels' answers by code; `none`, `malformed` or `HTTP 500` for temporary errors."""
    bets: Counter[str] = field(default_factory=Counter)
    """The same for bets and wins."""
    unexpected: int = 0
    slowest_s: float | None = None
    """The slowest answer to a Cancel, in seconds."""

    def add(self, sent: Sent) -> None:
        """Count one message."""
        self.unexpected += len(sent.unexpected())
        labels = [attempt.label for attempt in sent.attempts]
        if sent.message.kind != "cancel":
            self.bets.update(labels)
            return
        self.cancels += 1
        self.retransmitted += len(sent.attempts) - 1
        self.answers.update(labels)
        times = [each.seconds for each in sent.attempts if each.status is not None]
        if times:
            self.slowest_s = max(*times, self.slowest_s or 0)

    def cells(self) -> tuple[str, ...]:
        """For a table, in the order of its headings."""
        return (
            str(self.cancels),
            str(self.retransmitted),
            _listed(self.answers),
            _listed(self.bets),
            str(self.unexpected),
            "" if self.slowest_s is None else f"{self.slowest_s * 1000:.0f} ms",
        )

    def document(self) -> dict[str, object]:
        """For JSON."""
        counts = {"answers": self.answers, "bets": self.bets}
        return vars(self) | {name: dict(sorted(count.items())) for name, count in counts.items()}


@dataclass
class Report:
    """Rows by scenario, their total, and the unexpected answers, a line for each."""

    rows: dict[str, Row] = field(default_factory=dict)
    total: Row = field(default_factory=Row)
    unexpected: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, log: Iterable[Sent]) -> "Report":
        """Count all of `log`."""
        report = cls()
        for sent in log:
            report.rows.setdefault(sent.scenario, Row()).add(sent)
            report.total.add(sent)
            report.unexpected += sent.unexpected()
        report.rows = dict(sorted(report.rows.items()))
        return report

    def table(self) -> Table:
        """For a person."""
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_footer=True)
        table.add_column("scenario", "all", no_wrap=True)
        for n, heading in enumerate(_HEADINGS):
            footer = self.total.cells()[n]
            if heading in ("answers", "bets"):
                table.add_column(heading, footer, min_width=len(heading), overflow="fold")
            else:
                table.add_column(heading, footer, justify="right", no_wrap=True)
        for scenario, row in self.rows.items():
            table.add_row(scenario, *row.cells())
        return table

    @property
    def ok(self) -> bool:
        """Everything was answered as the protocol demands."""
        return not self.unexpected


def _listed(counts: Counter[str]) -> str:
    """Codes in their order, then what was no answer; without spaces that a table could break at."""
    labels = sorted(counts, key=lambda label: (not label.isdigit(), label.zfill(4)))
    return ", ".join(f"{label}:{counts[label]}" for label in labels)
