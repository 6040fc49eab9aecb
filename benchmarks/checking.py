"""Checks after each run that the ledger has exactly one reversal for each answered cancel, and
after all runs that its audit finds nothing."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine, text

from benchmarks.filling import PROVIDER, Bet
from unbet import connect_to
from unbet.database.engine import SCAN_SETTINGS
from unbet.wallets.ledger.audit import audit

_MAX_SHOWN: Final = 5

_COUNT: Final = text("""
    SELECT wanted.reference, count(transfers.id) AS reversals
      FROM unnest(CAST(:references AS text[])) AS wanted (reference)
      LEFT JOIN unbet_ledger.bets ON bets.reference = wanted.reference AND bets.provider = :provider
      LEFT JOIN unbet_ledger.transfers ON transfers.bet_id = bets.id AND transfers.kind = 'reversal'
     GROUP BY wanted.reference
""")


_RECORDED: Final = text("""
    SELECT reference FROM unnest(CAST(:references AS text[])) AS answered (reference)
    EXCEPT
    SELECT reference FROM unbet.requests
     WHERE provider = :provider AND outcome = 'reversed'
       AND reference = ANY (CAST(:references AS text[]))
""")


class CheckError(Exception):
    """The ledger does not hold what was answered; the text says which references."""


def check(engine: Engine, bets: Sequence[Bet], answered: Sequence[str], *, unanswered: int) -> int:
    """How many of `bets` are reversed. Raises `CheckError`.

    Each reference of `answered` (of bets among `bets`, each once) must have exactly one reversal,
    the others none or one, and those not more than `unanswered` in all: the cancels that were on
    their way when the load ended.
    """
    references = [bet.reference for bet in bets]
    with engine.connect() as connection:
        rows = connection.execute(_COUNT, {"references": references, "provider": PROVIDER})
        reversals = {row.reference: int(row.reversals) for row in rows}
    problems = {
        "answered more than once": [r for r, times in Counter(answered).items() if times > 1],
        "answered, but never sent": [r for r in answered if r not in reversals],
        "answered, but not reversed": [r for r in answered if reversals.get(r) == 0],
        "reversed more than once": [r for r, count in reversals.items() if count > 1],
    }
    reversed_bets = sum(1 for count in reversals.values() if count)
    surplus = reversed_bets - len({*answered})
    problems_found = [_describe(what, found) for what, found in problems.items() if found]
    if surplus > unanswered:
        problems_found.append(f"{surplus} reversed without an answer, at most {unanswered} can be")
    if problems_found:
        raise CheckError("; ".join(problems_found))
    return reversed_bets


def check_journal(engine: Engine, answered: Sequence[str]) -> int:
    """How many of the references `answered` are reversed in the journal: a wallet service has
    nothing else here. Raises `CheckError` unless all are."""
    with engine.connect() as connection:
        rows = connection.execute(_RECORDED, {"references": [*answered], "provider": PROVIDER})
        missing = [row.reference for row in rows]
    if missing:
        raise CheckError(_describe("answered, but not in the journal", missing))
    return len({*answered})


def check_whole(database_url: str) -> int:
    """Audit a ledger; how many entries were read. Raises `CheckError`."""
    engine = connect_to(database_url, name="audit", pool_size=1, limits=SCAN_SETTINGS)
    with engine.connect() as connection:
        report = audit(connection)
    engine.dispose()
    if not report.ok:
        raise CheckError(f"the audit finds {', '.join(v.meaning for v in report.violations)}")
    return report.checked["entries"]


def _describe(what: str, references: Sequence[str]) -> str:
    shown = ", ".join(references[:_MAX_SHOWN])
    more = " ..." if len(references) > _MAX_SHOWN else ""
    return f"{len(references)} {what}: {shown}{more}"
