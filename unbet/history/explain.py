"""Everything that the ledger knows of one reference, for a person who asks what happened."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from unbet.core.outcomes import BINDS_NOTHING, Outcome
from unbet.core.wallet_names import LEDGER
from unbet.history.records import (
    AnswerRecord,
    BatchMember,
    BetRecord,
    CancelledRoundRecord,
    EntryRecord,
    FoundLateRecord,
    History,
    InterventionRecord,
    LateBetRecord,
    ParkedRecord,
    ParkingHistoryRecord,
    RequestRecord,
    RoundBetRecord,
    RoundRecord,
    TransferRecord,
    WinRecord,
)

_OF_REFERENCE: Final = """
    SELECT * FROM {table}
     WHERE {condition} AND provider = coalesce(CAST(:provider AS text), provider)
     ORDER BY {order}
"""
# Those of each request, and of the requests that shared its wait.
_ANSWERS: Final = """
    SELECT request_id, shared_request_id, uuid, received_at, received_from, outcome,
           -- What was answered before revision 0009 has a number.
           coalesce(code, CAST(numeric_code AS text)) AS code, seconds, answered_at
      FROM unbet.answers
     WHERE request_id = ANY (CAST(:ids AS uuid[])) OR shared_request_id = ANY (CAST(:ids AS uuid[]))
     ORDER BY received_at
"""
_BATCHES: Final = """
    SELECT batch, request_id, reference, outcome, NULL AS state
      FROM unbet.requests WHERE batch = ANY (CAST(:batches AS uuid[]))
     UNION ALL
    SELECT batch, request_id, reference, NULL, state
      FROM unbet.parked
     WHERE batch = ANY (CAST(:batches AS uuid[]))
       AND NOT EXISTS (SELECT FROM unbet.requests WHERE requests.request_id = parked.request_id)
     ORDER BY request_id
"""
# One by one: there is no index by the bet alone, and the table is large.
_TRANSFERS: Final = """
    SELECT moved.*, bets.provider
      FROM unbet_ledger.bets
     CROSS JOIN LATERAL (
               SELECT * FROM unbet_ledger.transfers WHERE bet_id = bets.id AND kind = 'bet'
                UNION ALL
               SELECT * FROM unbet_ledger.transfers WHERE bet_id = bets.id AND kind = 'reversal'
                UNION ALL
               SELECT transfers.*
                 FROM unbet_ledger.wins JOIN unbet_ledger.transfers ON transfers.id = transfer_id
                WHERE bet_reference = bets.reference AND wins.provider = bets.provider
           ) AS moved
     WHERE bets.reference = :reference
     ORDER BY moved.id
"""
_ENTRIES: Final = """
    SELECT transfer_id, owner, kind, currency, amount, balance_after
      FROM unbet_ledger.entries JOIN unbet_ledger.accounts ON accounts.id = account_id
     WHERE transfer_id = ANY (CAST(:ids AS bigint[]))
     ORDER BY account_id
"""

# What is known by a request alone.
_IS_OF_ROUND: Final = """
    EXISTS (SELECT FROM unbet.requests AS one WHERE one.request_id = {table}.request_id AND of_round
             UNION ALL
            SELECT FROM unbet.parked AS one WHERE one.request_id = {table}.request_id AND of_round)
"""
_ROUND_CANCELLED: Final = """
    SELECT bets.provider, min(cancelled.cancelled_at) AS at
      FROM unbet_ledger.bets
      JOIN unbet_ledger.cancelled_rounds AS cancelled USING (round_id, provider)
     WHERE bets.reference = :reference AND cancelled.user_id IN ('', bets.user_id)
       AND cancelled.currency IN ('', bets.currency)
     GROUP BY bets.provider
