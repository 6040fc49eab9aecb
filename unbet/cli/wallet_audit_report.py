"""What an audit of a wallet that is not the ledger has found, for people and as a document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import typer

from unbet.cli.display import print_table
from unbet.core.outcomes import Outcome
from unbet.wallets.asked_again import CHECKS, Difference, Unanswered


@dataclass
class WalletReport:
    """What an audit found."""

    wallet: str
    without: tuple[Outcome, ...]
    """Of these the wallet was not asked."""
    requests: int = 0
    """That the wallet told an outcome of."""
    differences: list[Difference] = field(default_factory=list)
    unanswered: list[Unanswered] = field(default_factory=list)
    after: UUID | None = None
    """Where to go on: the last request that was dealt with."""
    complete: bool = False
    """Whether there is nothing left to ask about."""
    stopped: str | None = None
    """Why it ended early; None if it did not."""

    @property
    def ok(self) -> bool:
        return not self.differences and not self.unanswered and self.stopped is None


def document_of(report: WalletReport, rows: int) -> dict[str, object]:
    return {
        "ok": report.ok,
        "wallet": report.wallet,
        "checked": {"requests": report.requests},
        "violations": _violations(report, rows),
        "unanswered": {
            "count": len(report.unanswered),
            "rows": [one._asdict() for one in report.unanswered[:rows]],
        },
        "not_asked": list(report.without),
        "complete": report.complete,
        "after": report.after,
        "stopped": report.stopped,
    }


def show_report(report: WalletReport, rows: int) -> None:
    for violation in _violations(report, rows):
        show_violation(violation)
    silent = [one._asdict() for one in report.unanswered]
    print_table(
        "Not answered: what the wallet has of these is not known",
        list(silent[0]) if silent else [],
        (row.values() for row in silent[:rows]),
        more=f"{rows} of {len(silent)} rows" if len(silent) > rows else None,
    )
    typer.echo(
        f"Asked {report.wallet} again: {report.requests} cancels told, "
        f"{len(report.differences)} differences, {len(report.unanswered)} not answered. "
        f"Not asked about: {', '.join(report.without)}."
    )
    if report.ok:
        typer.echo("Everything holds, as far as it was asked.")
    if report.stopped:
        typer.echo(f"It was stopped: {report.stopped}.")
    if not report.complete:
        go_on = f" --after {report.after}" if report.after else ""
        typer.echo(f"To go on: unbet audit --wallet {report.wallet}{go_on}")


def show_violation(violation: Mapping[str, Any]) -> None:
    rows, count = violation["rows"], violation["count"]
    print_table(
        f"Does not hold ({violation['check']}): {violation['meaning']}",
        list(rows[0]),
        (row.values() for row in rows),
        more=f"{len(rows)} of {count} rows" if len(rows) < count else None,
    )


def _violations(report: WalletReport, rows: int) -> list[dict[str, object]]:
    """The differences by check, as an audit of the ledger tells its violations: at most `rows` of
    each."""
    return [
        {"check": check, "meaning": meaning, "count": len(found), "rows": found[:rows]}
        for check, meaning in CHECKS.items()
        if (found := _rows(report.differences, check))
    ]


def _rows(differences: Sequence[Difference], check: str) -> list[dict[str, object]]:
    named = [one._asdict() for one in differences if one.check == check]
    return [{name: row[name] for name in row if name != "check"} for row in named]
