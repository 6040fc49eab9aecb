"""The audit of a wallet that is not the ledger: what the journal has of it is read in pages, and
the wallet is asked again."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from unbet.cli.database import describe
from unbet.cli.failing import EXIT_USAGE, CommandError
from unbet.cli.wallet_audit_report import WalletReport
from unbet.journal.decided import FIRST, before, count_decided, read_decided
from unbet.wallets.asked_again import (
    AskedAgain,
    Compared,
    may_be_asked,
    not_to_ask_about,
)
from unbet.wallets.chosen import required_of, wallet_to_ask
from unbet.wallets.port import Wallet

PAGE: Final = 1000
"""Requests that are read at once: no connection is held while the wallet is asked."""


@runtime_checkable
class Closing(Protocol):
    """A wallet that has connections of its own."""

    def close(self) -> None: ...


Say = Callable[[int, int], object]
"""Told how many requests were asked about, of how many."""


def audit_wallet(
    engine: Engine,
    name: str,
    say: Say,
    *,
    limit: int,
    per_second: float,
    since: datetime | None,
    after: UUID | None,
) -> WalletReport:
    """Ask the wallet `name` again about up to `limit` cancels that the journal has its decision of.

    They are those received at `since` or later, from the one after `after` on, in the order of
    their ids. Raises `CommandError` for a wallet that does not remember for ever, `SettingsError`,
    and `DBAPIError` where the journal cannot be read at all.
    """
    wallet = wallet_to_ask(name, engine)
    if not may_be_asked(wallet.abilities):
        raise CommandError(
            f"the wallet {name} does not remember for ever what it has decided: asked again it "
            "might decide again, so it is not asked.",
            EXIT_USAGE,
        )
    with engine.connect() as connection:
        for require in required_of(name):
            require(connection)
    report = WalletReport(name, tuple(sorted(not_to_ask_about(wallet.abilities))), after=after)
    try:
        _audit(engine, wallet, report, say, limit, per_second, since)
    finally:
        if isinstance(wallet, Closing):
            wallet.close()
    return report


def _audit(
    engine: Engine,
    wallet: Wallet,
    report: WalletReport,
    say: Say,
    limit: int,
    per_second: float,
    since: datetime | None,
) -> None:
    start = max(report.after or FIRST, FIRST if since is None else before(since))
    name, without = report.wallet, report.without
    with engine.connect() as connection:
        total = count_decided(connection, name, after=start, without=without, most=limit)
    asking, done = AskedAgain(wallet, per_second, after=report.after), 0
    while done < total:
        try:
            with engine.connect() as connection:
                most = min(PAGE, total - done)
                page = read_decided(connection, name, after=start, without=without, most=most)
        except DBAPIError as error:
            report.stopped = describe(error)
            return
        if not page:  # `unbet retain` has removed them
            break
        for found in asking.compare(page):
            _add(report, found)
            if found.is_away:
                report.stopped = f"the wallet {name} does not answer"
                return
            done += found.requests + len(found.unanswered)
            say(done, total)
        start = page[-1].cancel.request_id
    report.complete = total < limit


def _add(report: WalletReport, found: Compared) -> None:
    report.requests += found.requests
    report.differences += found.differences
    report.unanswered += found.unanswered
    report.after = found.after