"""

Rows = list[RowMapping]


def explain(
    connection: Connection,
    reference: str,
    provider: str | None = None,
    *,
    wallet_of: Callable[[str], str] = lambda _: LEDGER,
) -> list[History]:
    """The histories of `reference`: one for each provider that knows it, or only `provider`'s;
    those of rounds after those of bets.

    `wallet_of` says which wallet decides a provider's cancels now; one that has decided the bet is
    the bet's in any case. An empty list if nothing is known. Reads several tables: use a
    transaction with a snapshot.
    """
    return [
        *_explain(connection, reference, provider, wallet_of, of_round=False),
        *_explain(connection, reference, provider, wallet_of, of_round=True),
    ]


def _explain(
    connection: Connection,
    reference: str,
    provider: str | None,
    wallet_of: Callable[[str], str],
    *,
    of_round: bool,
) -> list[History]:
    values = {"reference": reference, "provider": provider, "of_round": of_round}

    def known(table: str, order: str, condition: str = "reference = :reference") -> Rows:
        query = _OF_REFERENCE.format(table=table, condition=condition, order=order)
        return [*connection.execute(text(query), values).mappings()]

    def of_bets(table: str, order: str, condition: str = "reference = :reference") -> Rows:
        return [] if of_round else known(table, order, condition)

    def of_cancels(table: str, order: str) -> Rows:
        return known(table, order, "reference = :reference AND of_round = :of_round")

    def by_request(table: str, order: str) -> Rows:
        is_of_round = _IS_OF_ROUND.format(table=table.partition(".")[2])
        return known(table, order, f"reference = :reference AND {is_of_round} = :of_round")

    bets = of_bets("unbet_ledger.bets", "id")
    requests = of_cancels("unbet.requests", "received_at")
    parked = of_cancels("unbet.parked", "parked_at")
    were_parked = by_request("unbet.parkings", "parked_at")
    by_people = by_request("unbet.interventions", "id")
    late = of_bets("unbet_ledger.late_bets", "id")
    found_late = by_request("unbet.found_late", "found_at")
    asked = of_cancels("unbet.asked", "asked_at")
    watched = by_request("unbet.watched", "look_at")
    wins = of_bets("unbet_ledger.wins", "created_at", ":reference IN (bet_reference, reference)")
    moved = [] if of_round else [*connection.execute(text(_TRANSFERS), values).mappings()]
    of_cancelled = [*connection.execute(text(_ROUND_CANCELLED), values).mappings()]
    its_bets, cancelled = [], []
    if of_round:
        its_bets = known("unbet_ledger.bets", "id", "round_id = :reference")
        cancelled = known("unbet_ledger.cancelled_rounds", "cancelled_at", "round_id = :reference")
    answers = _answers(connection, [row["request_id"] for row in requests + parked])
    batches = _batches(connection, {row["batch"] for row in requests + parked} - {None})
    entries = entries_of(connection, [row["id"] for row in moved])

    def history(name: str) -> History:
        def own(rows: Rows) -> Rows:
            return [row for row in rows if row["provider"] == name]

        bet = next((BetRecord(**row) for row in own(bets)), None)
        decided = tuple(
            RequestRecord(**row, answers=answers[row["request_id"]]) for row in own(requests)
        )
        return History(
            provider=name,
            reference=reference,
            wallet=_wallet(bet, decided) or wallet_of(name),
            asked_at=next((row["asked_at"] for row in own(asked)), None),
            look_at=next((row["look_at"] for row in own(watched)), None),
            round=RoundRecord(
                cancelled=tuple(CancelledRoundRecord(**row) for row in own(cancelled)),
                bets=tuple(RoundBetRecord(**row) for row in own(its_bets)),
            )
            if of_round
            else None,
            round_cancelled_at=next((row["at"] for row in own(of_cancelled)), None)
            if bet
            else None,
            bet=bet,
            requests=decided,
            parked=tuple(
                ParkedRecord(**row, answers=answers[row["request_id"]]) for row in own(parked)
            ),
            parking_history=tuple(ParkingHistoryRecord(**row) for row in own(were_parked)),
            interventions=tuple(InterventionRecord(**row) for row in own(by_people)),
            late_bets=tuple(LateBetRecord(**row) for row in own(late)),
            found_late=tuple(FoundLateRecord(**row) for row in own(found_late)),
            transfers=tuple(
                TransferRecord(**row, entries=entries[row["id"]]) for row in own(moved)
            ),
            wins=tuple(WinRecord(**row) for row in own(wins)),
            batches=tuple(
                one
                for batch in dict.fromkeys(row["batch"] for row in own(requests + parked))
                for one in batches[batch]
            ),
        )

    found = bets + requests + parked + by_people + late + found_late + wins + asked
    found += its_bets + cancelled
    names = {row["provider"] for row in found}
    return [history(name) for name in sorted(names)]


def _wallet(bet: BetRecord | None, requests: Sequence[RequestRecord]) -> str | None:
    """Which wallet has the bet, as far as the rows say so."""
    binding = [one for one in requests if one.outcome not in BINDS_NOTHING]
    if binding:
        return min(binding, key=lambda one: one.decided_at).wallet or LEDGER
    # A person's closing leaves a tombstone in the ledger, whichever wallet has the bet.
    is_the_ledgers = bet is not None and (bet.amount is not None or bet.outcome is Outcome.NO_BET)
    return LEDGER if is_the_ledgers else None


def entries_of(
    connection: Connection, transfer_ids: Sequence[int | None]
) -> defaultdict[int | None, tuple[EntryRecord, ...]]:
    """The entries of each transfer."""
    entries: defaultdict[int | None, tuple[EntryRecord, ...]] = defaultdict(tuple)
    for row in connection.execute(text(_ENTRIES), {"ids": transfer_ids}).mappings():
        entries[row["transfer_id"]] += (EntryRecord(**row),)
    return entries


def _batches(
    connection: Connection, batches: Collection[UUID]
) -> defaultdict[UUID | None, tuple[BatchMember, ...]]:
    members: defaultdict[UUID | None, tuple[BatchMember, ...]] = defaultdict(tuple)
    if batches:
        for row in connection.execute(text(_BATCHES), {"batches": [*batches]}).mappings():
            members[row["batch"]] += (BatchMember(**row),)
    return members


def _answers(
    connection: Connection, request_ids: Sequence[UUID]
) -> defaultdict[UUID, tuple[AnswerRecord, ...]]:
    answers: defaultdict[UUID, tuple[AnswerRecord, ...]] = defaultdict(tuple)
    for row in connection.execute(text(_ANSWERS), {"ids": request_ids}).mappings():
        answers[row["shared_request_id"] or row["request_id"]] += (AnswerRecord(**row),)
    return answers
