"""Completes what an operator's wallet tells with what the journal knows: whether another request
had the bet's outcome before."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection

from unbet.core.outcomes import Outcome
from unbet.journal.recording import with_replayed
from unbet.wallets.port import Decided


def with_replayed_from_journal(
    connection: Connection, decided: Sequence[Decided], before: Mapping[UUID, Outcome]
) -> list[Decided]:
    """`decided`, which the journal has now, with `Decision.replayed`: as the wallet says, else as
    the journal knows. Of those that were recorded `before` the wallet says it of this very request:
    there counts what was told first."""
    told = {
        one.decision.request_id: one.replayed
        for one in decided
        if one.decision.request_id not in before
    }
    decisions = with_replayed(connection, [one.decision for one in decided], told)
    return [
        one._replace(decision=decision) for one, decision in zip(decided, decisions, strict=True)
    ]
