"""A provider's list of cancels and the ledger: what each has that the other has not."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from unbet.cli.claimed import Claimed, ClaimedList
from unbet.journal.reconciling import Cancelled, Finding, cancelled_in, reconcile


class Difference(NamedTuple):
    """One cancel about which list and ledger do not agree."""

    kind: str
    """`missing`, `differing`, or `extra`: the ledger has it and the list has not."""
    reason: str
    """As in `Finding`; of an extra one its outcome."""
    line: int | None
    """Of the list, as what follows is."""
    provider: str
    reference: str
    user: str | None
    currency: str | None
    uuid: str | None
    code: int | None
    cancelled_at: str | None
    our_state: str | None
    """The bet's; `our_…` is what the ledger has."""
    our_outcome: str | None
    our_user: str | None
    our_currency: str | None
    our_cancelled_at: datetime | None


def differences(
    connection: Connection, claimed: ClaimedList, period: tuple[datetime, datetime] | None
) -> Iterator[Difference]:
    """What is missing or differing, in the list's order; then, if a period is named, what is extra
    in it, in the order of time, at the providers of the list."""
    for claims in claimed.claims():
        for finding in reconcile(connection, claims):
            yield _of_claim(claimed.at(finding.line), finding)
    if period is not None:
        for cancelled in cancelled_in(connection, *period, claimed.providers()):
            if not claimed.has(cancelled.provider, cancelled.reference):
                yield _extra(cancelled)


def _of_claim(claim: Claimed, finding: Finding) -> Difference:
    return Difference(
        kind=finding.kind,
        reason=finding.reason,
        line=claim.line,
        provider=claim.provider,
        reference=claim.reference,
        user=claim.user_id,
        currency=claim.currency,
        uuid=claim.uuid,
        code=claim.code,
        cancelled_at=claim.cancelled_at,
        our_state=finding.state,
        our_outcome=finding.outcome,
        our_user=finding.user_id,
        our_currency=finding.currency,
        our_cancelled_at=None,
    )


def _extra(ours: Cancelled) -> Difference:
    return Difference(
        kind="extra",
        reason=ours.outcome,
        line=None,
        provider=ours.provider,
        reference=ours.reference,
        user=None,
        currency=None,
        uuid=None,
        code=None,
        cancelled_at=None,
        our_state=ours.state,
        our_outcome=ours.outcome,
        our_user=ours.user_id,
        our_currency=ours.currency,
        our_cancelled_at=ours.cancelled_at,
    )
